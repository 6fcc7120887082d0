"""The page of the requests that a donor's offers fit, out of what the services answer."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
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


def test_the_best_stand_with_why_and_the_others_by_their_titles(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: dict[str, Any] = {
        "/v1/fitting-requests": {"items": [LISTED], "next": None},
        "/v1/offers/titles": {"items": TITLES, "next": None},
    }

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path not in found:
            raise AwayError(one.service)
        return Answer(found[one.path], '"1.1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("donor"))
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
