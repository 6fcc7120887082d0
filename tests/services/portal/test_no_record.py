"""Addresses of pages that name no record, but what the APIs have beside their records."""

from collections.abc import Callable

import pytest
from flask import Flask

from services.portal.documents import Account
from services.portal.house import House
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser


@pytest.mark.parametrize(
    ("role", "address"),
    [
        ("donor", "/matches/joining?request=titles"),
        ("donor", "/matches/joining?offer=titles"),
        ("donor", "/requests/titles"),
        ("donor", "/requests/titles/offers"),
        ("requester", "/requests/titles/reads"),
        ("requester", "/requests/titles/edit/need"),
        ("donor", "/offers/titles"),
        ("donor", "/offers/titles/edit/words"),
        ("coordinator", "/review/requests/titles"),
        ("coordinator", "/proposals/triangular"),
    ],
)
def test_what_is_beside_the_records_has_no_page(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    address: str,
) -> None:
    lists = ("/v1/requests/titles", "/v1/offers/titles", "/v1/proposals/triangular")
    answer(monkeypatch, {path: {"items": [], "next": None} for path in lists}, '"1.0"')
    browser = Browser(app).enter(house, make_account(role))
    text = browser.open(f"{address}{'&' if '?' in address else '?'}language=en").text
    assert browser.status == 404
    assert "This page does not exist" in text
