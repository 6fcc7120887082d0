"""A group's consumer over the real broker: what is not committed comes again."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from kafka import TopicPartition
from sample_things import event_of

from deploy.local.servers import wait_until
from shared.events import clients
from shared.events.consumer import Consumer, ConsumerPolicy, Handler, Retry, TooManyDeadLetters
from shared.events.dead_letters import list_dead_letters
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings

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
    assert assigned == revoked == [settings.topic_partitions]
    assert [letter.key for letter in list_dead_letters(settings)] == [b"broken"]

    later: list[str] = []
    with running(make_consumer(lambda events: later.extend(e.id for e in events)).run):
        produce(topics.requests, event_of("b", Version(1, 1)))
        wait_until(lambda: bool(later), 30, "the next event")
    assert later == ["b/1.1"]


def test_waiting_holds_up_nothing_for_good(
    settings: Settings,
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    """Paused partitions go on after the wait, the member keeps them, and nothing is skipped."""
    away = threading.Event()
    away.set()
    tries: list[int] = []
    seen: list[str] = []
    assigned: list[int] = []

    def handler(events: Sequence[Event]) -> None:
        tries.append(len(events))
        if away.is_set():
            raise Retry("the store is away")
        seen.extend(event.id for event in events)

    policy = ConsumerPolicy(max_batch=2, retry_delays=(0.05,))
    consumer = make_consumer(
        handler, policy=policy, on_assigned=lambda partitions: assigned.append(len(partitions))
    )
    events = [event_of(f"t{number}", Version(1, 1)) for number in range(7)]
    produce(topics.requests, *events)
    with running(consumer.run):
        wait_until(lambda: len(tries) > 5, 30, "some tries")
        assert committed(settings, topics) == 0
        away.clear()
        wait_until(lambda: len(seen) == 7, 15, "all events")
        wait_until(lambda: committed(settings, topics) == 7, 10, "the commit")
    assert sorted(seen) == sorted(event.id for event in events)
    assert len(assigned) == 1


def test_two_members_share_and_take_over(
    topics: Topics,
    make_consumer: Callable[..., Consumer],
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    seen: dict[str, set[str]] = {"one": set(), "two": set()}

    def member(name: str) -> Consumer:
        return make_consumer(lambda events: seen[name].update(event.id for event in events))

    first, second = member("one"), member("two")
    ids: set[str] = set()

    def write(number: int) -> None:
        events = [event_of(f"t{n}", Version(1, number)) for n in range(12)]
        ids.update(event.id for event in events)
        produce(topics.requests, *events)

    with running(first.run):
        with running(second.run):
            wait_until(lambda: first.has_assignment() and second.has_assignment(), 30, "a group")
            write(1)
            wait_until(lambda: seen["one"] | seen["two"] == ids, 15, "all events")
            assert seen["one"]
            assert seen["two"]
        write(2)
        wait_until(lambda: seen["one"] | seen["two"] == ids, 30, "the rest")


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
