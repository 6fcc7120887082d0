"""What pages of requests make of lines and steps, without any service."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.pages.requests import hints
from services.portal.pages.requests.lists import chosen_filters
from services.portal.pages.requests.rights import steps_for
from services.portal.pages.requests.rows import asked, bar_parts, line_rows, steps_of
from services.portal.pages.requests.steps import body_of_step

NOTHING: dict[str, Any] = {"quantity": 0, "amount": None, "whole": False}


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/requests?language=en"):
        yield


def need(**values: Any) -> dict[str, Any]:
    made = {"quantity": None, "unit": None, "amount": None, "currency": None}
    counted = {"pledged": NOTHING, "committed": NOTHING, "delivered": NOTHING}
    return {**made, **counted, **values}


def counted(quantity: float | None = None, amount: float | None = None) -> dict[str, Any]:
    return {"quantity": quantity, "amount": amount, "whole": False}


def test_what_a_line_asks_for_in_words() -> None:
    money = {"amount": 1250.5, "currency": "EUR"}
    assert asked(need(quantity=6, unit="machines à marquer")) == "6 machines"
    assert asked(need(quantity=3, unit="gizmos")) == "3 gizmos"
    assert asked(need(quantity=3, unit="radio stations")) == "3 radio stations"
    assert "1,250.50" in asked(need(**money))
    assert asked(need(quantity=6, unit="machines", **money)).startswith("6 machines (")
    assert asked(need(amount=5000, currency="JPY")).endswith("5,000")
    assert asked(need()) == ""


def test_a_bar_has_what_is_needed_first_and_then_the_narrowest() -> None:
    line = need(quantity=8, unit="machines", pledged=counted(6), committed=counted(2))
    assert [(name, words, part) for name, words, part, _tone in bar_parts(line, asked(line))] == [
        ("Needed", "8 machines", 0.0),
        ("Committed", "2 machines", 0.25),
        ("Pledged", "6 machines", 0.75),
    ]


def test_of_a_pledge_in_another_unit_a_line_says_that_there_is_one(app: Flask) -> None:
    rows = line_rows([need(quantity=8, pledged_otherwise=True), need(quantity=8)])
    assert [row["otherwise"] for row in rows] == [True, False]
    told = app.jinja_env.get_template("requests/parts.html").module
    for row, says in zip(rows, (True, False), strict=True):
        assert ("A donor has pledged something in another unit." in told.line_bar(row)) is says


def test_a_bar_of_money_and_one_of_a_whole() -> None:
    money = need(amount=1000, currency="USD", delivered=counted(amount=500))
    assert bar_parts(money, asked(money))[1][2] == 0.5
    assert "500" in bar_parts(money, asked(money))[1][1]
    whole = need(committed={"quantity": 0.4, "amount": None, "whole": True})
    assert bar_parts(whole, asked(whole))[1][1:3] == ("40%", 0.4)
    assert bar_parts(whole, asked(whole))[0][1] == "not said"


def test_filters_leave_out_what_is_no_code() -> None:
    found = chosen_filters(
        {"status": "<b>", "theme": "marking", "kind": "'", "country": "XXX", "q": " a  b "}, "SEN"
    )
    assert found == {
        "status": None,
        "theme": "marking",
        "kind": None,
        "country": "SEN",
        "q": "a b",
    }
    assert chosen_filters({"country": "all"}, "SEN")["country"] == "all"
    assert chosen_filters({}, None)["country"] is None


@pytest.mark.parametrize(
    ("role", "bound", "status", "steps"),
    [
        ("requester", {"state": "SEN"}, "draft", ["submit", "withdraw"]),
        ("requester", {"state": "SEN"}, "authenticated", ["object", "circulate", "withdraw"]),
        ("requester", {"state": "SEN"}, "covered", ["close", "withdraw"]),
        ("requester", {"state": "MLI"}, "circulated", []),
        ("donor", {"organisation": "one"}, "circulated", ["endorse", "withdraw-endorsement"]),
        ("donor", {"organisation": "two"}, "circulated", ["endorse"]),
        ("donor", {"organisation": "one"}, "closed", []),
        ("coordinator", {}, "authenticated", ["circulate", "return"]),
        ("coordinator", {}, "submitted", []),
        ("auditor", {}, "circulated", []),
    ],
)
def test_steps_by_reader_and_state(
    role: str, bound: dict[str, str], status: str, steps: list[str]
) -> None:
    view = {
        "country": "SEN",
        "status": status,
        "endorsements": [{"organisation": "one"}],
        "inferred": {},
    }
    assert steps_for(Account(role=role, **bound), view) == steps


def test_what_steps_are_sent_with() -> None:
    assert body_of_step("submit", {"consent": "express"}, []) == {"consent": "express"}
    assert body_of_step("submit", {}, []) == {}
    assert body_of_step("withdraw", {"text": " "}, []) == {"reason": None, "text": None}
    chosen = ["0.marking.training", "x", "2.marking.equipment"]
    assert body_of_step("confirm-lines", {}, chosen) == {"lines": [{"index": 0}, {"index": 2}]}
    for step in ("object", "return", "endorse", "confirm-lines"):
        with pytest.raises(ValueError, match=r"reason|text|lines"):
            body_of_step(step, {}, [])


@pytest.mark.parametrize(("status", "said"), [("draft", "As it is."), ("circulated", "")])
def test_only_who_may_submit_reads_whether_it_can_be_submitted(
    monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    advice = Answer({"summary": "As it is.", "items": [{"field": "window"}]})
    monkeypatch.setattr(hints, "account", lambda: Account(role="requester", state="SEN"))
    monkeypatch.setattr(hints, "look_up", lambda _asked: {"advice": advice})
    view = {"id": "r1", "country": "SEN", "status": status}
    found = hints.stored_hints("check", view)
    assert (found["summary"], len(found["advice"])) == (said, 1)


def test_what_happened_is_told_in_its_order() -> None:
    history = [
        {"action": action, "target": target, "role": "requester", "at": f"2026-11-0{day}T08:00:00Z"}
        for day, (action, target) in enumerate([("submit", "submitted"), ("return", "draft")], 1)
    ]
    told = [step["name"] for step in steps_of({"history": history})]
    assert told == ["Submitted", "Sent back to the State"]
