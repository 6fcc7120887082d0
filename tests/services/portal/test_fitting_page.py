"""The page of the requests that a donor's offers fit, out of what the services answer."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from services.portal.documents import Account
from services.portal.house import House
from shared.vocabulary.countries import countries_in
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser

SERVING = {"need": 1, "provision": 1, "theme": "marking", "kind": "equipment"}
LISTED = {
    "request": "r1",
    "country": "SEN",
    "proposals": [
        {
            "id": "r1.o1",
            "offer": "o1",
            "status": "proposed",
            "serves": [SERVING],
            "reasons": [{"sentence": "It can give 4 of 4 machines."}],
        }
    ],
    "others": [{"id": "r1.o2", "offer": "o2", "rank": 4, "score": 0.5, "status": "endorsed"}],
}
TITLES = [{"id": f"o{n}", "title": f"Offer called {n}", "language": "en"} for n in (1, 2)]


@pytest.fixture
def browser(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
) -> Browser:
    """A donor's, where one request is listed."""
    found: dict[str, Any] = {
        "/v1/fitting-requests": {"items": [LISTED], "next": None},
        "/v1/offers/titles": {"items": TITLES, "next": None},
    }

    answer(monkeypatch, found, '"1.1"')
    return Browser(app).enter(house, make_account("donor"))


def test_the_best_stand_with_why_and_the_others_by_their_titles(browser: Browser) -> None:
    browser.open("/fitting-requests?language=en")
    assert browser.status == 200
    text = browser.page.text
    text = text[text.index("Those that your offers suit best") :]  # behind the form
    best = text[text.index("Offer called 1") : text.index("Offer called 2")]
    assert "Equipment" in best
    assert "It can give 4 of 4 machines." in best
    other = text[text.index("Offer called 2") :]
    assert "Endorsed" in other
    assert "its text only" not in other


@pytest.mark.parametrize(
    ("asked", "wanted", "states"),
    [
        ("", "", ""),
        ("offer=a%26b&theme=marking", "&offer=a%26b&theme=marking", ""),
        ("place=SEN", "", "SEN"),
        ("place=Western+Africa&theme=none", "", " ".join(countries_in("Western Africa"))),
    ],
)
def test_an_open_page_hears_of_what_it_asks_for_alone(
    browser: Browser, asked: str, wanted: str, states: str
) -> None:
    browser.open(f"/fitting-requests?language=en&{asked}")
    (live,) = (attrs for _, attrs in browser.page.tags if attrs.get("id") == "live")
    assert (live["data-lists"], live["data-wanted"], live["data-states"]) == (
        "fitting",
        wanted,
        states,
    )
    assert any(attrs.get("data-live") == "match:r1.o2" for _, attrs in browser.page.tags)
