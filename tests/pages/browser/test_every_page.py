"""Every page that links lead to, in a real browser: no barrier that axe-core knows of, no error of
scripts or policy, and where it is asked for a picture of each for people to look at.
"""

import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page

from tests.pages.browser.conftest import ContextMaker
from tests.pages.running import Portal
from tests.pages.walking import reachable

pytestmark = [pytest.mark.journey, pytest.mark.long]

KEPT = os.environ.get("ENTRAIDE_PICTURES")
"""The directory that pictures are kept in; none are without one, for they take long."""
ROLES = ("requester", "donor", "coordinator", "operator")
WIDTHS = (360, 768, 1440)
_ALIKE = re.compile(r"^/(account|notifications|sign-in|forgotten|docs|public)?(/|$)")
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def _barriers(page: Page) -> list[str]:
    # Of what is no violation the nodes are not told: they are many, and all would be sent.
    options = {"runOnly": {"type": "tag", "values": _RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


def _too_wide(page: Page, name: str) -> list[str]:
    """The screens that the page is wider than; `make pictures` keeps a picture of it on each."""
    wide = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(f"wider than {width}")
        if KEPT is not None:
            picture = Path(KEPT, f"{name}-{width}.jpeg")
            page.screenshot(path=picture, full_page=True, type="jpeg", quality=70)
    return wide


def faults_of(
    page: Page,
    pages: Mapping[str, str],
    language: str,
    more: Callable[[Page, str], list[str]] = lambda *_: [],
) -> list[str]:
    """What is wrong with these pages, in the language, in the browser's colours.

    `more` looks at each page besides, which it is told the shape of.
    """
    wrong: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{page.url} says {message.text}")

    page.on("console", hear)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} fails: {error}"))
    for shape, address in pages.items():
        page.goto(_in(address, language))
        wrong += [f"{shape} {fault}" for fault in (*_barriers(page), *more(page, shape))]
    return wrong


def _in(address: str, language: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}language={language}"


@pytest.fixture(scope="module")
def pages_of(portal: Portal) -> Callable[[str], dict[str, str]]:
    """The pages that a role reaches; those that are alike for all are the first role's."""

    @cache
    def find(role: str) -> dict[str, str]:
        found = reachable(portal.visitor(role), role)
        if role == ROLES[0]:
            return found
        return {shape: at for shape, at in found.items() if not _ALIKE.match(shape)}

    return find


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark")])
@pytest.mark.parametrize("role", ROLES)
def test_no_page_has_a_barrier_or_is_wider_than_its_screen(
    pages_of: Callable[[str], dict[str, str]],
    reading: ContextMaker,
    role: str,
    language: str,
    scheme: str,
) -> None:
    page = reading(role, language, scheme=scheme).new_page()

    def look(page: Page, shape: str) -> list[str]:
        name = re.sub(r"\W+", "-", shape).strip("-") or "start"
        wide = _too_wide(page, f"{role}-{name}-{language}")
        page.set_viewport_size({"width": WIDTHS[-1], "height": 900})
        return wide

    assert faults_of(page, pages_of(role), language, look) == []
