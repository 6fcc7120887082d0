"""A batch on its way: what a handler may raise, and what becomes of it."""

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import pytest
from mongoengine import NotUniqueError, OperationError
from pymongo.collection import Collection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    ExecutionTimeout,
    OperationFailure,
    WriteError,
    WTimeoutError,
)
from sample_things import Thing, event_of, now
from structlog.testing import capture_logs

from shared.events.dead_letters import DeadLetter, list_dead_letters
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.outbox import Contention, create
from shared.events.poison import Streak, TooManyDeadLetters
from shared.events.reader import read_to_end
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.events.work import ConsumerPolicy, Handler, Rejected, Retry, Work, passes, put_off, told
from shared.settings import Settings

POLICY = ConsumerPolicy(retry_delays=(0.01, 0.02), max_consecutive_dead_letters=3)
BROKEN = {"key": b"broken", "value": b"{", "headers": []}


class Bench:
    """Puts records into a topic and works them."""

    def __init__(
        self,
        settings: Settings,
        topics: Topics,
        dead_letters: DeadLetters,
        produce: Callable[..., None],
    ) -> None:
        self.settings = settings
        self.topics = topics
        self.dead_letters = dead_letters
        self.produce = produce

    def streak(self) -> Streak:
        return Streak(self.dead_letters, "bench", POLICY.max_consecutive_dead_letters)

    def work(self, *records: Any) -> Work:
        """A new consumer's batch of all that stands in the topic, these records at its end."""
        self.produce(self.topics.requests, *records)
        stand = list(read_to_end(self.settings, [self.topics.requests]))
        return Work(stand, self.topics.types_in, self.streak(), self.streak(), POLICY)

    def letters(self) -> list[DeadLetter]:
        return list_dead_letters(self.settings)


@pytest.fixture
def bench(
    settings: Settings,
    topics: Topics,
    dead_letters: DeadLetters,
    produce: Callable[..., None],
) -> Bench:
    """A place to work a batch."""
    return Bench(settings, topics, dead_letters, produce)


def things(*names: str) -> list[Event]:
    return [event_of(name, Version(1, 1)) for name in names]


def finish(work: Work, handler: Handler) -> int:
    """Step until the batch is done; returns how often."""
    deadline = time.monotonic() + 120  # only a batch that never ends takes so long
    steps = 1
    while not work.step(handler):
        assert time.monotonic() < deadline
        time.sleep(max(work.due - time.monotonic(), 0))
        steps += 1
    return steps


def recorder(raising: Callable[[Sequence[Event]], None]) -> tuple[list[list[str]], Handler]:
    """A handler and the batches that it was called with."""
    calls: list[list[str]] = []

    def handler(events: Sequence[Event]) -> None:
        calls.append(sorted(event.subject for event in events))
        raising(events)

    return calls, handler


def test_poison_in_the_middle(bench: Bench) -> None:
    a, b, c = things("a", "b", "c")
    calls, handler = recorder(lambda events: None)
    assert finish(bench.work(a, BROKEN, b, BROKEN | {"key": b"other"}, c), handler) == 1
    assert calls == [["a", "b", "c"]]
    assert [(letter.reason, letter.value) for letter in bench.letters()] == [
        ("missing-header", b"{"),
        ("missing-header", b"{"),
    ]


FULL = {"code": 14031, "errmsg": "available disk space is less than required"}


@pytest.mark.parametrize(
    "error",
    [
        Retry("not now"),
        AutoReconnect("the database is away"),
        WriteError("available disk space is less than required", 14031, FULL),
        BulkWriteError({"writeErrors": [FULL], "writeConcernErrors": []}),
        BulkWriteError({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}),
        Contention("others changed it each time"),
    ],
)
def test_infrastructure_brings_the_same_batch_again(bench: Bench, error: Exception) -> None:
    failures = [error] * 6

    def raising(events: Sequence[Event]) -> None:
        if failures:
            raise failures.pop()

    calls, handler = recorder(raising)
    assert finish(bench.work(*things("a", "b")), handler) == 7
    assert calls == [["a", "b"]] * 7
    assert bench.letters() == []


