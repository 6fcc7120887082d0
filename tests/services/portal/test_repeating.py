"""A form that is sent again, its first answer lost, is no conflict with itself."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.offers import bodies
from services.portal.pages.repeating import holds
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from tests.services.portal.browsing import Browser

RECORD = {
    "id": "r1",
    "title": "A title",
    "text": "Two\nlines",
    "window": None,
    "codes": ["a", "b"],
    "rows": [{"number": 7, "kinds": ["x", "y"], "amount": 2.0}],
}


@pytest.mark.parametrize(
    ("body", "same"),
    [
        ({}, True),
        ({"title": " A  title "}, True),
        ({"text": "Two\r\nlines "}, True),
        ({"title": "Another"}, False),
        ({"title": None}, False),
        ({"window": None}, True),
        ({"window": {"from": "2026-01-01"}}, False),
        ({"codes": ["b", "a"]}, True),
        ({"codes": ["a"]}, False),
        ({"codes": []}, False),
        ({"rows": [{"number": None, "kinds": ["y", "x"], "amount": 2}]}, True),
        ({"rows": [{"number": None, "kinds": ["x"], "amount": 2}]}, False),
        ({"rows": [{"number": None, "kinds": ["x", "y"], "amount": 3}]}, False),
        ({"rows": []}, False),
        ({"reason": "Why"}, True),
        ({"unknown": None}, False),
    ],
)
def test_what_was_sent_before_is_known_by_what_it_says(body: dict[str, Any], same: bool) -> None:
    assert holds(RECORD, body, ("number", "reason")) is same


def test_what_is_taken_out_of_an_offer_is_no_repeat() -> None:
    offer = {"ceiling": {"amount": 5, "currency": "USD"}, "language": "fr"}
    assert not holds(offer, {"ceiling": None}, bodies.given({"ceiling": None}))
    assert holds(offer, {"language": None}, bodies.given({"language": None}))
    assert not holds(offer, {"language": "en"}, bodies.given({"language": "en"}))


OFFICE = {
    "office-0-office": "Arms  desk",
    "office-0-email": "desk@state.example",
    "office-0-languages": ["fr", "ar"],
}


class Register:
    """A State's points of contact as the register of requests keeps them."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.stored: dict[str, Any] | None = None
        self.version = 0
        self.written = 0

    def answer(self) -> Answer:
        if self.stored is None:
            raise RefusedError("requests", 404, {})
        return Answer(self.stored, f'"{self.version}"')

    def put(self, body: dict[str, Any], seen: str | None) -> Answer:
        if self.stored is not None and seen != f'"{self.version}"':
            raise RefusedError("requests", 428 if seen is None else 412, {})
        self.written += 1
        self.version += 1
        self.stored = {
            **body,
            "contacts": [
                {**one, "office": " ".join(one["office"].split())} for one in body["contacts"]
            ],
            "last_confirmed": self.house.clock().date().isoformat(),
            "confirmation_due": False,
            "history": [],
        }
        return self.answer()


@pytest.fixture
def register(house: House, monkeypatch: pytest.MonkeyPatch) -> Register:
    kept = Register(house)

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.service != "requests":
            raise AwayError(one.service)
        return kept.answer()

    def send(
        _services: Services,
        _reader: Reader,
        method: str,
        service: str,
        path: str,
        body: Any,
        **more: Any,
    ) -> Answer:
        assert (method, service, path) == ("PUT", "requests", "/v1/states/SEN")
        return kept.put(body, more.get("if_match"))

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", send)
    return kept


@pytest.fixture
def browsers(
    app: Flask, house: House, make_account: Callable[..., Account]
) -> tuple[Browser, Browser]:
    """Two browsers of a State's account."""
    account = make_account("requester", state="SEN")
    return Browser(app).enter(house, account), Browser(app).enter(house, account)


def _open_both(browsers: tuple[Browser, Browser], *, first: bool) -> None:
    """Have both on the same version of the contacts: none yet where these would be the `first`."""
    if not first:
        browsers[0].open("/contacts/edit?language=en")
        browsers[0].send(go="keep", **{**OFFICE, "office-0-office": "Another"})
    for one in browsers:
        one.open("/contacts/edit?language=en")
        assert one.status == 200


@pytest.mark.parametrize("first", [True, False], ids=["the first", "a change"])
def test_points_of_contact_that_are_sent_twice_are_no_conflict(
    register: Register, browsers: tuple[Browser, Browser], first: bool
) -> None:
    _open_both(browsers, first=first)
    written = register.written
    for one in browsers:  # on the version that the first was sent on
        one.send(go="keep", **OFFICE)
        assert (one.path, one.status) == ("/contacts", 200)
        assert "The points of contact are kept, and confirmed as of today." in one.page.text
    assert register.written == written + 1


def test_who_keeps_none_reads_that_there_are_none_any_more(
    register: Register, browsers: tuple[Browser, Browser]
) -> None:
    _open_both(browsers, first=False)
    browsers[0].send(go="keep", **{**dict.fromkeys(OFFICE, ""), "office-0-languages": []})
    assert (browsers[0].path, browsers[0].status) == ("/contacts", 200)
    assert "There are no points of contact any more." in browsers[0].page.text
    assert register.stored is not None
    assert register.stored["contacts"] == []


@pytest.mark.parametrize("first", [True, False], ids=["the first", "a change"])
def test_points_of_contact_that_differ_are_both_shown(
    register: Register, browsers: tuple[Browser, Browser], first: bool
) -> None:
    _open_both(browsers, first=first)
    browser, late = browsers
    browser.send(go="keep", **OFFICE)
    late.send(go="keep", **{**OFFICE, "office-0-email": "other@state.example"})
    assert late.path == "/contacts/edit"
    assert "were changed since you opened this page" in late.page.text
    assert "desk@state.example" in late.page.text
    late.send(go="keep")  # a decision on what stands now
    assert (late.path, late.status) == ("/contacts", 200)


def test_the_same_contacts_that_were_confirmed_earlier_are_not_called_confirmed_today(
    register: Register, browsers: tuple[Browser, Browser]
) -> None:
    browser, late = browsers
    for one in (browser, late):
        one.open("/contacts/edit?language=en")
    browser.send(go="keep", **OFFICE)
    assert register.stored is not None
    register.stored["last_confirmed"] = "2020-01-01"
    late.send(go="keep", **OFFICE)
    assert "confirmed as of today" not in late.page.text
    assert "were changed since you opened this page" in late.page.text
