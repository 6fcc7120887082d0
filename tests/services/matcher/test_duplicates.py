"""Cases of two records that seem to be the same, as the worker keeps them."""

import itertools
from typing import Any

import pytest
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, OperationFailure

from services.matcher.documents import view_id
from services.matcher.domain import DUPLICATE, SETTLED, due_step
from services.matcher.duplicate_documents import DuplicateCase, duplicate_id
from services.matcher.duplicates import decide, seen_version, views_of
from services.matcher.reactions import keep_records
from shared.events.envelope import check
from shared.events.outbox import StaleVersion, change
from shared.lifecycle import IllegalTransition
from shared.web.identity import Identity
from tests.services.matcher.alike import FENCES, Finder, Worker
from tests.services.matcher.records import NOW, need, offer_event, request_event, tombstone
from tests.services.written import reads

COORDINATOR = Identity("co", "coordinator")


@pytest.fixture(autouse=True)
def _database(database: Database[dict[str, Any]]) -> None:
    """Every test begins with nothing stored."""


@pytest.fixture
def finder() -> Finder:
    """Finds nothing."""
    return Finder()


@pytest.fixture
def worker(finder: Finder) -> Worker:
    """The only worker."""
    return Worker(finder)


PAIR = ("request", "a", "b")


def case(side: str = "request", left: str = "a", right: str = "b") -> DuplicateCase | None:
    """The stored case of a pair."""
    found: DuplicateCase | None = DuplicateCase.objects(id=duplicate_id(side, left, right)).first()
    return found


def status(*pair: str) -> str | None:
    """Its status; None without a case."""
    found = case(*pair)
    return None if found is None else found.status


