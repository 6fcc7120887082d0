"""Every page that links lead to, in a real browser: no barrier that axe-core knows of, no error of
scripts or policy, and a picture of each for people to look at.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

from tests.pages.browser.conftest import ContextMaker
from tests.pages.running import Portal
from tests.pages.walking import reachable

pytestmark = pytest.mark.journey

PICTURES = Path(__file__).parents[3] / "build" / "pictures"
ROLES = ("requester", "donor", "coordinator")
WIDTHS = (360, 768, 1440)
_ALIKE = re.compile(r"^/(account|notifications|sign-in|forgotten|docs|public)?(/|$)")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _barriers(page: Page) -> list[str]:
    options = {"runOnly": {"type": "tag", "values": _RULES}}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def _picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def barriers_of(page: Page, pages: Mapping[str, str], language: str) -> list[str]:
    """What is wrong with these pages, in the language, in the browser's colours."""
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{page.url} says {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} fails: {error}"))
    for shape, address in pages.items():
        page.goto(_in(address, language))
        wrong += [f"{shape} {barrier}" for barrier in _barriers(page)]
    return wrong


def _in(address: str, language: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}language={language}"


def _pages(portal: Portal, role: str) -> dict[str, str]:
    """The pages that this role reaches; those that are alike for all are the first role's."""
    found = reachable(portal.visitor(role), role)
    if role == ROLES[0]:
        return found
    return {shape: at for shape, at in found.items() if not _ALIKE.match(shape)}


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark")])
@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_a_barrier(
    portal: Portal, reading: ContextMaker, role: str, language: str, scheme: str
) -> None:
    page = reading(role, language, scheme=scheme).new_page()
    assert barriers_of(page, _pages(portal, role), language) == []


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("role", ROLES)
def test_no_page_is_wider_than_its_screen(
    portal: Portal, reading: ContextMaker, role: str, language: str
) -> None:
    page = reading(role, language).new_page()
    wide = []
    for shape, address in _pages(portal, role).items():
        page.goto(_in(address, language))
        name = re.sub(r"\W+", "-", shape).strip("-") or "start"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append(f"{shape} at {width}")
            _picture(page, f"{role}-{name}-{language}-{width}")
    assert wide == []
