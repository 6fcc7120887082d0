"""Anti-entropy: the last record of a key becomes its present state."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from pymongo.database import Database
from sample_things import SOURCE, Thing, event_of, now

from deploy.local.servers import wait_until
from shared.events import metrics
from shared.events.anti_entropy import AntiEntropy
from shared.events.envelope import REQUEST, Event, InvalidEvent, decode
from shared.events.epochs import raise_epoch
from shared.events.outbox import change, create
from shared.events.reader import read_to_end
from shared.events.relay import Relay
from shared.events.topics import Topics
from shared.events.vanished import Vanished, bury
from shared.events.versions import Version
from shared.settings import Settings


def last_of(settings: Settings, topic: str, key: str) -> Event | None:
    """The event of a key's last record; None for one that cannot be understood."""
    last = None
    for record in read_to_end(settings, [topic]):
        if record.key == key.encode():
            try:
                last = decode(record)
            except InvalidEvent:
                last = None
    return last


def records_of(settings: Settings, topic: str) -> int:
    """How many records stand in a topic."""
    return len(list(read_to_end(settings, [topic])))


@pytest.fixture
def mending(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    running: Callable[..., Any],
) -> Callable[[], ExitStack]:
    """Runs a relay and anti-entropy."""

    def start() -> ExitStack:
        stack = ExitStack()
        entropy = AntiEntropy(settings, topics.requests, {REQUEST: Thing}, now, grace_seconds=0.3)
        stack.enter_context(running(Relay(settings, [Thing], "relay", now).run))
        stack.enter_context(running(entropy.run))
        return stack

    return start


def count(thing: Thing) -> None:
    thing.count += 1


def test_a_late_writer_is_mended(
    settings: Settings,
    topics: Topics,
    produce: Callable[..., None],
    mending: Callable[[], ExitStack],
    published: Callable[[str], list[Event]],
) -> None:
    create(Thing(id="a"), now())
    early = Thing.objects(id="a").first().event()
    change(Thing, "a", None, count, now())
    with mending():
        wait_until(lambda: last_of(settings, topics.requests, "a") is not None, 10, "publishing")
        produce(topics.requests, early)  # a relay that was paused past its lease
        wait_until(lambda: len(published(topics.requests)) > 2, 10, "mending")
    late, early_again, mended = published(topics.requests)
    assert (late.version, early_again) == (Version(1, 2), early)
    assert mended == late == Thing.objects(id="a").first().event()


def test_a_broken_record_is_not_left_the_last(
    settings: Settings,
    topics: Topics,
    produce: Callable[..., None],
    mending: Callable[[], ExitStack],
) -> None:
    create(Thing(id="a"), now())
    with mending():
        wait_until(lambda: last_of(settings, topics.requests, "a") is not None, 10, "publishing")
        produce(topics.requests, {"key": b"a", "value": b"{", "headers": []})
        wait_until(lambda: records_of(settings, topics.requests) > 2, 10, "mending")
        assert last_of(settings, topics.requests, "a") is not None


@pytest.mark.parametrize(
    "damage",
    [
        {"$set": {"status": "broken"}},  # breaks the event's schema
        {"$set": {"unknown_to_this_release": 1}},  # cannot even be loaded
    ],
)
def test_one_broken_document_does_not_end_it_for_the_others(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    produce: Callable[..., None],
    mending: Callable[[], ExitStack],
    damage: dict[str, Any],
) -> None:
    for name in ("a", "b", "z"):
        create(Thing(id=name), now())
    database.things.update_many({}, {"$unset": {"pending_events": "", "pending_since": ""}})
    database.things.update_one({"_id": "b"}, damage)
    broken = metrics.UNSAYABLE.labels(topics.requests)
    before = broken._value.get()
    for name in ("a", "b", "z"):
        produce(topics.requests, {"key": name.encode(), "value": b"{", "headers": []})
    with mending():
        for name in ("a", "z"):
            wait_until(
                lambda name=name: last_of(settings, topics.requests, name) is not None, 15, name
            )
        wait_until(lambda: broken._value.get() > before, 15, "the report")
    assert last_of(settings, topics.requests, "b") is None


def test_what_a_restore_made_vanish_gets_a_tombstone(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    produce: Callable[..., None],
    mending: Callable[[], ExitStack],
) -> None:
    create(Thing(id="kept"), now())
    create(Thing(id="again-a-draft", status="draft"), now())
    for name in ("kept", "gone", "again-a-draft"):
        produce(topics.requests, event_of(name, Version(1, 7)))  # written after the backup
    raise_epoch(database, [Thing], now(), 0)
    with mending():

        def mended() -> bool:
            last = {
                name: last_of(settings, topics.requests, name)
                for name in ("kept", "gone", "again-a-draft")
            }
            return [event and (event.version, event.tombstone) for event in last.values()] == [
                (Version(2, 1), False),
                (Version(2, 0), True),
                (Version(2, 0), True),
            ]

        wait_until(mended, 15, "mending")
        # Created again under the same id, it wins over its tombstone.
        create(Thing(id="gone"), now())

        def back() -> bool:
            event = last_of(settings, topics.requests, "gone")
            return event is not None and event.version == Version(2, 1)

        wait_until(back, 10, "publishing")


def test_a_topic_ahead_of_its_store_is_reported_and_left(
    settings: Settings,
    topics: Topics,
    produce: Callable[..., None],
    mending: Callable[[], ExitStack],
) -> None:
    create(Thing(id="a"), now())
    ahead = metrics.AHEAD.labels(topics.requests)
    newer = event_of("a", Version(1, 7))
    with mending():
        wait_until(lambda: last_of(settings, topics.requests, "a") is not None, 10, "publishing")
        produce(topics.requests, newer, event_of("b", Version(1, 7)))
        wait_until(lambda: ahead._value.get() >= 2, 10, "the report")
        # Past the grace of what comes after: nobody has said the older state over the newer one.
        produce(topics.requests, {"key": b"c", "value": b"{", "headers": []})
        time.sleep(1.5)
    assert Vanished.objects.count() == 0
    last = last_of(settings, topics.requests, "a")
    assert last is not None
    assert last.version == newer.version


def test_burying_again_raises_the_tombstone(database: Database[dict[str, Any]]) -> None:
    bury("a", REQUEST, SOURCE, now())
    raise_epoch(database, [], now(), 0)
    database.vanished.update_one({}, {"$unset": {"pending_events": "", "pending_since": ""}})
    bury("a", REQUEST, SOURCE, now())
    buried = Vanished.objects(id="a").first()
    assert buried.event().version == Version(2, 0)
    assert [record["id"] for record in buried.pending_events] == ["a/2.0"]
