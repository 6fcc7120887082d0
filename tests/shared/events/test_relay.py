"""The relay: everything is published, in order, whatever dies in between."""

import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sample_things
from kafka.errors import KafkaTimeoutError
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import AutoReconnect
from sample_things import Intercepted, Thing, now

from deploy.local.servers import LOOPBACK, free_port, wait_until
from shared.events import clients, metrics
from shared.events.envelope import Event
from shared.events.outbox import Aggregate, change, create
from shared.events.pending import Asking
from shared.events.relay import LEASE, Claim, Relay
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings

Published = Callable[[str], list[Event]]


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return now() + self.ahead


def pending(database: Database[dict[str, Any]]) -> int:
    return database.things.count_documents({"pending_since": {"$ne": None}})


def count(thing: Thing) -> None:
    thing.count += 1


def test_two_relays_publish_everything_in_order(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    published: Published,
    running: Callable[..., Any],
) -> None:
    names = [f"t{number}" for number in range(20)]
    for name in names:
        create(Thing(id=name), now())

    def write(mine: list[str]) -> None:
        for _ in range(5):
            for name in mine:
                change(Thing, name, None, count, now())

    writers = [threading.Thread(target=write, args=(names[n::4],)) for n in range(4)]
    with ExitStack() as stack:
        for number in range(2):
            relay = Relay(settings, [Thing], f"relay-{number}", now)
            stack.enter_context(running(relay.run))
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        wait_until(lambda: not pending(database), 20, "empty outboxes")

    versions = defaultdict(list)
    for event in published(topics.requests):
        versions[event.subject].append(event.version)
    assert sorted(versions) == sorted(names)
    for seen in versions.values():
        assert seen == sorted(seen)
        assert seen[-1] == Version(1, 6)
    left = database.things.find_one({"_id": "t0"})
    assert left is not None
    assert not left.keys() & {"pending_events", "pending_since", "lease_owner", "lease_until"}


