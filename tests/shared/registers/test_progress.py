"""How far help has come with a line: pledged, committed, given, in what it is counted in."""

from typing import Any

import pytest

from shared.lifecycle import PLEDGED
from shared.registers.counting import Counted
from shared.registers.progress import Progress

MACHINES = Counted("quantity", "machines", 10_000)
DOLLARS = Counted("money", "USD", 100_000)


def line(amount: int, own: Counted = MACHINES, number: int = 1, **of: str) -> dict[str, Any]:
    """An amount of a line, as events have it."""
    return {"line": number, "measure": own.measure, "unit": own.unit, "amount": amount, **of}


def match(id_: str, status: str, **of: Any) -> dict[str, Any]:
    """A match as it is stored."""
    return {"_id": id_, "status": status, "request": "r", "offer": "o", **of}


def commitment(
    match_id: str | None, lines: list[dict[str, Any]], met: list[dict[str, Any]]
) -> dict[str, Any]:
    """A commitment as it is stored."""
    lines = [{**one, "record": "r"} for one in lines]
    return {"match": match_id, "lines": lines, "met": [{**one, "record": "o"} for one in met]}


def progress(*parts: dict[str, Any]) -> Progress:
    """Of a request with these matches and commitments."""
    matches = {one["_id"]: one for one in parts if "_id" in one}
    return Progress("request", matches, [one for one in parts if "_id" not in one])


def test_a_pledge_counts_while_it_stands_and_a_commitment_is_one_too() -> None:
    pledged = [line(4000, side="request"), line(9000, side="offer")]
    for status in ("endorsed", "declined", "lapsed", "fallen", "released"):
        assert status not in PLEDGED
        assert progress(match("m", status, pledged=pledged)).pledged(1, MACHINES) == 0
    agreed = match("m", "agreed", pledged=pledged)
    assert progress(agreed).pledged(1, MACHINES) == 4000
    held = commitment("m", [line(3000)], [line(3000)])
    assert progress(agreed, held).pledged(1, MACHINES) == 4000
    assert progress(match("m", "committed"), held).pledged(1, MACHINES) == 3000
    standing = commitment(None, [line(2000)], [])
    assert progress(agreed, held, standing).pledged(1, MACHINES) == 6000
    assert progress(agreed, held, standing).committed(1, MACHINES) == 5000
    assert progress(agreed).pledged(2, MACHINES) == progress(agreed).pledged(1, DOLLARS) == 0


def test_a_pledge_in_another_unit_is_known_until_its_commitment_says_how_much_it_is() -> None:
    other = {"pledged": [line(5000, DOLLARS, side="offer")], "pledged_otherwise": [1]}
    agreed = match("m", "donor-agreed", **other)
    assert progress(agreed).pledged_otherwise(1)
    assert not progress(agreed).pledged_otherwise(2)
    assert not progress(match("m", "declined", **other)).pledged_otherwise(1)
    assert not progress(match("m", "agreed")).pledged_otherwise(1)
    held = commitment("m", [line(3000)], [line(5000, DOLLARS)])
    assert not progress(agreed, held).pledged_otherwise(1)
    assert progress(agreed, commitment("n", [line(3000)], [])).pledged_otherwise(1)


@pytest.mark.parametrize(
    ("status", "reported", "delivered"),
    [
        ("committed", [], 0),
        ("delivering", [], 0),
        ("delivering", [line(1000, side="donor")], 1000),
        ("delivering", [line(3000, side="donor"), line(2000, side="state")], 2000),
        ("delivering", [line(0, side="state"), line(3000, side="donor")], 0),
        ("delivered", [], 3000),
        ("closed", [line(2000, side="state")], 2000),
        ("delivered", [line(9000, side="donor")], 3000),
        ("delivered", [line(1000, number=2, side="donor")], 3000),
    ],
)
def test_what_is_delivered_goes_by_what_is_told(
    status: str, reported: list[dict[str, Any]], delivered: int
) -> None:
    held = commitment("m", [line(3000)], [line(3000)])
    found = progress(match("m", status, reported=reported), held)
    assert found.delivered(1, MACHINES) == delivered


def test_dollars_that_meet_machines_deliver_their_part_of_them() -> None:
    half = match("m", "delivering", reported=[line(40_000, DOLLARS, side="donor")])
    held = commitment("m", [line(4000)], [line(80_000, DOLLARS)])
    assert progress(half, held).delivered(1, MACHINES) == 2000


def test_what_meets_a_line_in_its_own_unit_tells_of_it_alone() -> None:
    courses = Counted("quantity", "courses", 2000)
    told = match("m", "delivering", reported=[line(4000, side="state")])
    lines = [line(4000), line(2000, courses, 2)]
    held = commitment("m", lines, lines)
    assert progress(told, held).delivered(1, MACHINES) == 4000
    assert progress(told, held).delivered(2, courses) == 0


def test_two_commitments_of_a_match_share_what_is_told_of_their_line() -> None:
    told = match("m", "delivering", reported=[line(3000, side="donor")])
    held = [commitment("m", [line(amount)], [line(amount)]) for amount in (4000, 2000)]
    assert progress(told, *held).delivered(1, MACHINES) == 3000


def test_what_no_match_gives_is_not_known_to_be_delivered() -> None:
    assert progress(commitment(None, [line(3000)], [])).delivered(1, MACHINES) == 0
    assert progress(commitment("gone", [line(3000)], [line(3000)])).delivered(1, MACHINES) == 0


def test_an_offers_line_shows_what_both_sides_tell_of_all_its_matches() -> None:
    matches = {
        id_: match(id_, "delivering", reported=[line(amount, side="donor")])
        for id_, amount in (("a", 3000), ("b", 500))
    }
    found = Progress("offer", matches, [])
    assert found.reported(1, MACHINES, by="donor") == 3500
    assert found.reported(1, MACHINES, by="state") is None
    assert found.reported(2, MACHINES, by="donor") is None
