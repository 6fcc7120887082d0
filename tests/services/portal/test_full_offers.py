"""An offer that has all the lines or conditions that it may have, and a button for one more."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from services.portal.documents import Account
from services.portal.house import House
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser
from tests.services.portal.test_sheet_changes import RECORDS

FULL = "There is no room for more here."
READ = {"line": None, "theme": "marking", "kind": "training", "capacity": 5, "unit": "persons"}


def rows(count: int, kind: str) -> dict[str, str]:
    """So many rows, as they are typed."""
    return {f"rows-{n}-kind": kind for n in range(count)}


@pytest.mark.parametrize(
    ("step", "kind", "do", "most"),
    [
        ("terms", "reporting", "add", 50),
        ("lines", "equipment", "add", 100),
        ("lines", "equipment", "take-0", 100),
    ],
)
def test_one_more_than_there_is_room_for_is_told_and_what_was_typed_stays(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    kind: str,
    do: str,
    most: int,
) -> None:
    offer: dict[str, Any] = {
        **RECORDS["offers"],
        "id": "o1",
        "organisation": "acme",
        "status": "draft",
        "call": None,
        "inferred": {"lines": [{**READ, "amount": None, "currency": None, "probability": 0.9}]},
    }
    calls = {"items": [], "next": None}
    answer(monkeypatch, {"/v1/offers/o1": offer, "/v1/calls": calls}, '"1.1"')
    browser = Browser(app).enter(house, make_account("donor"))
    browser.open("/account/password?language=en")
    token = {"csrf_token": browser.page.forms[0].values["csrf_token"], "version": '"1.1"'}
    for typed in (most - 1, most):
        sent = {**rows(typed, kind), f"rows-{typed - 1}-text": "Typed", "do": do, **token}
        if step == "lines":
            sent[f"rows-{typed - 1}-unit"] = "Typed"
        browser.answer = browser.client.post(f"/offers/o1/edit/{step}", data=sent)
        assert browser.status == (200 if typed < most else 422)
        assert (FULL in browser.page.text) is (typed == most)
        (form,) = (one for one in browser.page.forms if one.values.get("version"))
        assert sum(name.endswith("-kind") for name in form.values) == most
        assert "Typed" in form.values.values()
