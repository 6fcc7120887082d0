"""After a restore: the restored state wins, every time, and what others said is heard again."""

from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import CoordinatorLoadInProgressError
from pymongo.database import Database
from sample_things import Thing, event_of, now

from deploy.local.servers import wait_until
from shared.events import clients, restoring
from shared.events.consumer import Consumer
from shared.events.letters import DeadLetters
from shared.events.outbox import create
from shared.events.relay import Relay
from shared.events.restoring import StillRunning, after_restore, forget_positions, highest_epoch
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings


def test_the_same_backup_restored_twice_gets_two_epochs(
    settings: Settings, database: Database[dict[str, Any]], topics: Topics
) -> None:
    create(Thing(id="a"), now())
    relay = Relay(settings, [Thing], "relay", now)
    backup = list(database.things.find())
    for epoch in (2, 3):
        for name in database.list_collection_names():
            database[name].delete_many({})
        database.things.insert_many(backup)
        assert after_restore(settings, database, [Thing], now()) == epoch
        assert Thing.objects(id="a").first().version == Version(epoch, 1)
        assert relay.publish_pending() == 1
        assert highest_epoch(settings) == epoch


def test_only_events_that_are_understood_count(
    settings: Settings, topics: Topics, produce: Callable[..., None]
) -> None:
    assert highest_epoch(settings) == 0
    produce(topics.requests, event_of("a", Version(7, 1)))
    produce(topics.offers, event_of("a", Version(999_999_999, 1)))  # stands in the wrong topic
    assert highest_epoch(settings) == 7


@pytest.mark.long
def test_what_others_said_since_the_backup_is_heard_again(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    dead_letters: DeadLetters,
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    produce(topics.requests, event_of("a", Version(1, 1)))
    heard: dict[str, list[str]] = {group: [] for group in ("test", "test-ledger", "tester")}

    def hear(group: str, wanted: list[str]) -> None:
        consumer = Consumer(
            settings,
            [topics.requests],
            group,
            lambda events: heard[group].extend(event.id for event in events),
            dead_letters,
        )
        with running(consumer.run):
            wait_until(lambda: heard[group] == wanted, 30, f"{group}: {wanted}")

    for group in heard:
        hear(group, ["a/1.1"])
    after_restore(settings, database, [], now())
    produce(topics.requests, event_of("a", Version(1, 2)))
    for group in ("test", "test-ledger"):
        heard[group].clear()
        hear(group, ["a/1.1", "a/1.2"])
    hear("tester", ["a/1.1", "a/1.2"])  # another service's


class BusyBroker:
    """Answers as Apache Kafka does while a group has members."""

    def list_groups(self) -> list[dict[str, str]]:
        return [{"group_id": "p.requests"}, {"group_id": "p.requests-x"}, {"group_id": "requests"}]

    def delete_groups(self, groups: list[str]) -> dict[str, str]:
        return dict(zip(groups, ("NonEmptyGroupError", "GroupIdNotFoundError"), strict=True))

    def close(self) -> None: ...


def test_workers_that_run_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "admin", lambda settings: BusyBroker())
    monkeypatch.setattr(restoring, "_PATIENCE_SECONDS", 0)
    with pytest.raises(StillRunning, match=r"workers of requests first: p\.requests \(NonEmpty"):
        forget_positions(Settings("requests", "", "", "", b"k" * 32, topic_prefix="p."))


class BeginningBroker(BusyBroker):
    """Answers as Apache Kafka does while it loads what groups have committed."""

    def __init__(self, refusals: int) -> None:
        self.refusals, self.deleted = refusals, list[str]()

    def list_groups(self) -> list[dict[str, str]]:
        self.refusals -= 1
        if self.refusals >= 0:
            raise CoordinatorLoadInProgressError
        return super().list_groups()

    def delete_groups(self, groups: list[str]) -> dict[str, str]:
        self.deleted += groups
        return dict.fromkeys(groups, "OK")


def test_a_broker_that_has_just_begun_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = BeginningBroker(1)
    monkeypatch.setattr(clients, "admin", lambda settings: broker)
    forget_positions(Settings("requests", "", "", "", b"k" * 32, topic_prefix="p."))
    assert broker.deleted == ["p.requests", "p.requests-x"]


def test_a_broker_that_never_has_its_groups_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "admin", lambda settings: BeginningBroker(1_000))
    monkeypatch.setattr(restoring, "_PATIENCE_SECONDS", 0)
    with pytest.raises(CoordinatorLoadInProgressError):
        forget_positions(Settings("requests", "", "", "", b"k" * 32, topic_prefix="p."))
