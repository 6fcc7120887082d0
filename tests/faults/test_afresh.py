"""What cases there should be, of records that are compared anew."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from services.matcher.coverage_documents import CoverageCase
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.material import MaterialSide, material
from shared.events.envelope import Event
from tests.faults.afresh import Known, Records, due_coverage, due_duplicates
from tests.services.matcher.records import activity_event, offer_event, request_event

DAY = date(2026, 3, 5)
SIDES: Mapping[MaterialSide, Callable[..., Event]] = {
    "request": request_event,
    "offer": offer_event,
    "activity": activity_event,
}
ALIKE, COVERED = "duplicate request r1 r2", "coverage r1 1 a1"


def known(side: MaterialSide, id_: str, **fields: Any) -> Known:
    event = SIDES[side](id_, **fields)
    return Known(event.version, event.data, material(side, event.data))


def told(**of_r1: Any) -> Records:
    """Two requests that ask for the same, and assistance that gives it to the first one's State."""
    first = known("request", "r1", **of_r1)
    second = known("request", "r2")
    return {
        "request": {"r1": first, "r2": second},
        "offer": {"o1": known("offer", "o1")},
        "activity": {"a1": known("activity", "a1", country=first.data["country"])},
    }


def alike(records: Records, *kept: DuplicateCase) -> dict[str, tuple[str, bool]]:
    """By pair the state that its case should be in, and whether it tells how alike they are."""
    due = due_duplicates(records, kept, DAY)
    return {one.pair: (one.status, one.score is not None) for one in due}


def covered(records: Records, *kept: CoverageCase) -> dict[str, tuple[str, bool]]:
    """The same of need lines and activities."""
    due = due_coverage(records, kept, DAY)
    return {one.pair: (one.status, one.score is not None) for one in due}


def settled(side: MaterialSide, id_: str, **fields: Any) -> str:
    return known(side, id_, **fields).material


def pair(status: str, **fields: Any) -> DuplicateCase:
    return DuplicateCase(side="request", left="r1", right="r2", status=status, **fields)


def case(status: str, **fields: Any) -> CoverageCase:
    return CoverageCase(request="r1", line=1, activity="a1", status=status, **fields)


OTHER = {"country": "MLI"}


def test_what_is_alike_should_have_an_open_case() -> None:
    assert alike(told()) == {ALIKE: ("open", True)}
    assert covered(told())[COVERED] == ("open", True)


@pytest.mark.parametrize("fields", [{"status": "withdrawn"}, OTHER])
def test_what_is_closed_or_not_alike_should_have_none(fields: dict[str, Any]) -> None:
    assert alike(told(**fields)) == {}
    assert alike(told(**fields), pair("open")) == {ALIKE: ("closed", False)}
    assert alike(told(**fields), pair("dismissed")) == {ALIKE: ("dismissed", False)}


@pytest.mark.parametrize("status", ["open", "closed", "merged"])
def test_what_nobody_decided_on_should_be_open_again(status: str) -> None:
    assert alike(told(), pair(status)) == {ALIKE: ("open", True)}


def test_what_was_decided_stays_until_either_changes_materially() -> None:
    same = pair("linked", left_settled=settled("request", "r1"))
    other = pair("linked", left_settled=settled("request", "r1", **OTHER))
    assert alike(told(), same) == {ALIKE: ("linked", True)}
    assert alike(told(), other) == {ALIKE: ("open", True)}


def test_what_was_merged_should_say_so() -> None:
    merged = told(status="merged", merged_into="r2")
    assert alike(merged, pair("open")) == {ALIKE: ("merged", False)}


def test_coverage_that_was_decided_on_stays_until_either_falls_or_changes() -> None:
    own, other = settled("activity", "a1"), settled("activity", "a1", **OTHER)
    dismissed = case("dismissed", activity_settled=own)
    assert covered(told(), dismissed)[COVERED] == ("dismissed", False)
    assert covered(told(), case("dismissed", activity_settled=other))[COVERED] == ("open", True)
    assert covered(told(), case("confirmed"))[COVERED] == ("confirmed", True)
    assert covered(told(status="withdrawn"), case("confirmed"))[COVERED] == ("closed", False)
    assert covered(told(status="closed"), case("confirmed"))[COVERED] == ("confirmed", False)


def test_of_what_is_gone_nothing_should_be_open() -> None:
    records = {**told(), "request": {}, "activity": {}}
    assert alike(records, pair("open")) == {ALIKE: ("closed", False)}
    assert covered(records, case("open")) == {COVERED: ("closed", False)}
