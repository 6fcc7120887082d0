"""A page that is open, looked at from all sides with as few loads as that takes.

A page is loaded once a language. Its colours follow the browser's from light to dark without a
load, and its widths the window's; so all of axe-core's rules are asked once a load, and those that
hang on colours and on sizes again for the other scheme, on the narrowest screen. That is most of
what looking costs, and pages are much alike: contrast is asked of two of all that has the same
classes in the same places, on whichever page, and no rule of a page that had been looked at, with
another reader, when every kind of element that it has was there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

Scheme = Literal["light", "dark"]
NARROW, MIDDLE, USUAL = 360, 768, 1440
HEIGHT = 900
PAPER = 680
"""Width of an A4 sheet in CSS pixels, without its margins."""
_ALL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_COLOURS, _SIZES = ("color-contrast", "link-in-text-block"), ("target-size",)
"""Rules whose answer another colour scheme can change, or another width."""
_OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}


@cache
def _script() -> str:
    return Path(__file__).with_name("looking.js").read_text("utf-8").strip()


def asked(page: Page, what: str) -> list[str]:
    """What looking.js finds of that name."""
    found: list[str] = page.evaluate(f"{_script()}.{what}()")
    return found


@dataclass
class Known:
    """What pages that were looked at before have, and need not be asked of again."""

    coloured: dict[tuple[str, Scheme], set[int]] = field(default_factory=dict)
    """By language and scheme: kinds of elements whose colours were looked at."""
    built: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    """By a page's name and language: kinds of its elements."""

    def looked_at(self, name: str) -> bool:
        """Whether a page of that name was looked at in any language."""
        return any(one == name for one, _ in self.built)

    def has(self, page: Page, name: str, language: str) -> bool:
        """Whether a page of that name had all that the open one is built of; it has from now on."""
        kinds = set(page.evaluate(f"{_script()}.kinds()"))
        before = self.built.setdefault((name, language), set())
        known = kinds <= before
        before |= kinds
        return known


def barriers(page: Page) -> list[str]:
    """What axe-core finds by all its rules but those that hang on colours."""
    without = {name: {"enabled": False} for name in _COLOURS}
    return _violations(page, {"type": "tag", "values": list(_ALL)}, "document", rules=without)


def colours(page: Page, known: set[int] | None = None) -> list[str]:
    """What axe-core finds by the rules that hang on colours, as they are now.

    Not of kinds of elements that are `known`, to which it adds those of the page.
    """
    known = set() if known is None else known
    place = "window.sampled"
    count, kinds = page.evaluate(
        f"known => {{ const {{ elements, kinds }} = {_script()}.samples(known);"
        f" {place} = elements; return [elements.length, kinds]; }}",
        sorted(known),
    )
    known.update(kinds)
    only = {"type": "rule", "values": list(_COLOURS)}
    return _violations(page, only, f"{{ include: {place} }}") if count else []


def sizes(page: Page) -> list[str]:
    """What axe-core finds by the rules that hang on sizes, on the screen as it is now."""
    return _violations(page, {"type": "rule", "values": list(_SIZES)}, "document")


def _violations(page: Page, only: dict[str, Any], where: str, **more: Any) -> list[str]:
    # Of what is no violation all nodes would be told.
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False, **more}
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(
        f"options => axe.run({where}, options).then(found => found.violations.flatMap(one =>"
        " one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}`)))",
        options,
    )
    return found


def faults(
    page: Page,
    scheme: Scheme,
    each: Callable[[Page, int], None] = lambda *_: None,
    begins: str = "skip",
    known: Known | None = None,
    called: tuple[str, str] = ("", ""),
) -> list[str]:
    """What is wrong with the page that is open, in either scheme, on every screen and on paper.

    It was opened in `scheme` at the USUAL width, and is left so. `each` is called with the page at
    every width. `begins` is the class of what the keyboard's first step leads to, or has come to
    already where a page says at once what is wrong. What is `known` of pages that were looked at
    before is not asked again; the page is `called` by a name and its language.
    """
    known = Known() if known is None else known
    alike = known.has(page, *called)
    held = page.evaluate("document.activeElement.className")
    if held != begins:
        page.keyboard.press("Tab")
        held = page.evaluate("document.activeElement.className")
    found = [] if held == begins else [f"the first stop is not {begins!r} but {held!r}"]
    found += [*asked(page, "focus"), *asked(page, "wide")]
    coloured = {one: known.coloured.setdefault((called[1], one), set()) for one in _OTHER}
    if not alike:
        found += [*barriers(page), *colours(page, coloured[scheme])]
    each(page, USUAL)
    for width in (MIDDLE, NARROW):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found += [*asked(page, "wide"), *asked(page, "torn")]
        each(page, width)
    other = _OTHER[scheme]
    page.emulate_media(color_scheme=other)
    if not alike:
        found += [*sizes(page), *(f"{other}: {one}" for one in colours(page, coloured[other]))]
    page.set_viewport_size({"width": PAPER, "height": HEIGHT})
    page.emulate_media(media="print", color_scheme="dark")
    found += asked(page, "paper")
    page.emulate_media(media="screen", color_scheme=scheme)
    page.set_viewport_size({"width": USUAL, "height": HEIGHT})
    return found
