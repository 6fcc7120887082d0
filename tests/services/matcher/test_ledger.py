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


def test_lines_that_were_replaced_are_not_written_with_each_version() -> None:
    for number in range(1, 5):
        line = LineLimit(number, "quantity", "machines", 1_000)
        named = frozenset({number})
        set_limits([Limits("request", "r", Version(1, number), True, [line], named)], NOW)
    at = {line.line: (line.number, line.open, line.limit) for line in LedgerLine.objects}
    assert at == {1: (2, False, 0), 2: (3, False, 0), 3: (4, False, 0), 4: (4, True, 1_000)}
    late = LineLimit(3, "quantity", "machines", 1_000)
    set_limits([Limits("request", "r", Version(1, 3), True, [late], frozenset({3}))], NOW)
    assert LedgerLine.objects.get(line=3).open is False


def test_a_unit_that_may_come_back_follows_each_version() -> None:
    units = ("machines", "items", "sets", "sets")
    for number, unit in enumerate(units, 1):
        line = LineLimit(1, "quantity", unit, 1_000)
        set_limits([Limits("request", "r", Version(1, number), True, [line], frozenset({1}))], NOW)
    assert {line.unit: line.number for line in LedgerLine.objects} == dict.fromkeys(units, 4)


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
