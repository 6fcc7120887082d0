"""Cases of coverage: opened, closed by themselves, settled in the ledger."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.database import Database

from services.matcher import commitments, coverage_holds, ledger
from services.matcher.coverage_documents import CoverageCase
from services.matcher.coverage_holds import settle
from services.matcher.coverages import decide
from services.matcher.documents import Commitment, CommitmentLine
from services.matcher.domain import Take
from services.matcher.ledger_documents import LedgerLine
from services.matcher.metrics import NOT_DONE
from shared.events.outbox import change
from shared.lifecycle import IllegalTransition
from shared.web.identity import Identity
from tests.services.matcher.covered import Worker, case, status
from tests.services.matcher.records import (
    NOW,
    activity_event,
    commitment_line,
    need,
    request_event,
    tombstone,
)

COORDINATOR = Identity(subject="c", role="coordinator")
UNTOLD = {"signature": None}
LINE = "request:r1:1:quantity:machines"

pytestmark = pytest.mark.usefixtures("database")


def request(number: int = 1, **fields: Any) -> Any:
    return request_event("r1", number, **UNTOLD, **fields)


@pytest.fixture
def worker(database: Database[dict[str, Any]]) -> Worker:
    return Worker()


@pytest.fixture
def found(worker: Worker) -> Worker:
    """A worker with an open case."""
    worker.hears(request(), activity_event("a1"))
    assert status() == "open"
    return worker


def confirm(amount: int = 4000) -> CoverageCase:
    line = commitment_line("request", "r1", amount)
    decide(case(), "confirm", None, line, None, COORDINATOR, NOW)
    return settle(case().id, NOW)


def dismiss() -> CoverageCase:
    decide(case(), "dismiss", "another place", None, None, COORDINATOR, NOW)
    return settle(case().id, NOW)


def held() -> int:
    line = LedgerLine.objects(id=LINE).first()
    assert line.held == sum(hold.amount for hold in line.holds)
    return int(line.held)


def test_a_case_tells_who_and_how_much(found: Worker) -> None:
    one = case()
    assert (one.request, one.line, one.activity, one.country) == ("r1", 1, "a1", "SEN")
    assert (one.basis, one.part, one.given, one.needed) == ("quantity", 1.0, 4000, 4000)
    assert (one.asks, one.gives) == (["marking", "equipment"], ["marking", "equipment"])
    assert (one.request_version, one.activity_version) == ("1.1", "1.1")
    assert one.event().data["status"] == "open"


def test_whatever_came_first_there_is_one_case(database: Database[dict[str, Any]]) -> None:
    events = [request(), activity_event("a1"), activity_event("a1", 2, status="planned")]
    for order in permutations(events):
        CoverageCase.objects.delete()
        worker = Worker()
        for event in order:
            worker.hears(event)
            worker.hears(event)
        assert status() == "open"
        assert case().activity_version == "1.2"
        assert CoverageCase.objects.count() == 1


@pytest.mark.parametrize(
    "event",
    [
        activity_event("a1", 2, status="cancelled"),
        activity_event("a1", 2, country="MLI"),
        activity_event("a1", 2, theme="reporting", kind="training"),
        activity_event("a1", 2, window={"from": "2020-01-01", "to": "2020-12-31"}),
        tombstone(activity_event("a1")),
        request(2, status="withdrawn"),
        tombstone(request()),
    ],
    ids=["cancelled", "moved", "other", "long finished", "gone", "withdrawn", "request gone"],
)
@pytest.mark.parametrize("confirmed", [False, True])
def test_a_case_closes_by_itself_and_gives_back(found: Worker, event: Any, confirmed: bool) -> None:
    if confirmed:
        assert confirm().commitment is not None
        assert held() == 4000
    found.hears(event)
    assert status() == "closed"
    assert case().commitment is None
    assert held() == 0


def test_what_comes_back_is_open_again(found: Worker) -> None:
    found.hears(activity_event("a1", 2, status="cancelled"))
    found.hears(activity_event("a1", 3))
    assert status() == "open"
    assert [step.action for step in case().history] == ["find", "close", "reopen"]


def test_what_was_completed_stays_covered(found: Worker) -> None:
    confirm()
    found.hears(activity_event("a1", 2, status="completed"))
    found.works(date(2029, 1, 1))
    assert status() == "confirmed"
    assert held() == 4000


def test_once_its_last_day_has_passed_the_need_is_open_again(found: Worker) -> None:
    confirm()
    found.works(date(2027, 6, 30))
    assert (status(), held()) == ("confirmed", 4000)
    found.works(date(2027, 7, 1))
    assert (status(), held(), case().commitments) == ("ended", 0, [])
    assert [step.action for step in case().history] == ["find", "confirm", "end"]
    assert case().event().data["status"] == "ended"
    found.works(date(2027, 7, 2))
    assert status() == "ended"


@pytest.mark.parametrize(
    "moved",
    [
        activity_event("a1", 2, window={"from": "2026-03-01", "to": "2028-06-30"}),
        activity_event("a1", 2, status="completed"),
    ],
    ids=["moved", "completed"],
)
def test_what_has_ended_takes_its_hold_again_once_it_has_not(found: Worker, moved: Any) -> None:
    confirm()
    found.works(date(2027, 7, 1))
    ledger.reserve(Take("request", "r1", 1, "quantity", "machines", 1000), "another")
    found.hears(moved)
    assert (status(), case().held, held()) == ("confirmed", 3000, 4000)
    assert case().history[-1].action == "resume"
    found.works(date(2028, 7, 1))
    ends_again = moved.data["status"] != "completed"
    assert (status(), held()) == (("ended", 1000) if ends_again else ("confirmed", 4000))


def test_another_day_comes_for_those_of_another_worker_and_after_a_restart(found: Worker) -> None:
    confirm()
    newcomer = Worker()
    newcomer.hears(request(), activity_event("a1"))
    newcomer.works(date(2027, 7, 1))
    assert (status(), held()) == ("ended", 0)


def test_the_last_day_of_what_covers_a_closed_request_comes_too(found: Worker) -> None:
    confirm()
    found.hears(request(2, status="closed"))
    found.works(date(2027, 7, 1))
    assert (status(), held()) == ("ended", 0)


def test_who_confirms_after_the_last_day_knew_of_it(found: Worker) -> None:
    confirm()
    found.works(date(2027, 7, 1))
    later = datetime(2027, 7, 2, 9, 0, tzinfo=UTC)
    line = commitment_line("request", "r1", 4000)
    decide(case(), "confirm", None, line, None, COORDINATOR, later)
    settle(case().id, later)
    found.works(date(2027, 7, 3))
    assert (status(), held()) == ("confirmed", 4000)


def test_what_has_ended_is_closed_when_it_is_cancelled_and_may_be_decided_on(found: Worker) -> None:
    confirm()
    found.works(date(2027, 7, 1))
    confirm(2000)
    assert held() == 2000
    dismiss()
    assert held() == 0
    confirm()
    found.works(date(2027, 7, 2))
    found.hears(activity_event("a1", 2, status="cancelled"))
    assert (status(), held()) == ("closed", 0)


def test_a_closed_request_stays_covered(found: Worker) -> None:
    confirm()
    found.hears(request(2, status="closed"))
    assert status() == "confirmed"
    assert held() == 4000


def test_what_was_dismissed_stays_so_until_something_material_changes(found: Worker) -> None:
    dismiss()
    found.hears(request(2, priority="low"), activity_event("a1", 2, status="planned"))
    assert status() == "dismissed"
    found.hears(activity_event("a1", 3, amount_cents=16_000_000))
    assert status() == "open"
    dismiss()
    found.hears(request(3, needs=[need(amount_cents=16_500_000)]))
    assert status() == "open"


def test_dismissing_what_was_confirmed_gives_back(found: Worker) -> None:
    confirm()
    assert dismiss().commitment is None
    assert held() == 0
    confirm(2000)
    assert held() == 2000
    assert len(Commitment.objects) == 2


def test_it_takes_no_more_than_is_free(found: Worker) -> None:
    ledger.reserve(Take("request", "r1", 1, "quantity", "machines", 3000), "another")
    one = confirm()
    assert (one.taken, one.wanted, held()) == (1000, 4000, 4000)
    assert LedgerLine.objects.get(id=LINE).free == 0


def test_nothing_free_is_nothing_held(found: Worker) -> None:
    ledger.reserve(Take("request", "r1", 1, "quantity", "machines", 4000), "another")
    one = confirm()
    assert (one.status, one.taken, one.commitment, one.owes) == ("confirmed", 0, None, False)
    assert not Commitment.objects


def another(amount: int) -> Take:
    return Take("request", "r1", 1, "quantity", "machines", amount)


def test_what_becomes_free_is_taken_by_the_sweep(found: Worker) -> None:
    ledger.reserve(another(4000), "another")
    assert (confirm().short, case().held) == (True, 0)
    assert coverage_holds.sweep(NOW) == 0
    ledger.release(another(4000), "another")
    assert coverage_holds.sweep(NOW) == 1
    assert (case().held, case().short, case().owes, held()) == (4000, False, False, 4000)
    assert coverage_holds.sweep(NOW) == 0


def test_what_becomes_free_in_parts_is_taken_beside_what_is_held(found: Worker) -> None:
    for name in ("x", "y", "z"):
        ledger.reserve(another(1000), name)
    first = confirm().commitment
    for name, now_held in (("x", 2000), ("y", 3000), ("z", 4000)):
        ledger.release(another(1000), name)
        assert coverage_holds.sweep(NOW) == 1
        assert case().held == now_held
    assert (case().short, case().commitments[0], len(case().commitments)) == (False, first, 4)
    assert {one.status for one in Commitment.objects} == {"held"}
    dismiss()
    assert (held(), case().commitments) == (0, [])


def test_a_little_that_becomes_free_again_and_again_is_waited_for(found: Worker) -> None:
    ledger.reserve(another(4000), "another")
    confirm()
    ledger.release(another(4000), "another")
    ledger.reserve(another(3801), "more")
    assert coverage_holds.sweep(NOW) == 0
    assert not Commitment.objects
    ledger.release(another(3801), "more")
    assert coverage_holds.sweep(NOW) == 1
    assert case().held == 4000


def test_a_crash_while_taking_more_is_made_good(
    found: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.reserve(another(3000), "another")
    confirm()
    ledger.release(another(3000), "another")

    def crash(*_: Any) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(coverage_holds, "_each", crash)
        with pytest.raises(CrashError):
            coverage_holds.sweep(NOW)
    assert (case().held, held()) == (1000, 1000)
    assert not case().owes
    coverage_holds._want_more(case().id, NOW)
    assert (case().held, case().owes) == (1000, True)
    coverage_holds.sweep(NOW)
    assert (case().held, case().owes, held()) == (4000, False, 4000)


def test_what_others_took_meanwhile_is_not_taken_again(
    found: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = coverage_holds.begin_with

    def others_first(commitment: Commitment, *rest: Any) -> Commitment:
        ledger.reserve(Take("request", "r1", 1, "quantity", "machines", 1500), "another")
        return begun(commitment, *rest)

    monkeypatch.setattr(coverage_holds, "begin_with", others_first)
    one = confirm()
    assert (one.taken, one.owes, held()) == (2500, False, 4000)
    refused, kept = sorted(Commitment.objects, key=lambda each: each.status, reverse=True)
    assert (refused.status, kept.status) == ("refused", "held")
    assert kept.id == one.commitment


def test_the_commitment_is_the_requests_side_alone(found: Worker) -> None:
    one = confirm()
    commitment = Commitment.objects.get(id=one.commitment)
    assert (commitment.coverage, commitment.match, commitment.offer) == (one.id, None, None)
    assert [line.side for line in commitment.lines] == ["request"]
    assert commitment.event().data["match"] is None


class CrashError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("name", ["_intend", "_hold", "begin_with"])
def test_a_crash_while_confirming_is_made_good_by_the_sweep(
    found: Worker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def crash(*_: Any) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(coverage_holds, name, crash)
        with pytest.raises(CrashError):
            confirm()
    assert coverage_holds.sweep(NOW) == 1
    assert (case().owes, held()) == (False, 4000)
    assert coverage_holds.sweep(NOW) == 0


@pytest.mark.parametrize("name", ["_give_back", "_done"])
def test_a_crash_while_giving_back_is_made_good_by_the_sweep(
    found: Worker, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    confirm()

    def crash(*_: Any) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(coverage_holds, name, crash)
        with pytest.raises(CrashError):
            dismiss()
    coverage_holds.sweep(NOW)
    assert (case().owes, case().commitment, held()) == (False, None, 0)


def test_who_was_about_to_hold_cannot_after_it_was_given_back(found: Worker) -> None:
    line = commitment_line("request", "r1", 4000)
    decide(case(), "confirm", None, line, None, COORDINATOR, NOW)
    late = coverage_holds._intend(case(), NOW)
    dismiss()
    coverage_holds._hold(late, NOW)
    commitments.recover(NOW)
    assert held() == 0


def test_steps_that_a_state_does_not_allow(found: Worker) -> None:
    dismiss()
    with pytest.raises(IllegalTransition):
        decide(case(), "dismiss", "again", None, None, COORDINATOR, NOW)
    found.hears(activity_event("a1", 2, status="cancelled"), activity_event("a2"))
    assert status(activity="a2") == "open"


def test_a_stalled_owner_writes_nothing(found: Worker) -> None:
    other = Worker()
    other.hears(request(), activity_event("a1"))
    assert found.hears(activity_event("a1", 2, status="cancelled")) == {len("r1") % 3}
    assert status() == "open"
    other.hears(activity_event("a1", 2, status="cancelled"))
    assert status() == "closed"


def test_what_a_bulk_did_not_do_is_done_alone_and_settled(
    found: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm()
    assert held() == 4000
    bulk_write = Collection.bulk_write

    def half_told(collection: Any, writes: Any, **options: Any) -> Any:
        """As where an answer is lost, and the driver sends it all once more."""
        if collection.name == "coverage_cases":
            bulk_write(collection, writes, **options)
        return bulk_write(collection, writes, **options)

    monkeypatch.setattr(Collection, "bulk_write", half_told)
    found.hears(activity_event("a1", 2, status="cancelled"))
    assert (status(), held(), case().owes) == ("closed", 0, False)


def test_older_versions_change_nothing(found: Worker) -> None:
    found.hears(activity_event("a1", 2, status="cancelled"))
    late = Worker()
    late.hears(request(), activity_event("a1"))
    assert status() == "closed"


def test_what_is_not_heard_of_yet_closes_nothing(found: Worker) -> None:
    newcomer = Worker()
    newcomer.hears(request())
    assert status() == "open"


def test_the_projection_may_be_behind(found: Worker) -> None:
    dismiss()
    found.hears(request(2, needs=[need(amount_cents=16_500_000)]), kept=False)
    assert status() == "dismissed"
    assert found.watch.waiting == 1
    found.hears(request(2, needs=[need(amount_cents=16_500_000)]))
    found.works()
    assert (status(), found.watch.waiting) == ("open", 0)


def test_duplicates_of_an_activity_take_the_need_once(found: Worker) -> None:
    found.hears(activity_event("a2"))
    confirm()
    second = case(activity="a2")
    line = CommitmentLine(
        side="request", record="r1", line=1, measure="quantity", unit="machines", amount=4000
    )
    decide(second, "confirm", None, line, None, COORDINATOR, NOW)
    assert settle(second.id, NOW).taken == 0
    assert held() == 4000


def test_one_that_cannot_be_settled_does_not_hold_up_others(
    found: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirm()
    broken = change(CoverageCase, case().id, None, lambda one: setattr(one, "owes", True), NOW)

    def fail(*_: Any) -> None:
        raise ValueError

    failed = NOT_DONE.labels("case of coverage not settled")
    failures = failed._value.get()
    monkeypatch.setattr(coverage_holds, "settle", fail)
    assert coverage_holds.sweep(NOW) == 1
    assert failed._value.get() == failures + 1
    assert broken.owes


def test_a_record_that_cannot_be_compared_is_passed_over(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Callable[..., None]:
        raise ValueError

    monkeypatch.setattr(worker.watch._activities, "put_activity", refuse)
    worker.hears(request(), activity_event("a1"))
    assert status() is None
