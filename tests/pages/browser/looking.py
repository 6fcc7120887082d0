"""A page that is open, looked at from all sides with as few loads as that takes.

A page is loaded once a language. Its colours follow the browser's from light to dark without a
load, and its widths the window's; so all of axe-core's rules are asked once a load, and those that
hang on colours and on sizes again for the other scheme, on the narrowest screen. Contrast is most
of what that costs: it is asked of two of all that has the same classes in the same places.
"""

from collections.abc import Callable
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


def barriers(page: Page) -> list[str]:
    """What axe-core finds by all its rules but those that hang on colours."""
    without = {name: {"enabled": False} for name in _COLOURS}
    return _violations(page, {"type": "tag", "values": list(_ALL)}, "document", rules=without)


def colours(page: Page) -> list[str]:
    """What axe-core finds by the rules that hang on colours, as they are now."""
    only = {"type": "rule", "values": list(_COLOURS)}
    return _violations(page, only, f"{{ include: {_script()}.samples() }}")


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
) -> list[str]:
    """What is wrong with the page that is open, in either scheme, on every screen and on paper.

    It was opened in `scheme` at the USUAL width, and is left so. `each` is called with the page at
    every width. `begins` is the class of what the keyboard's first step leads to, or has come to
    already where a page says at once what is wrong.
    """
    held = page.evaluate("document.activeElement.className")
    if held != begins:
        page.keyboard.press("Tab")
        held = page.evaluate("document.activeElement.className")
    found = [] if held == begins else [f"the first stop is not {begins!r} but {held!r}"]
    found += [*asked(page, "focus"), *barriers(page), *colours(page), *asked(page, "wide")]
    each(page, USUAL)
    for width in (MIDDLE, NARROW):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found += [*asked(page, "wide"), *asked(page, "torn")]
        each(page, width)
    found += sizes(page)
    page.emulate_media(color_scheme=_OTHER[scheme])
    found += [f"{_OTHER[scheme]}: {one}" for one in colours(page)]
    page.set_viewport_size({"width": PAPER, "height": HEIGHT})
    page.emulate_media(media="print", color_scheme="dark")
    found += asked(page, "paper")
    page.emulate_media(media="screen", color_scheme=scheme)
    page.set_viewport_size({"width": USUAL, "height": HEIGHT})
    return found
