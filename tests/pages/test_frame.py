"""What every page has: a head by role, a title, languages, headers, problems as pages."""

import re
from collections.abc import Callable
from html import unescape

import pytest

from services.portal.pages.navigation import navigation
from tests.pages.giving import make_offer
from tests.pages.meeting import draft_request
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
    found = set(reachable(portal.visitor(role), role))
    assert {place.path for place in navigation(role)} <= found


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


def title(browser: Visitor) -> str:
    """What the browser's tab says, without the marks that keep directions apart."""
    found = re.search("<title>(.*)</title>", browser.shown.text)
    assert found is not None
    return re.sub("[\u2068\u2069]", "", unescape(found[1])).removesuffix(" · Entraide")


def test_a_tab_says_which_record_is_written_and_which_part_of_it(
    portal: Portal, visitor: Visiting
) -> None:
    asked, offered = draft_request(portal), make_offer(portal)
    request = portal.api("requester").get("requests", f"/v1/requests/{asked}").body["title"]
    offer = portal.api("donor").get("offers", f"/v1/offers/{offered}").body["title"]
    requester, donor = visitor("requester"), visitor("donor")
    told = {
        "/requests/new": (requester, "What is needed · Write a request"),
        f"/requests/{asked}/edit/plan": (requester, f"When and to what end · {request}"),
        f"/requests/{asked}/edit/check": (requester, f"Check and submit · {request}"),
        f"/requests/{asked}/offers": (requester, f"Offers that fit · {request}"),
        "/offers/new": (donor, "In your words · Make an offer"),
        f"/offers/{offered}/edit/lines": (donor, f"What is given · {offer}"),
    }
    for path, (browser, said) in told.items():
        browser.open(path)
        assert title(browser) == said
    assert f"/offers/{offered}" in donor.links("/offers/")
    assert offer in donor.page.text


def test_a_tab_says_which_case_is_decided_on(portal: Portal, visitor: Visiting) -> None:
    coordinator = visitor("coordinator")
    coordinator.open("/review")
    found = {
        begins: sorted(set(coordinator.links(begins)))
        for begins in ("/proposals/", "/duplicates/", "/coverage/", "/alliances/")
    }
    assert found["/proposals/"]
    assert found["/duplicates/"]
    for links in found.values():
        for link in links:
            reader = visitor("coordinator")
            reader.open(link)
            _page, named = re.split(" · |: ", title(reader), maxsplit=1)
            # Beside the page's name that of what is decided on, which the page has too.
            assert named in re.sub("[\u2068\u2069]", "", reader.page.text)


def test_a_tab_says_that_something_is_wrong_in_a_row_too(portal: Portal, visitor: Visiting) -> None:
    browser = visitor("requester")
    browser.open(f"/requests/{draft_request(portal)}/edit/lines")
    browser.send(**{"row-0-quantity": "many", "go": "next"})
    assert browser.status == 422
    assert title(browser).startswith("Error: Line by line")
    browser.open(f"{browser.path}?language=fr")
    browser.send(**{"row-0-quantity": "beaucoup", "go": "next"})
    assert title(browser).startswith("Erreur : ")
