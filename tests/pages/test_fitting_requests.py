"""The page of the requests that a donor's offers fit."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.pages.running import Portal
from tests.pages.visiting import Visitor

pytestmark = pytest.mark.journey

Visiting = Callable[..., Visitor]
PAGE = "/fitting-requests"


def fitting(portal: Portal, **query: str) -> list[dict[str, Any]]:
    """What the matcher lists for the page."""
    answer = portal.api("donor").get("matcher", "/v1/fitting-requests", limit=20, **query)
    return list(answer.body["items"])


def shown_on(browser: Visitor, start: str) -> list[str]:
    """The ids that the page's links of such addresses lead to, in their order, each once."""
    found = [one for one in browser.links(start) if one.count("/") == start.count("/")]
    return list(dict.fromkeys(one.removeprefix(start) for one in found))


def test_a_donor_sees_each_request_with_the_offers_that_fit_it(
    portal: Portal, visitor: Visiting
) -> None:
    items = fitting(portal)
    proposals = [one for item in items for one in (*item["proposals"], *item["others"])]
    assert len(items) > 1
    browser = visitor("donor")
    browser.open(PAGE)
    assert shown_on(browser, "/requests/") == [item["request"] for item in items]
    assert shown_on(browser, "/matches/") == [one["id"] for one in proposals]
    title = portal.api("donor").get("requests", f"/v1/requests/{items[0]['request']}").body["title"]
    offer = portal.api("donor").get("offers", f"/v1/offers/{proposals[0]['offer']}").body["title"]
    for words in (title, offer, proposals[0]["reasons"][0]["sentence"]):
        assert words in browser.page.text
    for place in ("/offers", f"/offers/{proposals[0]['offer']}"):
        browser.open(place)
        assert browser.links().count(PAGE) >= 2, place


def test_what_is_asked_for_stays_in_the_address_over_the_pages(
    portal: Portal, visitor: Visiting
) -> None:
    offer = fitting(portal)[0]["proposals"][0]["offer"]
    theme = fitting(portal)[0]["proposals"][0]["serves"][0]["theme"]
    browser = visitor("donor")
    for name, value, asked in (
        ("offer", offer, {"offer": offer}),
        ("theme", theme, {"theme": theme}),
        ("place", "Western Africa", {"region": "Western Africa"}),
        ("place", fitting(portal)[0]["country"], {"state": fitting(portal)[0]["country"]}),
    ):
        browser.open(f"{PAGE}?{name}={value}".replace(" ", "%20"))
        expected = [item["request"] for item in fitting(portal, **asked)]
        assert shown_on(browser, "/requests/") == expected, name
        chosen = [attrs["value"] for tag, attrs in browser.page.tags if "selected" in attrs]
        assert value in chosen
    browser.open(f"{PAGE}?theme={theme}")
    onward = [one for one in browser.links(PAGE) if "cursor=" in one]
    assert all(f"theme={theme}" in one for one in onward)


def test_what_fits_nothing_says_so_and_other_roles_have_no_such_page(
    portal: Portal, visitor: Visiting
) -> None:
    assert portal.donor
    browser = visitor("donor")
    browser.open(f"{PAGE}?offer=nobody")
    assert "No request fits this choice." in browser.page.text
    assert PAGE in browser.links()
    browser.open(f"{PAGE}?cursor=nonsense")
    assert (browser.status, browser.path) == (200, PAGE)
    for role in ("requester", "coordinator", "auditor", "operator"):
        browser = visitor(role)
        browser.open(PAGE)
        assert browser.status == 403
        assert PAGE not in browser.links()


def test_in_arabic_it_runs_from_right_to_left(portal: Portal, visitor: Visiting) -> None:
    assert portal.donor
    browser = visitor("donor", "ar")
    browser.open(f"{PAGE}?language=ar")
    assert next(attrs["dir"] for tag, attrs in browser.page.tags if tag == "html") == "rtl"
    assert "الطلبات التي تلائمها عروضنا" in browser.page.text
