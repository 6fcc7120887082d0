"""What a preview of an IATI file lists, and what it says of the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.held_files import hold
from services.portal.house import House
from services.portal.pages.offers import iati
from services.portal.services import Services
from tests.services.portal.browsing import Browser

ACTIVITY = {
    "identifier": "XM-1",
    "outcome": "created",
    "country": "SEN",
    "title": "Lockers",
    "language": "en",
    "theme": "marking",
    "kind": "equipment",
    "status": "ongoing",
    "amount": None,
    "currency": None,
    "noted": [],
}
COUNTS = {"read": 9, "created": 0, "changed": 0, "unchanged": 0, "outside": 0, "refused": 0}


def refusal(number: int) -> dict[str, Any]:
    named = {"identifier": None, "field": "sector", "code": "x", "message": "It is not so."}
    return {"number": number, **named}


@pytest.fixture
def said(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., str]:
    """The words of a preview of what the register reports; it lists two of each."""
    monkeypatch.setattr(iati, "_TOLD", 2)
    account = make_account("donor")
    browser = Browser(app).enter(house, account)

    def preview(**told: Any) -> str:
        report = {**COUNTS, "activities": [], "refusals": [], **told}
        monkeypatch.setattr(Services, "send_file", lambda *_of, **_more: Answer(report))
        file = hold(account.id, "iati", "file.xml", b"<iati-activities/>", house.clock())
        return browser.open(f"/activities/import/{file}?language=en").text

    return preview


def test_of_what_is_understood_the_rest_is_counted(said: Callable[..., str]) -> None:
    # The register itself names some of very many, and counts all.
    listed = {"activities": [ACTIVITY] * 3, "created": 3, "changed": 1, "unchanged": 1200}
    assert "And 1,202 more." in said(**listed)
    assert "And" not in said(activities=[ACTIVITY] * 2, created=2).split()


def test_of_what_is_left_out_the_rest_is_counted(said: Callable[..., str]) -> None:
    refusals = [refusal(number) for number in range(5)]
    assert "And 3 more." in said(refusals=refusals, refused=5)
    assert "And 38 more." in said(refusals=refusals, refused=40)
    assert "And" not in said(refusals=refusals[:2], refused=2).split()


def test_several_refusals_of_one_activity_are_not_taken_for_several_activities(
    said: Callable[..., str],
) -> None:
    assert "And" not in said(refusals=[refusal(1), refusal(1)], refused=1).split()
    assert "And 2 more." in said(refusals=[refusal(1)] * 4, refused=1)