def test_killed_between_publishing_and_removing(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    create(Thing(id="a"), now())
    script = str(Path(sample_things.__file__))
    arguments = [settings.kafka, settings.mongodb, settings.database, settings.topic_prefix]
    died = subprocess.run([sys.executable, script, *arguments], timeout=60)
    assert died.returncode == -9
    assert [event.id for event in published(topics.requests)] == ["a/1.1"]
    assert pending(database) == 1

    clock = Clock()
    relay = Relay(settings, [Thing], "next", clock)
    assert relay.publish_pending() == 0  # the dead relay's lease still holds
    clock.ahead = LEASE + timedelta(seconds=1)
    assert relay.publish_pending() == 1
    assert pending(database) == 0
    assert [event.id for event in published(topics.requests)] == ["a/1.1", "a/1.1"]


def test_a_lease_that_a_clock_ahead_took_is_none(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    create(Thing(id="a"), now())
    clock = Clock()
    clock.ahead = timedelta(hours=1)
    assert Relay(settings, [Thing], "ahead", clock).claim(Thing) is not None  # and it dies
    assert pending(database) == 1
    assert Relay(settings, [Thing], "next", now).publish_pending() == 1
    assert pending(database) == 0
    assert len(published(topics.requests)) == 1


def test_a_change_while_publishing_is_published_next(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    create(Thing(id="a"), now())
    changes = [lambda: change(Thing, "a", None, count, now())]

    def meanwhile() -> None:
        if changes:
            changes.pop()()

    def intercepted(settings: Settings) -> Any:
        return Intercepted(clients.producer(settings), meanwhile)

    relay = Relay(settings, [Thing], "one", now, intercepted)
    assert relay.publish_pending() == 1
    assert pending(database) == 1
    assert relay.publish_pending() == 1
    assert pending(database) == 0
    assert [event.id for event in published(topics.requests)] == ["a/1.1", "a/1.2"]


def test_leases_end_with_their_events(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So nobody needs to end them, but where a newer event has taken the place of one."""
    changes: list[Callable[[], Thing]] = []
    asked: list[str] = []
    update_many = Collection.update_many

    def counted(self: Any, condition: Any, update: Any, **options: Any) -> Any:
        asked.append(",".join(update))
        return update_many(self, condition, update, **options)

    def meanwhile() -> None:
        if changes:
            changes.pop()()

    monkeypatch.setattr(Collection, "update_many", counted)
    made = Relay(
        settings, [Thing], "one", now, lambda of: Intercepted(clients.producer(of), meanwhile)
    )
    for changed, updates in ((False, ["$set"]), (True, ["$set", "$unset"])):
        names = [f"{changed}{number}" for number in range(2)]
        for name in names:
            create(Thing(id=name), now())
        if changed:
            changes.append(lambda: change(Thing, "True1", None, count, now()))
        made._publish_batch(Thing)
        assert asked == updates
        assert pending(database) == changed
        assert database.things.count_documents({"lease_owner": {"$exists": True}}) == 0
        asked.clear()


def test_what_the_broker_has_not_stays(
    settings: Settings, database: Database[dict[str, Any]], running: Callable[..., Any]
) -> None:
    create(Thing(id="a"), now())
    away = replace(settings, kafka=f"{LOOPBACK}:{free_port()}")
    failures = metrics.PUBLISH_FAILURES._value.get()
    with running(Relay(away, [Thing], "away", now).run):
        wait_until(lambda: metrics.PUBLISH_FAILURES._value.get() > failures, 30, "a failure")
    assert pending(database) == 1
    kept = database.things.find_one({"_id": "a"})
    assert kept is not None
    assert "lease_until" not in kept  # free for the next relay at once


def test_what_waits_grows_old_while_the_broker_is_away(
    settings: Settings,
    database: Database[dict[str, Any]],
    running: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(settings: Settings) -> Any:
        raise KafkaTimeoutError

    create(Thing(id="a"), now())
    monkeypatch.setattr("shared.events.relay._MEASURE_SECONDS", 0.0)
    metrics.OUTBOX_AGE.labels("things").set(0)
    metrics.OUTBOX_DEPTH.labels("things").set(0)
    age, depth = metrics.OUTBOX_AGE.labels("things"), metrics.OUTBOX_DEPTH.labels("things")
    clock = Clock()
    with running(Relay(settings, [Thing], "away", clock, away).run):
        for minutes in (5, 10):
            clock.ahead = timedelta(minutes=minutes)
            seconds = clock.ahead.total_seconds()
            wait_until(lambda least=seconds: age._value.get() >= least, 30, "an age that grows")
        assert depth._value.get() == 1
    assert pending(database) == 1


def test_a_store_that_cannot_be_measured_does_not_end_the_relay(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    running: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    del topics
    asked: list[str] = []

    def away(collection: Collection[dict[str, Any]]) -> datetime:
        asked.append(collection.name)
        raise AutoReconnect

    monkeypatch.setattr("shared.events.relay.waiting_since", away)
    monkeypatch.setattr("shared.events.relay._MEASURE_SECONDS", 0.0)
    with running(Relay(settings, [Thing], "unmeasured", now).run):
        wait_until(lambda: len(asked) > 1, 30, "another attempt")
        create(Thing(id="a"), now())
        wait_until(lambda: not pending(database), 30, "an empty outbox")


def test_one_that_cannot_go_out_does_not_stop_the_others(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    for name in ("a", "b", "c"):
        create(Thing(id=name), now())
    database.things.update_one({"_id": "a"}, {"$set": {"pending_events.0.data.status": "broken"}})
    assert Relay(settings, [Thing], "once", now).publish_pending() == 2
    assert {event.subject for event in published(topics.requests)} == {"b", "c"}
    assert pending(database) == 1


def test_one_that_is_too_large_does_not_stop_the_others(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    for name in ("a", "b", "c"):
        create(Thing(id=name), now())
    step = dict.fromkeys(("source", "target", "action", "role"), "x" * 64)
    history = [step | {"at": "2026-01-01T00:00:00Z", "party": None}] * 9_000
    database.things.update_one({"_id": "a"}, {"$set": {"pending_events.0.data.history": history}})
    relay = Relay(settings, [Thing], "once", now)
    assert relay.publish_pending() == 2
    assert {event.subject for event in published(topics.requests)} == {"b", "c"}
    assert relay.publish_pending() == 0  # it rests until its lease is over
    assert pending(database) == 1


def test_a_relay_whose_lease_ran_out_sends_nothing(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics, published: Published
) -> None:
    create(Thing(id="a"), now())
    relay = Relay(settings, [Thing], "paused", now)
    claim = relay.claim(Thing)
    assert claim is not None
    assert relay.publish(replace(claim, expires=time.monotonic() + 1)) == 0  # too little to send in
    assert published(topics.requests) == []
    assert pending(database) == 1
    assert relay.publish(claim) == 1


def test_a_store_that_leases_slowly_gets_smaller_batches(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    published: Published,
) -> None:
    leased: list[int] = []

    class SlowlyLeased(Relay):
        """Each document takes a tenth of a second to lease."""

        def claim(self, aggregate: type[Aggregate]) -> Claim | None:
            claim = super().claim(aggregate)
            if claim is None:
                return None
            leased.append(len(claim.documents))
            return replace(claim, expires=claim.expires - len(claim.documents) / 10)

    for number in range(130):
        create(Thing(id=f"t{number:03}"), now())
    relay = SlowlyLeased(settings, [Thing], "relay", now)
    while relay.publish_pending():
        pass
    assert leased[:3] == [
        130,
        100,
        50,
    ]  # these take 5 s and more, which is what a lease has to spare
    assert len({event.subject for event in published(topics.requests)}) == 130


def test_a_collection_long_quiet_is_asked_less_often_and_one_in_use_at_once() -> None:
    asking = Asking(shortest=0.05, longest=0.5)
    assert [asking.pause(seconds) for seconds in (0, 2, 10, 3600)] == [0.05, 0.05, 0.2, 0.5]


def test_what_is_written_after_a_long_silence_goes_out(
    settings: Settings,
    database: Database[dict[str, Any]],
    published: Published,
    topics: Topics,
) -> None:
    create(Thing(id="before"), now())
    relay = Relay(settings, [Thing], "relay", now)
    while relay.publish_pending():
        pass
    relay._found_at = dict.fromkeys(relay._found_at, time.monotonic() - 3600)
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    try:
        for name in ("first", "second"):
            create(Thing(id=name), now())
            wait_until(lambda: not pending(database), 30, "an empty outbox")
    finally:
        stop.set()
        thread.join()
    assert {event.subject for event in published(topics.requests)} == {
        *("before", "first", "second")
    }