def refuse_bulks(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Let the next bulk of cases be refused whole, with this code of the database's."""
    bulk_write = Collection.bulk_write

    def refusing(collection: Any, writes: Any, **options: Any) -> Any:
        if collection.name != "duplicate_cases":
            return bulk_write(collection, writes, **options)
        monkeypatch.setattr(Collection, "bulk_write", bulk_write)
        failed = [{"index": 0, "code": code, "errmsg": "refused"}]
        raise BulkWriteError({"writeErrors": failed, "writeConcernErrors": []})

    monkeypatch.setattr(Collection, "bulk_write", refusing)


def settle(decision: str = "dismiss") -> DuplicateCase:
    """The coordinator decides on the pair as it is now."""
    found = case()
    assert found is not None
    return decide(found, decision, "why", seen_version(found, views_of(found)), COORDINATOR, NOW)


def test_an_alike_pair_opens_a_case_with_its_event(worker: Worker, finder: Finder) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a", 2), request_event("b", 3))
    found = case()
    assert found is not None
    assert (found.status, found.score, found.records) == ("open", 0.9, ["a", "b"])
    assert (found.left_version, found.right_version) == ("1.2", "1.3")
    assert (found.left_owner, found.right_owner) == ("SEN", "SEN")
    check(found.event())
    assert found.pending_events[0]["data"]["evidence"] == [{"kind": "meaning", "weight": 0.9}]


def test_a_pair_that_cannot_be_kept_now_waits(
    worker: Worker, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder.alike[PAIR] = 0.9
    refuse_bulks(monkeypatch, 14031)  # a disk without space
    with pytest.raises(BulkWriteError):
        worker.hears(request_event("a"), request_event("b"))
    assert case() is None
    worker.works()
    assert status() == "open"


def test_a_case_that_cannot_be_written_holds_up_no_other(
    worker: Worker, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.9}
    refuse_bulks(monkeypatch, 121)  # one that breaks a rule of the database's
    insert_one = Collection.insert_one

    def refusing(collection: Any, document: Any, **options: Any) -> Any:
        if document.get("_id") == duplicate_id(*PAIR):
            raise OperationFailure("it breaks a rule", 121)
        return insert_one(collection, document, **options)

    monkeypatch.setattr(Collection, "insert_one", refusing)
    worker.hears(*(request_event(id_) for id_ in "abc"))
    assert (case(), status("request", "b", "c")) == (None, "open")


def test_what_others_changed_meanwhile_is_changed_by_what_it_is_now(
    worker: Worker, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.9}
    worker.hears(*(request_event(id_) for id_ in "abc"))
    bulk_write = Collection.bulk_write

    def seen_again(found: DuplicateCase) -> None:
        found.reason = "seen again"

    def late(collection: Any, writes: Any, **options: Any) -> Any:
        if collection.name == "duplicate_cases":
            monkeypatch.setattr(Collection, "bulk_write", bulk_write)
            change(DuplicateCase, case().id, None, seen_again, NOW)
        return bulk_write(collection, writes, **options)

    monkeypatch.setattr(Collection, "bulk_write", late)
    finder.alike.clear()
    worker.hears(request_event("b", 2))
    assert (status(), status("request", "b", "c")) == ("closed", "closed")
    assert case().reason == "seen again"


def test_what_is_found_twice_makes_one_case_and_no_new_version(
    worker: Worker, finder: Finder
) -> None:
    finder.alike[PAIR] = 0.9
    events = [request_event("a"), request_event("b")]
    worker.hears(*events)
    first = case()
    worker.hears(*events)
    worker.watch.mark_partitions(set(FENCES))
    worker.works()
    worker.hears(request_event("a", 2))
    assert DuplicateCase.objects.count() == 1
    assert first is not None
    assert case().version == first.version  # type: ignore[union-attr]


def test_the_order_of_arrival_does_not_matter(finder: Finder) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.8}
    events = [
        *(request_event(id_, number) for id_ in "abc" for number in (1, 2)),
        request_event("c", 3, status="withdrawn"),
    ]
    outcomes = set()
    for order in itertools.islice(itertools.permutations(events), 0, None, 97):
        DuplicateCase.objects.delete()
        worker = Worker(finder)
        for event in order:
            worker.hears(event, kept=False)
        outcomes.add((status(), status("request", "b", "c") or "closed"))
    assert outcomes == {("open", "closed")}


def test_offers_have_cases_too_and_same_ids_do_not_mix(worker: Worker, finder: Finder) -> None:
    finder.alike[("offer", "a", "b")] = 0.7
    worker.hears(request_event("a"), request_event("b"), offer_event("a"), offer_event("b"))
    assert (status(), status("offer")) == (None, "open")
    found = case("offer")
    assert found is not None
    assert found.left_owner == offer_event("a").data["organisation"]


def test_a_pair_that_is_alike_no_longer_is_closed_and_comes_back(
    worker: Worker, finder: Finder
) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    finder.alike.clear()
    worker.hears(request_event("b", 2))
    assert status() == "closed"
    finder.alike[PAIR] = 0.8
    worker.hears(request_event("a", 2))
    assert status() == "open"
    found = case()
    assert found is not None
    assert [(s.action, s.role) for s in found.history] == [
        ("find", "matcher"),
        ("close", "matcher"),
        ("reopen", "matcher"),
    ]
    assert (found.score, found.left_version) == (0.8, "1.2")


@pytest.mark.parametrize("how", ["withdrawn", "closed", "gone"])
def test_a_record_that_is_open_no_more_closes_the_case(
    worker: Worker, finder: Finder, how: str
) -> None:
    finder.alike[PAIR] = 0.9
    events = [request_event("a"), request_event("b")]
    worker.hears(*events)
    last = tombstone(events[1]) if how == "gone" else request_event("b", 2, status=how)
    worker.hears(last)
    assert status() == "closed"


def test_an_engine_that_names_a_pair_from_one_end_only_does_not_make_it_flap(
    worker: Worker, finder: Finder, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    whole = Finder.duplicates
    monkeypatch.setattr(
        Finder, "duplicates", lambda self, side, r: whole(self, side, r) if r == "a" else ()
    )
    worker.hears(request_event("b", 2))
    assert status() == "open"


def test_three_of_which_two_pairs_are_alike(worker: Worker, finder: Finder) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.8}
    worker.hears(*(request_event(id_) for id_ in "abc"))
    assert (status(), status("request", "b", "c")) == ("open", "open")
    assert status("request", "a", "c") is None
    worker.hears(request_event("a", 2, status="merged", merged_into="b"))
    assert (status(), status("request", "b", "c")) == ("merged", "open")
    worker.hears(request_event("b", 2, status="merged", merged_into="c"))
    assert (status(), status("request", "b", "c")) == ("merged", "merged")
    worker.hears(request_event("b", 3))
    assert (status(), status("request", "b", "c")) == ("merged", "open")
    worker.hears(request_event("a", 3))
    assert status() == "open"


@pytest.mark.parametrize("before", ["open", "linked", "dismissed"])
def test_merging_marks_the_case_and_undoing_opens_it(
    worker: Worker, finder: Finder, before: str
) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    if before != "open":
        settle({"linked": "link", "dismissed": "dismiss"}[before])
    worker.hears(request_event("b", 2, status="merged", merged_into="a"))
    assert status() == "merged"
    worker.hears(request_event("b", 3))
    assert status() == "open"


def test_merged_into_a_third_closes_the_case(worker: Worker, finder: Finder) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    worker.hears(request_event("b", 2, status="merged", merged_into="c"))
    assert status() == "closed"


@pytest.mark.parametrize(("decision", "settled"), [("dismiss", "dismissed"), ("link", "linked")])
def test_a_settled_pair_comes_back_only_when_one_changes_materially(
    worker: Worker, finder: Finder, decision: str, settled: str
) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    assert settle(decision).status == settled
    finder.alike[PAIR] = 0.95
    worker.hears(request_event("a", 2, priority="low"), request_event("b", 2))
    assert status() == settled
    finder.alike.clear()
    worker.hears(request_event("b", 3, needs=[need(quantity=9)]))
    assert status() == settled  # not alike: nothing to show
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("b", 4, needs=[need(quantity=8)]))
    found = case()
    assert found is not None
    assert (found.status, found.reason) == ("open", "why")
    assert settle().status == "dismissed"


