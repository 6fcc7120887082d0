"""Addresses of lists that name a place which is no more, or words that nothing is looked for by."""

from collections.abc import Callable

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, Reader, RefusedError, Services
from tests.services.portal.browsing import Browser

LISTS = ("/requests", "/public/requests", "/public/offers", "/offers", "/activities", "/matches")


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, before services that refuse every cursor and every word."""
    return Browser(app).enter(house, make_account("coordinator"))


@pytest.fixture(autouse=True)
def services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services without any record."""

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        for field, code in (("cursor", "cursor"), ("q", "no-words")):
            if one.query.get(field):
                error = {"field": field, "code": code, "message": "It is refused."}
                raise RefusedError(one.service, 422, {"errors": [error]})
        return Answer({"items": [], "next": None}, "")

    monkeypatch.setattr(Services, "fetch", fetch)


@pytest.mark.parametrize("path", LISTS)
def test_a_place_in_a_list_that_is_no_more_leads_to_its_beginning(
    browser: Browser, path: str
) -> None:
    browser.open(f"{path}?theme=marking&cursor=old")
    assert (browser.status, browser.path) == (200, path)
    assert browser.answer is not None
    assert browser.answer.request.query_string == b"theme=marking"


@pytest.mark.parametrize(
    "path", ["/requests", "/public/requests", "/public/offers", "/offers", "/activities"]
)
def test_words_that_nothing_is_looked_for_by_are_said_at_their_field(
    browser: Browser, path: str
) -> None:
    browser.open(f"{path}?q=%2B%2B")
    assert browser.status == 422
    assert browser.answer is not None
    assert 'id="q-error">Nothing can be looked for by these words' in browser.answer.text
    assert 'aria-describedby="q-error"' in browser.answer.text
