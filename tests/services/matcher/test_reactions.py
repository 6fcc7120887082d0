"""What the matcher keeps of requests and offers: views and limits, by version."""

import random

import pytest

from services.matcher.engine.stated import unpacked
from services.matcher.ledger import reserve
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from services.matcher.reactions import keep_records
from services.matcher.record_views import View, stored_view
from shared.events.envelope import Event
from tests.services.matcher.records import (
    NOW,
    commitment_line,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)

pytestmark = pytest.mark.usefixtures("database")

keep = keep_records(lambda: NOW)


def view(side: str, record: str) -> View:
    """The stored view."""
    found = stored_view(side, record)
    assert found is not None
    return found


def test_views_hold_what_the_api_needs() -> None:
    lines = [need(1), need(2, confidential=True, kind="funding")]
    keep([request_event("r", needs=lines), offer_event("o")])
    request, offer = view("request", "r"), view("offer", "o")
    assert (request.owner, request.status, request.hidden_lines) == ("SEN", "circulated", {2})
    assert [(line.measure, line.unit) for line in request.lines] == [
        ("quantity", "machines"),
        ("money", "USD"),
    ]
    assert (offer.owner, offer.conditions) == ("66f0000000000000000000d1", ["reporting"])
    assert set(unpacked(request.stated).lines) == {1, 2}
    assert unpacked(offer.stated).named[0].concept == "marking-machine"


def test_the_newest_version_stays_whatever_the_order() -> None:
    events: list[Event] = [
        request_event("r", number, needs=[need(quantity=number)]) for number in range(1, 6)
    ]
    random.Random(3).shuffle(events)
    for event in events:
        keep([event])
    keep(events)
    assert view("request", "r").number == 5
    assert LedgerLine.objects.get(record="r").limit == 5_000


@pytest.mark.parametrize(
    ("status", "limit", "is_open", "cases"),
    [
        ("published", 4_000, True, 0),
        ("closed", 4_000, False, 0),
        ("withdrawn", 0, False, 1),
        ("merged", 0, False, 1),
    ],
)
def test_what_a_state_means_for_the_ledger(
    status: str, limit: int, is_open: bool, cases: int
) -> None:
    keep([request_event("r")])
    reserve(commitment_line("request", "r", 1_000).take(), "c")
    keep([request_event("r", 2, status=status)])
    line = LedgerLine.objects.get(record="r")
    assert (line.limit, line.open, line.held) == (limit, is_open, 1_000)
    assert LedgerCase.objects.count() == cases


def test_a_submitted_request_takes_no_holds() -> None:
    keep([request_event("r", status="submitted")])
    assert LedgerLine.objects.get(record="r").open is False


def test_a_tombstone_leaves_nothing_to_take() -> None:
    keep([offer_event("o", provisions=[provision(capacity=3)])])
    keep([tombstone(offer_event("o"))])
    assert view("offer", "o").status == "gone"
    assert view("offer", "o").stated is None
    assert LedgerLine.objects.get(record="o").limit == 0


def test_a_tombstone_of_something_never_heard_of_is_kept_for_what_comes_late() -> None:
    keep([tombstone(offer_event("o"))])
    keep([offer_event("o")])
    assert view("offer", "o").status == "gone"
    assert LedgerLine.objects.count() == 0


def test_a_request_and_an_offer_with_one_id_leave_each_other_alone() -> None:
    keep([request_event("same"), offer_event("same", 2)])
    assert (view("request", "same").number, view("offer", "same").number) == (1, 2)
    keep([offer_event("same", 3, provisions=[provision(capacity=3)])])
    limits = {(line.side, line.limit, line.open) for line in LedgerLine.objects(record="same")}
    assert limits == {("request", 4_000, True), ("offer", 3_000, True)}
    reserve(commitment_line("request", "same", 1_000).take(), "c")
    keep([request_event("same", 9, status="withdrawn"), offer_event("same", 4)])
    assert LedgerLine.objects.get(record="same", side="offer").open is True
    assert [case.side for case in LedgerCase.objects(status="open")] == ["request"]