@pytest.mark.parametrize(
    "error",
    [
        WriteError("available disk space is less than required", 14031, FULL),
        WTimeoutError("waiting for replication timed out", 64),
        ExecutionTimeout("operation exceeded time limit", 50),
    ],
)
def test_a_document_that_cannot_be_saved_now_is_no_events_fault(
    bench: Bench, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """mongoengine makes an error of its own of what the driver says as it saves."""
    failures = [error] * 6
    insert_one = Collection.insert_one

    def inserting(collection: Any, document: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return insert_one(collection, document, **options)

    monkeypatch.setattr(Collection, "insert_one", inserting)
    calls, handler = recorder(lambda events: create(Thing(id="made"), now()))
    assert finish(bench.work(*things("a")), handler) == 7
    assert calls == [["a"]] * 7
    assert bench.letters() == []
    assert Thing.objects(id="made").count() == 1


def test_a_letter_that_cannot_be_noted_waits_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = [OperationFailure("a disk without space", 14031)] * 3
    update_one = Collection.update_one

    def updating(collection: Any, *asked: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return update_one(collection, *asked, **options)

    monkeypatch.setattr(Collection, "update_one", updating)
    a, b = things("a", "b")
    calls, handler = recorder(lambda events: None)
    assert finish(bench.work(a, BROKEN, b), handler) == 4
    assert calls == [["a", "b"]]
    assert not failures


def test_what_was_to_be_written_is_in_no_log(bench: Bench) -> None:
    full = {**FULL, "op": {"_id": "a", "lines": ["of a confidential record"]}}
    error = BulkWriteError({"writeErrors": [full] * 2, "writeConcernErrors": []})
    assert "confidential" in str(error)
    failures = [error]

    def raising(events: Sequence[Event]) -> None:
        if failures:
            raise failures.pop()

    with capture_logs() as logs:
        finish(bench.work(*things("a")), recorder(raising)[1])
        with put_off("a sweep was interrupted"):
            try:
                raise error
            except BulkWriteError as found:
                raise OperationError("Could not save document") from found
    said = [str(one["error"]) for one in logs]
    assert len(said) == 2
    assert all("2 writes failed, by code: {14031: 2}" in one for one in said)
    assert "confidential" not in str(logs)
    circle = ValueError("its own cause")
    circle.__cause__ = circle
    assert told(circle) == "its own cause"


def raised(error: Exception, cause: Exception, is_told: bool) -> Exception:
    """The error, as it is where it was raised because of another: said with `from`, or not."""
    try:
        try:
            raise cause
        except type(cause) as met:
            if is_told:
                raise error from met
            raise error  # noqa: B904 (as mongoengine does)
    except type(error) as found:
        return found


def test_whether_an_error_passes_is_known_by_what_it_came_of() -> None:
    full, taken = OperationFailure("full", 14031), DuplicateKeyError("E11000 duplicate key")
    for is_told in (True, False):
        assert passes(raised(OperationError("Could not save document"), full, is_told))
        assert not passes(raised(NotUniqueError("Tried to save"), taken, is_told))
        twice = raised(OperationError("Could not save"), full, is_told)
        assert passes(raised(RuntimeError("not made"), twice, is_told))
    suppressed = raised(ValueError("it is no event at all"), full, False)
    suppressed.__suppress_context__ = True  # as by `from None`
    assert not passes(suppressed)
    circle = ValueError("its own cause")
    circle.__cause__ = circle
    assert not passes(circle)
    assert not passes(OperationFailure("not allowed", 13))


def test_a_rejected_event_becomes_a_dead_letter(bench: Bench) -> None:
    def raising(events: Sequence[Event]) -> None:
        for event in events:
            if event.subject == "b":
                raise Rejected(event, "no-such-country", "country: Atlantis")

    calls, handler = recorder(raising)
    finish(bench.work(*things("a", "b", "c")), handler)
    assert calls == [["a", "b", "c"], ["a", "c"]]
    (letter,) = bench.letters()
    assert (letter.reason, letter.detail, letter.key) == (
        "no-such-country",
        "country: Atlantis",
        b"b",
    )


def test_a_failing_event_is_found_and_given_up(bench: Bench) -> None:
    def raising(events: Sequence[Event]) -> None:
        if any(event.subject == "b" for event in events):
            raise ZeroDivisionError("oops")

    calls, handler = recorder(raising)
    finish(bench.work(*things("a", "b", "c")), handler)
    assert calls[0] == ["a", "b", "c"]
    assert sorted(calls[1:]) == [["a"], *[["b"]] * POLICY.attempts, ["c"]]
    (letter,) = bench.letters()
    assert letter.reason == "handler-failed"
    assert "ZeroDivisionError: oops" in letter.detail


def test_rejecting_a_stranger_is_a_failure_of_the_handler(bench: Bench) -> None:
    (stranger,) = things("stranger")

    def raising(events: Sequence[Event]) -> None:
        raise Rejected(stranger, "wrong", "not of this batch")

    finish(bench.work(*things("a")), recorder(raising)[1])
    (letter,) = bench.letters()
    assert letter.reason == "handler-failed"


def test_too_many_in_a_row_stop_and_drain_nothing(bench: Bench) -> None:
    def raising(events: Sequence[Event]) -> None:
        raise ZeroDivisionError

    records = things("a", "b", "c", "d", "e")
    for more in (records, []):  # a restart meets the same events again
        with pytest.raises(TooManyDeadLetters, match="more than 3"):
            finish(bench.work(*more), raising)
        assert len(bench.letters()) == POLICY.max_consecutive_dead_letters


def test_too_many_that_cannot_be_read(bench: Bench) -> None:
    records = [BROKEN | {"key": f"k{number}".encode()} for number in range(5)]
    for more in (records, []):
        with pytest.raises(TooManyDeadLetters):
            finish(bench.work(*more), lambda events: None)
        assert len(bench.letters()) == POLICY.max_consecutive_dead_letters


def test_what_was_passed_once_is_passed_again(bench: Bench) -> None:
    """Rows that were ended by good events do not add up to a stop when they are read again."""
    for number in range(3):
        poison = [BROKEN | {"key": b"same", "value": f"{number}{n}".encode()} for n in range(2)]
        finish(bench.work(*poison, event_of("same", Version(1, number + 1))), lambda events: None)
    assert len(bench.letters()) == 6


@pytest.mark.parametrize("error", [AutoReconnect("away"), Contention("others"), Retry("bad")])
def test_a_loop_comes_round_again_after_what_passes(error: Exception) -> None:
    raised = pytest.raises(Retry) if isinstance(error, Retry) else nullcontext()
    with raised, put_off("a sweep was interrupted"):
        raise error
