"""The matcher's rules: ledger lines and their units, money, the order of reserving."""

import random
from datetime import date
from typing import Any

import pytest

from services.matcher.domain import (
    COMMITTABLE,
    DECLINED,
    KEPT,
    PROPOSAL,
    SPOKEN_FOR,
    STAYING,
    LineLimit,
    Take,
    convert,
    line_limits,
    reserving_order,
    split_proposal_id,
    visible_serves,
)
from shared.lifecycle import IllegalTransition
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT


def line(**fields: Any) -> dict[str, Any]:
    """A need line with nothing known but what is given."""
    empty = {"quantity": None, "unit": None, "amount_cents": None, "currency": None}
    return {"line": 1, "kind": "equipment", "confidential": False, **empty, **fields}


MONEY = {"amount_cents": 16_800_000, "currency": "USD"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quantity": 4, "unit": "machines", **MONEY}, ("quantity", "machines", 4_000)),
        ({"quantity": 2.125, "unit": "courses"}, ("quantity", "courses", 2_125)),
        ({"quantity": 3}, ("quantity", UNNAMED_UNIT, 3_000)),
        (MONEY, ("money", "USD", 16_800_000)),
        (
            {"kind": "funding", "quantity": 1, "unit": "projects", **MONEY},
            ("money", "USD", 16_800_000),
        ),
        ({"kind": "funding", "quantity": 1, "unit": "projects"}, ("quantity", "projects", 1_000)),
        ({}, ("quantity", WHOLE_UNIT, 1_000)),
        ({"quantity": 0, "unit": "machines"}, ("quantity", "machines", 0)),
    ],
)
def test_a_line_is_counted_in_one_unit_only(
    fields: dict[str, Any], expected: tuple[str, str, int]
) -> None:
    (limit,) = line_limits("request", {"needs": [line(**fields)]})
    assert (limit.measure, limit.unit, limit.limit) == expected


def test_a_provision_is_counted_by_its_capacity() -> None:
    provision = {"line": 2, "kind": "training", "capacity": 20, "unit": "persons"}
    provision |= {"amount_cents": None, "currency": None}
    assert line_limits("offer", {"provisions": [provision]}) == (
        LineLimit(2, "quantity", "persons", 20_000),
    )


def test_money_is_converted_at_the_days_rate_to_whole_cents() -> None:
    assert convert(12_345, "USD", "USD", date(2026, 1, 1)) == 12_345
    euros = convert(10_000, "USD", "EUR", date(2025, 6, 2))
    assert abs(convert(euros, "EUR", "USD", date(2025, 6, 2)) - 10_000) <= 1


def test_every_commitment_reserves_in_one_order() -> None:
    takes = [
        Take("request", "b", 1, "quantity", "machines", 1),
        Take("offer", "c", 2, "money", "USD", 1),
        Take("offer", "c", 1, "money", "USD", 1),
    ]
    assert reserving_order(takes) == reserving_order(reversed(takes))


@pytest.mark.parametrize("text", ["", "abc", "abc.", ".abc"])
def test_what_is_no_proposals_id_is_told(text: str) -> None:
    assert split_proposal_id(text) is None


LIFE = {
    "proposed": "endorse reject fall",
    "endorsed": "reject donor-agree state-agree decline lapse fall",
    "donor-agreed": "reject agree decline lapse fall",
    "state-agreed": "reject agree decline lapse reconsider fall",
    "agreed": "reject decline reconsider-agreed fall commit",
    "rejected": "endorse reopen",
    "declined": "reopen",
    "lapsed": "endorse reject fall",
    "fallen": "reopen",
    "committed": "release start",
    "released": "endorse reject decline fall commit",
    "delivering": "release deliver",
    "delivered": "follow-up close",
    "follow-up": "close",
    "closed": "",
}


def test_the_steps_of_a_proposal_that_each_state_allows_and_no_other() -> None:
    assert set(PROPOSAL.states) == LIFE.keys()
    for state, allowed in LIFE.items():
        assert PROPOSAL.allowed(state) == tuple(allowed.split())
        for action in PROPOSAL.steps.keys() - set(allowed.split()):
            with pytest.raises(IllegalTransition):
                PROPOSAL.target(action, state)
    assert [state for state in PROPOSAL.states if PROPOSAL.is_final(state)] == ["closed"]


def test_nothing_is_committed_without_both_sides_and_nothing_leaves_what_was_delivered() -> None:
    """A hundred thousand random steps: what must have come before whatever came."""
    steps = random.Random(7)
    state, consent = PROPOSAL.initial, set[str]()
    seen = set()
    for _ in range(100_000):
        action = steps.choice(list(PROPOSAL.steps))
        if action not in PROPOSAL.allowed(state):
            continue
        before, state = state, PROPOSAL.target(action, state)
        consent = _consent(action, before, consent)
        if state in KEPT:
            assert consent == {"donor", "state"}
        if before in {"delivered", "follow-up"}:
            assert state in {"follow-up", "closed"}
        seen.add(state)
        if PROPOSAL.is_final(state):
            state, consent = PROPOSAL.initial, set()
    assert seen == set(PROPOSAL.states)


def _consent(action: str, before: str, consent: set[str]) -> set[str]:
    """Who has agreed after a step."""
    if action in {"endorse", "reopen"}:
        return set()
    if action in {"donor-agree", "state-agree"}:
        return {action.removesuffix("-agree")}
    if action == "agree":
        return consent | {"state" if before == "donor-agreed" else "donor"}
    return consent - {"state"} if action.startswith("reconsider") else consent


def test_what_happens_between_steps_happens_in_states_that_there_are() -> None:
    assert set().union(*STAYING.values()) <= set(PROPOSAL.states)
    assert not STAYING.keys() & PROPOSAL.steps.keys()
    assert set(PROPOSAL.states) >= SPOKEN_FOR | COMMITTABLE | KEPT | DECLINED


def test_hidden_need_lines_are_left_out_of_what_is_served() -> None:
    serves = [{"need": 1, "provision": 1}, {"need": 2, "provision": 1}]
    assert visible_serves(serves, frozenset({2})) == serves[:1]