def test_a_change_is_not_judged_by_what_the_projection_knew_before_it(
    worker: Worker, finder: Finder
) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    settle()
    changed = request_event("b", 2, needs=[need(quantity=9)])
    worker.hears(changed, kept=False)
    assert (status(), worker.watch.waiting) == ("dismissed", 1)
    keep_records(lambda: NOW)([changed])
    worker.works()
    assert (status(), worker.watch.waiting) == ("open", 0)


def test_a_decision_on_what_has_changed_since_is_refused(worker: Worker, finder: Finder) -> None:
    finder.alike[PAIR] = 0.9
    worker.hears(request_event("a"), request_event("b"))
    found = case()
    assert found is not None
    seen = seen_version(found, views_of(found))
    keep_records(lambda: NOW)([request_event("b", 2, needs=[need(quantity=9)])])
    with pytest.raises(StaleVersion) as error:
        decide(found, "dismiss", "why", seen, COORDINATOR, NOW)
    assert error.value.current == seen_version(found, views_of(found))
    settle()
    with pytest.raises(StaleVersion):
        decide(found, "link", "why", error.value.current, COORDINATOR, NOW)
    with pytest.raises(IllegalTransition):
        settle()


# Several workers


def test_each_worker_keeps_the_pairs_whose_left_record_is_its_own(finder: Finder) -> None:
    # The partition of a record of the tests is the length of its id, by three.
    pairs = [("request", "a", "bb"), ("request", "bb", "ccc"), ("request", "a", "ccc")]
    finder.alike |= dict.fromkeys(pairs, 0.9)
    workers = [Worker(finder, [number]) for number in FENCES]
    events = [request_event(id_) for id_ in ("a", "bb", "ccc")]
    for number, worker in enumerate(workers):
        worker.hears(*events)
        kept = {(one.left, one.right) for one in DuplicateCase.objects(partition=number)}
        assert kept == {(left, right) for _, left, right in pairs if len(left) % 3 == number}
    assert DuplicateCase.objects.count() == 3
    finder.alike.clear()
    for worker in workers:
        worker.hears(request_event("ccc", 2))
    assert {one.status for one in DuplicateCase.objects(records="ccc")} == {"closed"}


def test_a_stalled_former_owner_changes_nothing(finder: Finder) -> None:
    stalled = Worker(finder)
    finder.alike[PAIR] = 0.9
    events = [request_event("a"), request_event("b")]
    stalled.hears(*events)
    present = Worker(finder)
    present.hears(*events)
    finder.alike.clear()
    assert stalled.hears(request_event("b", 2)) == {1}
    assert status() == "open"
    present.hears(request_event("b", 2))
    assert status() == "closed"


