"""One ledger line: holding, giving back, limits by version, cases."""

import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.matcher.domain import LineLimit, Take
from services.matcher.ledger import (
    Limits,
    Outcome,
    release,
    reserve,
    set_limits,
)
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from shared.events.versions import Version
from tests.services.matcher.records import NOW


def limits(number: int, limit: int = 10_000, *, open: bool = True, epoch: int = 1) -> Limits:  # noqa: A002
    """Limits of one line of the record `r`."""
    line = LineLimit(1, "quantity", "machines", limit)
    return Limits("request", "r", Version(epoch, number), open, [line])


def take(amount: int, line: int = 1) -> Take:
    """What is taken of a line of the record `r`."""
    return Take("request", "r", line, "quantity", "machines", amount)


def stored() -> Any:
    """The line as it is stored."""
    return LedgerLine.objects(record="r").get()


def amounts() -> tuple[int, int, int]:
    """Limit, held, free; checked against the holds."""
    line = stored()
    assert line.held == sum(hold.amount for hold in line.holds)
    assert line.free == line.limit - line.held
    return line.limit, line.held, line.free


def test_holds_up_to_the_limit_and_not_above() -> None:
    set_limits([limits(1)], NOW)
    assert reserve(take(6_000), "c1") is Outcome.HELD
    assert reserve(take(4_001), "c2") is Outcome.INSUFFICIENT
    assert reserve(take(4_000), "c3") is Outcome.HELD
    assert amounts() == (10_000, 10_000, 0)


def test_holding_twice_for_one_commitment_holds_once() -> None:
    set_limits([limits(1)], NOW)
    assert [reserve(take(6_000), "c1") for _ in range(2)] == [Outcome.HELD, Outcome.HELD]
    assert amounts() == (10_000, 6_000, 4_000)


def test_a_released_commitment_cannot_hold_again() -> None:
    set_limits([limits(1)], NOW)
    reserve(take(6_000), "c1")
    release(take(6_000), "c1")
    release(take(6_000), "c1")
    assert reserve(take(6_000), "c1") is Outcome.RELEASED
    assert amounts() == (10_000, 0, 10_000)


def test_a_release_before_the_hold_keeps_the_late_hold_away() -> None:
    set_limits([limits(1)], NOW)
    release(take(6_000), "c1")
    assert reserve(take(6_000), "c1") is Outcome.RELEASED


def test_a_release_of_a_line_not_yet_known_is_remembered() -> None:
    release(take(6_000), "c1")
    set_limits([limits(1)], NOW)
    assert reserve(take(6_000), "c1") is Outcome.RELEASED
    assert amounts() == (10_000, 0, 10_000)


def test_unknown_and_closed_lines_take_no_holds() -> None:
    assert reserve(take(1), "c1") is Outcome.UNKNOWN
    set_limits([limits(1, open=False)], NOW)
    assert reserve(take(1), "c1") is Outcome.CLOSED


def test_limits_follow_the_newest_version_whatever_the_order() -> None:
    versions = [limits(1, 1_000), limits(2, 2_000), limits(3, 3_000), limits(1, 4_000, epoch=2)]
    random.Random(7).shuffle(versions)
    for version in versions:
        set_limits([version], NOW)
        set_limits([version], NOW)
    assert amounts() == (4_000, 0, 4_000)


def test_a_lowered_limit_opens_a_case_and_a_raised_one_resolves_it() -> None:
    set_limits([limits(1)], NOW)
    reserve(take(6_000), "c1")
    set_limits([limits(2, 4_000)], NOW)
    assert amounts() == (4_000, 6_000, -2_000)
    case = LedgerCase.objects.get()
    assert (case.status, case.limit, case.held) == ("open", 4_000, 6_000)
    set_limits([limits(3, 5_000)], NOW + timedelta(hours=1))
    case.reload()
    assert (case.status, case.limit, case.opened_at) == ("open", 5_000, NOW)
    set_limits([limits(4)], NOW + timedelta(hours=2))
    case.reload()
    assert (case.status, case.resolved_at) == ("resolved", NOW + timedelta(hours=2))


