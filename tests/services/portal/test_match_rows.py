"""What a match's page makes of histories and lines: the line of steps, amounts, who can do what."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.portal.pages.allocation.accepting import said_of as refused_within
from services.portal.pages.matches.forms import number_of
from services.portal.pages.matches.rights import possible
from services.portal.pages.matches.rows import Line, lines, progress, proposed, sent
from services.portal.pages.matches.steps import line_of_steps
from services.portal.pages.matches.words import refusal
from services.portal.pages.wording import told
from services.portal.services import RefusedError
from services.portal.sheets.values import UnclearError
from shared.vocabulary.currencies import to_usd_cents
from shared.web.identity import Identity

DAY = date(2026, 1, 1)
ENDORSED = ("endorse", "coordinator")


def history(*steps: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"action": action, "role": role} for action, role in steps]


def states(status: str, *steps: tuple[str, str]) -> dict[str, str]:
    return {stage.name: stage.state for stage in line_of_steps(history(*steps), status)}


def test_what_is_endorsed_waits_for_both_sides() -> None:
    found = states("endorsed", ENDORSED)
    assert [name for name, state in found.items() if state == "now"] == ["donor", "state"]
    assert found["endorsed"] == "done"
    assert found["committed"] == "ahead"


def test_the_second_yes_is_that_of_who_gave_it() -> None:
    found = line_of_steps(
        history(ENDORSED, ("state-agree", "requester"), ("agree", "donor")), "agreed"
    )
    roles = {one.name: one.step["role"] for one in found if one.step is not None}
    assert roles == {"endorsed": "coordinator", "donor": "donor", "state": "requester"}
    assert {one.name for one in found if one.state == "now"} == {"committed"}


def test_a_yes_that_is_taken_back_is_waited_for_again() -> None:
    agreed = (ENDORSED, ("donor-agree", "donor"), ("agree", "requester"))
    found = states("donor-agreed", *agreed, ("reconsider-agreed", "matcher"))
    assert (found["donor"], found["state"]) == ("done", "now")


@pytest.mark.parametrize("action", ["decline", "lapse", "fall", "reject"])
def test_what_ended_it_stands_last_and_nothing_is_ahead(action: str) -> None:
    found = states("ended", ENDORSED, ("donor-agree", "donor"), (action, "requester"))
    assert list(found.items()) == [("endorsed", "done"), ("donor", "done"), (action, "stopped")]


def test_what_was_given_back_is_to_be_committed_anew() -> None:
    steps = (ENDORSED, ("donor-agree", "donor"), ("agree", "requester"), ("commit", "matcher"))
    found = states("released", *steps, ("start", "donor"), ("release", "coordinator"))
    assert list(found)[3:5] == ["release", "committed"]
    assert (found["release"], found["committed"], found["delivering"]) == (
        "stopped",
        "now",
        "ahead",
    )
    again = states("committed", *steps, ("release", "matcher"), ("commit", "matcher"))
    assert "release" not in again
    assert again["committed"] == "done"


def test_an_endorsement_begins_anew() -> None:
    found = states("endorsed", ENDORSED, ("decline", "donor"), ("reopen", "matcher"), ENDORSED)
    assert (found["donor"], found["state"]) == ("now", "now")


def test_nothing_is_done_of_what_nobody_endorsed() -> None:
    assert states("proposed")["endorsed"] == "now"


def need(**more: Any) -> dict[str, Any]:
    return {"line": 1, "theme": "marking", "kind": "equipment", "quantity": 6, "unit": "machines",
            "amount": 1200.5, "currency": "EUR", **more}  # fmt: skip


def test_lines_are_told_and_sent_in_what_they_are_counted_in() -> None:
    (machines,) = lines({"needs": [need()]}, "needs", "quantity")
    (money,) = lines({"needs": [need(kind="funding")]}, "needs", "quantity")
    (whole,) = lines(
        {"needs": [need(quantity=None, amount=None, currency=None)]}, "needs", "quantity"
    )
    assert sent(machines, Decimal(3)) == {"line": 1, "quantity": 3.0}
    assert sent(money, Decimal("3.5")) == {"line": 1, "amount": 3.5, "currency": "EUR"}
    assert sent(whole, Decimal(1)) == {"line": 1, "quantity": 1.0}
    assert lines(None, "needs", "quantity") == []


def test_a_commitment_takes_what_is_served_up_to_what_there_is() -> None:
    line = Line(1, "marking", "equipment", "quantity", "machines", 6)
    serves = [{"need": 1, "provision": one, "quantity": 4, "amount": None} for one in (1, 2)]
    assert proposed(line, "request", serves, DAY) == 6
    assert proposed(line, "offer", serves, DAY) == 4
    assert proposed(line, "offer", [], DAY) is None


@pytest.mark.parametrize("currency", ["EUR", "JPY", "USD"])
def test_a_commitment_takes_what_is_served_in_the_lines_currency(currency: str) -> None:
    line = Line(1, "marking", "funding", "money", currency, 10_000_000)
    half = to_usd_cents(5_000_000_00, currency, DAY) / 100
    one = {"need": 1, "provision": 1, "quantity": None, "amount": half}
    assert proposed(line, "request", [one], DAY) == 5_000_000
    assert proposed(line, "offer", [one, one], DAY) == 10_000_000
    assert proposed(line, "offer", [one, one, one], DAY) == 10_000_000


def test_a_commitment_of_a_currency_without_a_rate_is_not_filled_in() -> None:
    line = Line(1, "marking", "funding", "money", "KPW", 10_000_000)
    one = {"need": 1, "provision": 1, "quantity": None, "amount": 65_000.0}
    assert proposed(line, "request", [one], DAY) is None


def test_progress_is_a_share_of_the_need() -> None:
    line = Line(1, "marking", "equipment", "quantity", "machines", 6)
    stored = {"pledged": {"quantity": 3, "amount": None}, "committed": None, "delivered": None}
    assert progress(stored, line)[-1] == ("pledged", 3, 0.5, "pledged")
    assert [part for _, _, part, _ in progress(stored, line)] == [0, 0, 0.5]


def test_what_is_delivered_lies_on_what_is_committed_and_that_on_what_is_pledged() -> None:
    line = Line(1, "marking", "equipment", "quantity", "machines", 4)
    amounts = {"pledged": 4, "committed": 3, "delivered": 1}
    stored = {name: {"quantity": count, "amount": None} for name, count in amounts.items()}
    shares = [(name, part) for name, _, part, _ in progress(stored, line)]
    assert shares == [("delivered", 0.25), ("committed", 0.75), ("pledged", 1.0)]


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1,000.5", "1000.5"),
        ("en", " 12 ", "12"),
        ("fr", "1\u202f000,5", "1000.5"),
        ("es", "1.000,5", "1000.5"),
        ("es", "1.500", "1500"),
        ("fr", "200.000", "200000"),
        ("en", "1,500", "1500"),
        ("ar", "\u0661\u066c\u0665\u0660\u0660", "1500"),
        ("ru", "2,5", "2.5"),
        ("ar", "\u0661\u0662\u066b\u0665", "12.5"),
        ("zh", "", None),
    ],
)
def test_numbers_are_read_as_the_reader_writes_them(
    speaking: Callable[[str], None], language: str, text: str, value: str | None
) -> None:
    speaking(language)
    assert number_of(text) == (None if value is None else Decimal(value))


@pytest.mark.parametrize("text", ["x", "1e", "NaN", "Infinity", "1,5,", "<b>"])
def test_what_is_no_number_is_refused(speaking: Callable[[str], None], text: str) -> None:
    speaking("en")
    with pytest.raises(UnclearError):
        number_of(text)


def test_what_is_less_than_nothing_is_refused(speaking: Callable[[str], None]) -> None:
    speaking("en")
    with pytest.raises(ValueError, match="this is less than nothing"):
        number_of("-1")


def test_amounts_are_told_with_their_unit(speaking: Any) -> None:
    speaking("en")
    assert told(6, "quantity", "machines") == "6 machines"
    assert "1,200.50" in told(1200.5, "money", "EUR")
    assert told(None, "quantity", "machines") == "–"
    assert told(0, "quantity", "whole") == "0"


def life(status: str, **more: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"waiting_for": [], "possible": [], "conditions": [], "follow_ups": []}
    return {"status": status, **plain, **more}


def can(role: str, found: dict[str, Any], held: bool = False, **bound: Any) -> set[str]:
    commitments = [{"id": "c", "status": "held"}] if held else []
    return set(possible(found, "SEN", commitments, Identity("s", role, **bound)))


def test_each_sees_what_it_can_do_and_nothing_else() -> None:
    endorsed = life("endorsed", waiting_for=["donor", "state"])
    assert can("donor", endorsed) == can("requester", endorsed) == {"agree", "decline"}
    assert can("coordinator", endorsed) == can("auditor", endorsed) == set()
    assert can("coordinator", life("agreed"), held=True) == {"commit", "release-c"}
    assert can("coordinator", life("agreed"), regions=frozenset({"Eastern Africa"})) == set()
    assert can("auditor", life("committed"), held=True) == set()
    assert can("requester", life("delivered"), held=True) == {"figures"}


def test_conditions_that_changed_are_for_the_state_to_accept_before_more_is_committed() -> None:
    changed = life("committed", conditions=[{"current": True, "accepted_at": None}])
    assert "accept" in can("requester", changed)
    assert "accept" not in can("donor", changed)
    assert "commit" not in can("coordinator", changed)


def test_follow_ups_are_the_states_to_assess_and_the_donors_to_reply_to() -> None:
    asked = {"months": 3, "asked_at": "t", "answered_at": None, "replied_at": None}
    said = {"months": 12, "asked_at": "t", "answered_at": "t", "replied_at": None}
    found = life("follow-up", follow_ups=[asked, said])
    assert {one for one in can("requester", found) if "-" in one} == {"assess-3"}
    assert {one for one in can("donor", found) if "-" in one} == {"reply-12"}
    assert can("donor", {**found, "status": "closed"}) == {"reply-12"}


def test_a_shortage_is_told_in_numbers(speaking: Any) -> None:
    speaking("en")
    short = {"line": 2, "measure": "quantity", "unit": "machines", "asked": 3.0, "left": 1.0}
    problem = {"type": "urn:entraide:problem:not-enough-left", "detail": "in English"}

    def said(**more: Any) -> str:
        return refusal(RefusedError("matcher", 409, {**problem, **more}))

    assert said(shortage={"side": "offer", **short}) == (
        "Nothing was committed. Left of line 2 of the offer: 1 machine; asked: 3 machines."
    )
    money = {**short, "measure": "money", "unit": "USD", "asked": 2000.5, "left": 0.0}
    assert "2,000.50" in said(shortage={"side": "call", **money})
    for code in ("whole", "unspecified"):  # what is counted in neither is no unit
        assert said(shortage={"side": "offer", **short, "unit": code, "asked": 1, "left": 0.5}) == (
            "Nothing was committed. Left of line 2 of the offer: 0.5; asked: 1."
        )
    for hidden in ({}, {"shortage": {"side": "request", "line": 2}}):
        assert said(**hidden) == "Nothing was committed: less is left than was asked."


def test_a_refusal_is_told_by_its_reason_in_the_readers_language(speaking: Any) -> None:
    counted = {"line": 1, "measure": "quantity", "unit": "months"}
    above = {"code": "above-pledge", **counted, "pledged": 5.0, "asked": 12.0}

    def said(because: Any) -> str:
        problem = {"type": "urn:entraide:problem:refused", "because": because}
        return refusal(RefusedError("matcher", 409, problem))

    speaking("en")
    told = "The donor pledged 5 months of line 1 of the offer; with this it would be 12 months."
    assert said(above) == f"Nothing was committed. {told}"
    assert refused_within({"code": "refused", "because": above}) == said(above)
    assert said({"code": "embargo"}) == "An arms embargo bars this."
    for unknown in (None, {"code": "of-a-later-release"}):
        assert said(unknown).startswith("Nothing was held of it")


def test_a_refusal_within_an_allocation_is_said_as_one_outside_it(speaking: Any) -> None:
    speaking("en")
    short = {"line": 2, "measure": "quantity", "unit": "machines", "asked": 3.0, "left": 1.0}
    told = {"code": "not-enough-left", "shortage": {"side": "offer", **short}}
    assert refused_within(told).startswith("Nothing was committed. Left of line 2 of the offer")
    assert refused_within({**told, "shortage": None}).startswith("Less is left of the need")
    assert refused_within({"code": "refused"}).startswith("Nothing was held of it")
    assert refused_within({"code": "of-a-later-release"}) == ""
