"""What a pledge of an offer's lines is of the need lines that these serve."""

from datetime import date

import pytest

from services.matcher.documents import RecordView, ViewLine
from services.matcher.domain import convert
from services.matcher.life_documents import ToldLine
from services.matcher.pledges import pledged_needs

ON = date(2025, 6, 2)


def view_line(number: int, unit: str, limit: int, measure: str = "quantity") -> ViewLine:
    """A line of the request."""
    return ViewLine(line=number, measure=measure, unit=unit, limit=limit, confidential=False)


def pledge(number: int, unit: str, amount: int, measure: str = "quantity") -> ToldLine:
    """So much of a line of the offer."""
    return ToldLine(line=number, measure=measure, unit=unit, amount=amount)


def pledged(
    needs: list[ViewLine], serves: list[tuple[int, int]], *pledges: ToldLine
) -> list[ToldLine]:
    """What pledges are of needs that are served by (need, provision) pairs."""
    request = RecordView(id="request:r", side="request", record="r", lines=needs)
    pairs = [{"need": need, "provision": provision} for need, provision in serves]
    return pledged_needs(request, pairs, pledges, ON)


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
