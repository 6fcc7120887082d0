"""What every page has: a head by role, languages, headers, problems as pages."""

from collections.abc import Callable

import pytest

from services.portal.pages.navigation import navigation
from tests.pages.running import Portal
from tests.pages.visiting import Visitor
from tests.pages.walking import reachable

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]


@pytest.mark.parametrize("role", ["requester", "donor", "coordinator", "auditor", "operator"])
def test_every_place_of_the_head_is_there(visitor: Visiting, role: str) -> None:
    browser = visitor(role)
    for place in navigation(role):
        browser.open(place.path)
        assert browser.status == 200, place.path
        assert browser.path == place.path
        current = [a for tag, a in browser.page.tags if a.get("aria-current") == "page"]
        assert [attrs["href"] for attrs in current] == [place.path]


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_every_link_leads_to_a_page(portal: Portal, role: str) -> None:
    """What other roles' links lead to is opened in tests/pages/browser."""
    found = reachable(portal.visitor(role), role)
    assert {place.path for place in navigation(role)} <= set(found)


def test_pages_are_locked_down(visitor: Visiting) -> None:
    browser = visitor("donor")
    browser.open("/account")
    policy = browser.shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "script-src 'self'" in policy


def test_a_page_in_arabic_runs_from_right_to_left(visitor: Visiting) -> None:
    browser = visitor("donor", "ar")
    browser.open("/account?language=ar")
    html = next(attrs for tag, attrs in browser.page.tags if tag == "html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
