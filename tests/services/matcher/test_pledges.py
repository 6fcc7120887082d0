"""What a pledge of an offer's lines is of the need lines that these serve."""

from collections.abc import Sequence
from datetime import date

import pytest

from services.matcher.domain import convert
from services.matcher.life_documents import ToldLine
from services.matcher.pledges import pledged_needs
from services.matcher.record_views import Line, View

ON = date(2025, 6, 2)


def view_line(
    number: int, unit: str, limit: int, measure: str = "quantity", dollars: int | None = None
) -> Line:
    """A line of the request or the offer, worth so many dollars."""
    worth = (None, None) if dollars is None else (dollars * 100, "USD")
    return Line(number, measure, unit, limit, worth_cents=worth[0], worth_currency=worth[1])


def pledge(number: int, unit: str, amount: int, measure: str = "quantity") -> ToldLine:
    """So much of a line of the offer."""
    return ToldLine(line=number, measure=measure, unit=unit, amount=amount)


def view(side: str, lines: Sequence[Line]) -> View:
    """A record with these lines."""
    return View(f"{side}:x", side, "x", 1, 1, "published", lines=lines)


def pledged(
    needs: list[Line],
    serves: list[tuple[int, int]],
    *pledges: ToldLine,
    dollars: int | None = None,
) -> list[ToldLine]:
    """What pledges are of needs that are served by (need, provision) pairs.

    Of each line that is pledged of the offer has ten, worth so many dollars.
    """
    given = {
        one.line: view_line(one.line, one.unit, 10_000, one.measure, dollars) for one in pledges
    }
    pairs = [{"need": need, "provision": provision} for need, provision in serves]
    offer = view("offer", list(given.values()))
    return pledged_needs(view("request", needs), offer, pairs, pledges, ON)


MACHINES = [view_line(1, "machines", 4000), view_line(2, "machines", 5000)]


@pytest.mark.parametrize(
    ("serves", "pledges", "expected"),
    [
        ([(1, 1)], [pledge(1, "machines", 3000)], [(1, 3000)]),
        ([(1, 1)], [pledge(1, "machines", 9000)], [(1, 4000)]),
        ([(2, 1), (1, 1)], [pledge(1, "machines", 6000)], [(1, 1000), (2, 5000)]),
        ([(1, 1), (1, 2)], [pledge(n, "machines", 3000) for n in (1, 2)], [(1, 4000)]),
        ([(1, 1)], [pledge(2, "machines", 3000)], []),
        ([(3, 1)], [pledge(1, "machines", 3000)], []),
        ([(1, 1)], [pledge(1, "courses", 3000)], []),
        ([(1, 1)], [pledge(1, "USD", 3000, "money")], []),
        ([(1, 1)], [], []),
        ([], [pledge(1, "machines", 3000)], []),
    ],
)
def test_pledges_go_to_what_they_serve(
    serves: list[tuple[int, int]], pledges: list[ToldLine], expected: list[tuple[int, int]]
) -> None:
    found = pledged(MACHINES, serves, *pledges)
    assert [(one.line, one.amount) for one in found] == expected


def test_money_is_reckoned_in_the_needs_currency() -> None:
    needs = [view_line(1, "EUR", 10_000, "money"), view_line(2, "USD", 50_000, "money")]
    dollars = pledge(1, "USD", 30_000, "money")
    first, second = (one.amount for one in pledged(needs, [(1, 1), (2, 1)], dollars))
    assert first == 10_000
    assert abs(second + convert(10_000, "EUR", "USD", ON) - 30_000) <= 1
    assert pledged(needs, [(1, 1)], pledge(1, "XXX", 30_000, "money")) == []


@pytest.mark.parametrize(
    ("unit", "amount", "asked", "dollars", "expected"),
    [
        ("devices", 3_000, 144_000, 470_000, [3_000]),  # 2.94 machines
        ("devices", 2_000, 144_000, 960_000, [3_000]),  # 4 machines, and no more than are needed
        ("devices", 1_000, 144_000, 200_000, []),  # not half a machine
        ("devices", 3_000, None, 470_000, []),
        ("devices", 3_000, 144_000, None, []),
        ("whole", 1_000, 144_000, 470_000, []),
        ("machines", 2_000, 144_000, 470_000, [2_000]),
    ],
)
def test_another_unit_is_reckoned_by_what_both_lines_are_worth(
    unit: str, amount: int, asked: int | None, dollars: int | None, expected: list[int]
) -> None:
    needs = [view_line(1, "machines", 3_000, dollars=asked)]
    found = pledged(needs, [(1, 1)], pledge(1, unit, amount), dollars=dollars)
    assert [one.amount for one in found] == expected


def test_what_has_parts_is_reckoned_in_parts() -> None:
    needs = [view_line(1, "tonnes", 3_000, dollars=3_000)]
    (found,) = pledged(needs, [(1, 1)], pledge(1, "machines", 1_000), dollars=2_500)
    assert found.amount == 250


def test_units_that_nobody_knows_are_not_one_unit() -> None:
    needs = [view_line(1, "unspecified", 10_000)]
    assert pledged(needs, [(1, 1)], pledge(1, "unspecified", 2_000)) == []
    needs = [view_line(1, "unspecified", 10_000, dollars=100_000)]
    (found,) = pledged(needs, [(1, 1)], pledge(1, "unspecified", 2_000), dollars=500_000)
    assert found.amount == 10_000
