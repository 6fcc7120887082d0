"""The matcher's rules: ledger lines and their units, money, the order of reserving."""

from datetime import date
from typing import Any

import pytest

from services.matcher.domain import (
    PROPOSAL,
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


def test_a_committed_proposal_cannot_be_rejected_before_it_is_released() -> None:
    with pytest.raises(IllegalTransition):
        PROPOSAL.target("reject", "committed")


def test_a_proposal_must_be_endorsed_before_it_is_committed() -> None:
    with pytest.raises(IllegalTransition):
        PROPOSAL.target("commit", "proposed")


def test_hidden_need_lines_are_left_out_of_what_is_served() -> None:
    serves = [{"need": 1, "provision": 1}, {"need": 2, "provision": 1}]
    assert visible_serves(serves, frozenset({2})) == serves[:1]