def test_what_a_stalled_former_owner_opened_is_looked_at_again(finder: Finder) -> None:
    stalled = Worker(finder)
    present = Worker(finder)
    events = [request_event("a"), request_event("b")]
    present.hears(*events, request_event("b", 2))
    finder.alike[PAIR] = 0.9
    stalled.hears(*events)
    assert status() == "open"
    finder.alike.clear()
    present.watch.recheck(present.fences)
    present.works()
    assert status() == "closed"
    present.watch.recheck(present.fences)
    assert present.watch.waiting == 0


def test_who_takes_a_partition_over_compares_it_as_a_whole(finder: Finder) -> None:
    finder.alike[PAIR] = 0.9
    worker = Worker(finder, [])
    worker.hears(request_event("a"), request_event("b"))
    assert (status(), worker.watch.waiting) == (None, 0)
    worker.takes([1])
    worker.works()
    assert status() == "open"


def test_cases_of_records_that_nobody_has_heard_of_are_closed(finder: Finder) -> None:
    finder.alike[PAIR] = 0.9
    Worker(finder).hears(request_event("a"), request_event("b"))
    finder.alike.clear()
    Worker(finder).works()
    assert status() == "closed"


def test_one_that_cannot_be_compared_holds_up_no_other(worker: Worker, finder: Finder) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.9}
    worker.hears(*(request_event(id_) for id_ in "abc"))
    finder.alike.clear()
    finder.failing.add("a")
    worker.hears(request_event("a", 2), request_event("b", 2))
    assert (status(), status("request", "b", "c")) == ("open", "closed")


def test_of_a_pair_that_is_alike_no_more_nothing_else_is_compared(
    worker: Worker, finder: Finder
) -> None:
    """The other end of each would be compared with all that it may be like."""
    finder.alike |= {("request", "a", id_): 0.9 for id_ in "bcde"}
    worker.hears(*(request_event(id_) for id_ in "abcde"))
    finder.alike.clear()
    finder.asked.clear()
    worker.hears(request_event("a", 2))
    assert finder.asked == ["a"]
    assert {status("request", "a", id_) for id_ in "bcde"} == {"closed"}


def test_cases_that_are_as_they_were_are_read_together(worker: Worker, finder: Finder) -> None:
    ids = "abcdefgh"
    finder.alike |= {("request", *pair): 0.9 for pair in itertools.combinations(ids, 2)}
    worker.hears(*(request_event(id_) for id_ in ids))
    before = {one.id: one.version for one in DuplicateCase.objects}
    worker.watch.mark_partitions(set(FENCES))
    with reads() as made:
        worker.works()
    assert len(made) <= 4
    assert {one.id: one.version for one in DuplicateCase.objects} == before
    assert len(before) == 28


def test_a_case_that_cannot_be_understood_holds_up_no_other(
    worker: Worker, finder: Finder, database: Database[dict[str, Any]]
) -> None:
    finder.alike |= {PAIR: 0.9, ("request", "b", "c"): 0.9}
    worker.hears(*(request_event(id_) for id_ in "abc"))
    cases = database["duplicate_cases"]
    cases.update_one({"_id": duplicate_id(*PAIR)}, {"$set": {"of_a_later_release": 1}})
    finder.alike.clear()
    worker.hears(request_event("b", 2))
    assert status("request", "b", "c") == "closed"
    assert cases.find_one({"_id": duplicate_id(*PAIR)})["status"] == "open"  # type: ignore[index]


# Rules


@pytest.mark.parametrize("state", DUPLICATE.states)
@pytest.mark.parametrize(
    ("merged", "alike", "changed"), list(itertools.product([True, False], repeat=3))
)
def test_due_steps_are_steps_and_rest_after_one(
    state: str, merged: bool, alike: bool, changed: bool
) -> None:
    def due(status: str, changed: bool) -> str | None:
        return due_step(status, merged=merged, alike=alike, changed=lambda: changed)

    step = due(state, changed)
    if step is None:
        if merged:
            assert state == "merged"
        elif state in SETTLED:
            assert not (alike and changed)
        else:
            assert state == ("open" if alike else "closed")
    else:
        assert due(DUPLICATE.target(step, state), False) is None


def test_ids_are_of_the_pair_whatever_its_order() -> None:
    assert duplicate_id("request", "a", "b") == duplicate_id("request", "b", "a")
    assert duplicate_id("request", "a", "b") != duplicate_id("offer", "a", "b")
    assert view_id("request", "a") == "request:a"