def test_a_case_is_opened_even_if_the_event_that_lowered_the_limit_is_repeated() -> None:
    set_limits([limits(1)], NOW)
    reserve(take(6_000), "c1")
    set_limits([limits(2, 4_000)], NOW)
    LedgerCase.drop_collection()  # the process died between the limit and its case
    set_limits([limits(2, 4_000)], NOW)
    assert LedgerCase.objects.get().status == "open"


def test_a_dropped_line_and_a_changed_unit_leave_a_limit_of_nothing() -> None:
    set_limits([limits(1)], NOW)
    reserve(take(6_000), "c1")
    pieces = LineLimit(1, "quantity", "items", 3_000)
    set_limits([Limits("request", "r", Version(1, 2), True, [pieces])], NOW)
    by_unit = {line.unit: line for line in LedgerLine.objects(record="r")}
    assert (by_unit["machines"].limit, by_unit["machines"].open) == (0, False)
    assert (by_unit["items"].limit, by_unit["items"].free) == (3_000, 3_000)
    assert LedgerCase.objects.get().unit == "machines"


def of_line(
    version: Version,
    line: int | None,
    unit: str = "machines",
    *,
    numbers: frozenset[int] | None = None,
) -> Limits:
    """A version of `r` that has this line alone, or none; the numbers are its own unless given."""
    lines = [] if line is None else [LineLimit(line, "quantity", unit, 1_000)]
    own = frozenset(() if line is None else (line,))
    return Limits("request", "r", version, True, lines, own if numbers is None else numbers)


def told() -> dict[tuple[int, str], tuple[int, bool]]:
    """By line and unit in which version it was written last, and whether it is open."""
    return {(one.line, one.unit): (one.number, one.open) for one in LedgerLine.objects}


def test_lines_that_were_replaced_are_not_written_with_each_version() -> None:
    for number in range(1, 5):
        set_limits([of_line(Version(1, number), number)], NOW)
    lines = {1: (2, False), 2: (3, False), 3: (4, False), 4: (4, True)}
    assert told() == {(line, "machines"): value for line, value in lines.items()}
    set_limits([of_line(Version(1, 3), 3)], NOW)  # late
    assert told()[3, "machines"] == (4, False)


def test_a_unit_that_was_there_before_the_line_went_does_not_come_back_late() -> None:
    set_limits([of_line(Version(1, 1), 1)], NOW)
    set_limits([of_line(Version(1, 2), 1, "items")], NOW)
    set_limits([of_line(Version(1, 4), 2)], NOW)
    set_limits([of_line(Version(1, 3), 1)], NOW)  # late
    assert told() == {
        (1, "machines"): (4, False),
        (1, "items"): (4, False),
        (2, "machines"): (4, True),
    }


def test_a_merger_that_was_undone_before_the_line_went_does_not_come_back_late() -> None:
    set_limits([of_line(Version(1, 1), 1)], NOW)
    set_limits([of_line(Version(1, 2), None, numbers=frozenset({1}))], NOW)
    set_limits([of_line(Version(1, 4), 2)], NOW)
    set_limits([of_line(Version(1, 3), 1)], NOW)  # late
    assert told()[1, "machines"] == (4, False)


def test_a_number_that_is_given_out_again_after_a_restore_does_not_come_back_late() -> None:
    set_limits([of_line(Version(1, 1), 5)], NOW)
    set_limits([of_line(Version(1, 2), 6)], NOW)
    set_limits([of_line(Version(2, 1), 4)], NOW)
    set_limits([of_line(Version(2, 3), 6)], NOW)
    set_limits([of_line(Version(2, 2), 5)], NOW)  # late
    assert told()[5, "machines"] == (3, False)


def test_closing_keeps_what_is_promised_without_a_case() -> None:
    set_limits([limits(1)], NOW)
    reserve(take(6_000), "c1")
    set_limits([limits(2, open=False)], NOW)
    assert reserve(take(1), "c2") is Outcome.CLOSED
    assert LedgerCase.objects.count() == 0


@pytest.fixture(autouse=True)
def _consistent(database: object) -> Iterator[None]:
    yield
    for line in LedgerLine.objects:
        assert line.held == sum(hold.amount for hold in line.holds)
        assert line.free == line.limit - line.held
