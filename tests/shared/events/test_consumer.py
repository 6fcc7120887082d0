"""A group's consumer over the real broker: what is not committed comes again."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from sample_things import event_of

from deploy.local.servers import wait_until
from shared.events import clients, metrics
from shared.events import consumer as consumer_module
from shared.events.consumer import Consumer, ConsumerPolicy, Handler, Retry, TooManyDeadLetters
from shared.events.dead_letters import list_dead_letters
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings
from tests.barred import barred_broker

BROKEN = {"key": b"broken", "value": b"{", "headers": []}


class Killed(BaseException):
    """Ends a consumer as a crash would: past every handler of errors."""


@pytest.fixture
def make_consumer(
    settings: Settings, topics: Topics, dead_letters: DeadLetters
) -> Callable[..., Consumer]:
    """Makes members of a group that reads requests."""

    def make(handler: Handler, **kwargs: Any) -> Consumer:
        return Consumer(settings, [topics.requests], "group", handler, dead_letters, **kwargs)

    return make


def committed(settings: Settings, topics: Topics) -> int:
    """How many records the group has committed."""
    consumer = clients.consumer(settings, "group")
    partitions = [TopicPartition(topics.requests, n) for n in range(settings.topic_partitions)]
    offsets = [consumer.committed(partition) or 0 for partition in partitions]
    consumer.close()
    return sum(offsets)


def test_one_that_is_started_while_the_broker_is_away_waits_for_it(
    settings: Settings,
    topics: Topics,
    dead_letters: DeadLetters,
    produce: Callable[..., None],
    running: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    produce(topics.requests, event_of("a", Version(1, 1)))
    seen: list[str] = []

    def hear(events: Sequence[Event]) -> None:
        seen.extend(event.id for event in events)

    with barred_broker(settings, monkeypatch) as barred:
        for opened in (False, True):  # where it is not, the end comes while it waits
            consumer = Consumer(barred.settings, [topics.requests], "g", hear, dead_letters)
            with running(consumer.run):
                barred.wait_until_tried(2 if opened else 1)
                if opened:
                    barred.open()
                    wait_until(lambda: seen == ["a/1.1"], 30, "the event")


def test_a_crash_before_the_commit_repeats(
    settings: Settings,
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    effects: list[str] = []
    assigned: list[int] = []
    revoked: list[int] = []

    def crashing(events: Sequence[Event]) -> None:
        effects.extend(event.id for event in events)
        raise Killed

    produce(topics.requests, event_of("a", Version(1, 1)), BROKEN, event_of("a", Version(1, 2)))
    with pytest.raises(Killed), running(make_consumer(crashing).run):
        wait_until(lambda: bool(effects), 30, "the first try")
    assert effects[0] == "a/1.1"
    assert committed(settings, topics) == 0

    seen: list[str] = []
    consumer = make_consumer(
        lambda events: seen.extend(event.id for event in events),
        on_assigned=lambda partitions: assigned.append(len(partitions)),
        on_revoked=lambda partitions: revoked.append(len(partitions)),
    )
    assert not consumer.has_assignment()
    with running(consumer.run):
        wait_until(lambda: seen == ["a/1.1", "a/1.2"], 30, "the repetition")
        wait_until(lambda: committed(settings, topics) == 3, 10, "the commit")
        assert consumer.has_assignment()
    assert set(assigned) == {settings.topic_partitions}
    assert assigned == revoked
    assert [letter.key for letter in list_dead_letters(settings)] == [b"broken"]

    later: list[str] = []
    with running(make_consumer(lambda events: later.extend(e.id for e in events)).run):
        produce(topics.requests, event_of("b", Version(1, 1)))
        wait_until(lambda: bool(later), 30, "the next event")
    assert later == ["b/1.1"]


def test_nothing_is_skipped_when_the_group_changes_while_a_batch_waits(
    settings: Settings,
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    """The client keeps its position in partitions that it gets again; the batch must come again."""
    away = threading.Event()
    away.set()
    tries: list[str] = []
    seen: dict[str, set[str]] = {"first": set(), "second": set()}
    written: set[str] = set()

    def member(name: str) -> Consumer:
        def handler(events: Sequence[Event]) -> None:
            tries.append(name)
            if away.is_set():
                raise Retry("the store is away")
            seen[name].update(event.id for event in events)

        return make_consumer(handler, policy=ConsumerPolicy(max_batch=5, retry_delays=(0.05,)))

    def write(number: int) -> None:
        events = [event_of(f"t{n}", Version(1, number)) for n in range(24)]
        written.update(event.id for event in events)
        produce(topics.requests, *events)

    def all_seen() -> bool:
        return seen["first"] | seen["second"] == written

    write(1)
    first, second = member("first"), member("second")
    with running(first.run):
        wait_until(lambda: len(tries) > 5, 30, "some tries")
        assert committed(settings, topics) == 0
        with running(second.run):
            wait_until(lambda: tries[-10:].count("second") > 2, 30, "tries of the second")
            away.clear()
            wait_until(all_seen, 15, "all events")
            wait_until(lambda: committed(settings, topics) == 24, 10, "the commit")
            assert seen["first"]
            assert seen["second"]
        write(2)
        wait_until(all_seen, 30, "the takeover")


def test_too_many_in_a_row_end_the_run(
    settings: Settings,
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    produce(topics.requests, *[BROKEN | {"value": str(n).encode()} for n in range(6)])
    consumer = make_consumer(
        lambda events: None, policy=ConsumerPolicy(max_consecutive_dead_letters=4)
    )
    with (
        pytest.raises(TooManyDeadLetters, match="missing-header"),
        running(consumer.run) as raised,
    ):
        wait_until(lambda: bool(raised), 30, "the stop")
    assert len(list_dead_letters(settings)) == 4
    assert committed(settings, topics) == 0


def test_what_waits_for_another_try_counts_as_lag(
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumer_module, "_MEASURE_SECONDS", 0.0)
    mended = threading.Event()

    def handle(events: Sequence[Event]) -> None:
        if not mended.is_set():
            raise Retry("the store is away")

    def lag() -> float:
        return metrics.CONSUMER_LAG.labels("group")._value.get()

    produce(topics.requests, event_of("a", Version(1, 1)), event_of("a", Version(1, 2)))
    with running(make_consumer(handle).run):
        wait_until(lambda: lag() > 0, 30, "the lag is told")
        mended.set()
        wait_until(lambda: lag() == 0, 30, "nothing is left")
