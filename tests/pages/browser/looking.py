"""A page that is open, looked at from all sides with as few loads as that takes.

A page is loaded once a language. Its colours follow the browser's from light to dark without a
load, and its widths the window's; so all of axe-core's rules are asked once a load, and those that
hang on colours and on sizes again for the other scheme, on the narrowest screen.
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
_SEEN = ("color-contrast", "link-in-text-block", "target-size")
"""Rules whose answer another colour scheme or another width can change."""
_OTHER: dict[Scheme, Scheme] = {"light": "dark", "dark": "light"}


@cache
def _script() -> str:
    return Path(__file__).with_name("looking.js").read_text("utf-8").strip()


def asked(page: Page, what: str) -> list[str]:
    """What looking.js finds of that name."""
    found: list[str] = page.evaluate(f"{_script()}.{what}()")
    return found


def barriers(page: Page, kind: str, names: tuple[str, ...]) -> list[str]:
    """What axe-core finds by rules of these tags, or by the rules of these names."""
    options: dict[str, Any] = {
        "runOnly": {"type": kind, "values": list(names)},
        "resultTypes": ["violations"],  # of what is no violation all nodes would be told
        "preload": False,
    }
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(
        "options => axe.run(options).then(found => found.violations.flatMap(one =>"
        " one.nodes.map(node => `${one.id}: ${node.html.slice(0, 200)}`)))",
        options,
    )
    return found


def faults(
    page: Page, scheme: Scheme, each: Callable[[Page, int], None] = lambda *_: None
) -> list[str]:
    """What is wrong with the page that is open, in either scheme, on every screen and on paper.

    It was opened in `scheme` at the USUAL width, and is left so. `each` is called with the page at
    every width.
    """
    page.keyboard.press("Tab")
    skip = page.evaluate("document.activeElement.className")
    found = [] if skip == "skip" else [f"the first stop is no skip link but {skip!r}"]
    found += [*asked(page, "focus"), *barriers(page, "tag", _ALL), *asked(page, "wide")]
    each(page, USUAL)
    for width in (MIDDLE, NARROW):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found += asked(page, "wide")
        each(page, width)
    page.emulate_media(color_scheme=_OTHER[scheme])
    found += [f"{_OTHER[scheme]}: {one}" for one in barriers(page, "rule", _SEEN)]
    page.set_viewport_size({"width": PAPER, "height": HEIGHT})
    page.emulate_media(media="print", color_scheme="dark")
    found += asked(page, "paper")
    page.emulate_media(media="screen", color_scheme=scheme)
    page.set_viewport_size({"width": USUAL, "height": HEIGHT})
    return found
