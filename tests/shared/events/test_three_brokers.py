"""Three brokers that keep each event together: one may die; where two are away, events wait."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from pymongo.database import Database
from sample_things import Thing, now

from deploy.kafka.cluster import Cluster, kafka_cluster
from deploy.local.servers import wait_until
from shared.events.consumer import Consumer
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.outbox import change, create
from shared.events.relay import Relay
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings

pytestmark = pytest.mark.skipif(
    not os.environ.get("ENTRAIDE_TEST_KAFKA"), reason="`make test-kafka` runs Apache Kafka's own"
)
NAMES = [f"t{number}" for number in range(12)]
PATIENCE = 120


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three nodes."""
    with kafka_cluster(tmp_path_factory.mktemp("cluster"), 3) as running:
        yield running


@pytest.fixture
def settings(make_settings: Callable[[str], Settings], cluster: Cluster) -> Settings:
    """As production with three brokers has it: each event thrice, acknowledged by two."""
    made = make_settings("test")
    return replace(made, kafka=cluster.address, topic_replication=3, topic_min_insync=2)


class Writing:
    """Writes things until told to stop, and keeps the last version of each."""

    def __init__(self) -> None:
        self.last = {name: _new(name) for name in NAMES}
        self.count = 0

    def run(self, stop: threading.Event) -> None:
        """Change one thing after another."""
        while not stop.wait(0.02):
            name = NAMES[self.count % len(NAMES)]
            self.last[name] = change(Thing, name, None, _count, now()).version
            self.count += 1

    def writes_more(self, changes: int = 30) -> None:
        """Wait for so many more changes."""
        least = self.count + changes
        wait_until(lambda: self.count >= least, PATIENCE, "more writes")


def _new(name: str) -> Version:
    thing = Thing(id=name)
    create(thing, now())
    return thing.version


def _count(thing: Thing) -> None:
    thing.count += 1


def pending(database: Database[dict[str, Any]]) -> int:
    return database.things.count_documents({"pending_since": {"$ne": None}})


def in_order(events: list[Event]) -> dict[str, Version]:
    """The last version of each thing; none came before an older one."""
    versions = defaultdict(list)
    for event in events:
        versions[event.subject].append(event.version)
    for found in versions.values():
        assert all(one <= later for one, later in pairwise(found))
    return {name: found[-1] for name, found in versions.items()}


def test_one_of_three_dies_and_comes_back_then_another(
    cluster: Cluster,
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    published: Callable[[str], list[Event]],
    dead_letters: DeadLetters,
    running: Callable[..., Any],
) -> None:
    seen: dict[str, Version] = {}

    def hear(events: Any) -> None:
        seen.update({event.subject: event.version for event in events})

    consumer = Consumer(settings, [topics.requests], "hearing", hear, dead_letters)
    writing = Writing()
    with running(Relay(settings, [Thing], "relay", now).run), running(consumer.run):
        with running(writing.run):
            for number in (1, 2):
                writing.writes_more()
                cluster.kill(number)
                heard = dict(seen)
                writing.writes_more()
                # What two brokers have counts: nobody waits for the third.
                wait_until(lambda heard=heard: seen != heard, PATIENCE, "events with two brokers")  # type: ignore[misc]
                cluster.start(number)
        wait_until(lambda: not pending(database), PATIENCE, "empty outboxes")
        wait_until(lambda: seen == writing.last, PATIENCE, "all being heard")
    assert in_order(published(topics.requests)) == writing.last


def test_with_two_of_three_away_events_wait_in_the_outbox(
    cluster: Cluster,
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    published: Callable[[str], list[Event]],
    running: Callable[..., Any],
) -> None:
    writing = Writing()
    with running(Relay(settings, [Thing], "relay", now).run):
        wait_until(lambda: not pending(database), PATIENCE, "empty outboxes")
        cluster.kill(1)
        cluster.kill(2)
        with running(writing.run):
            writing.writes_more()
        time.sleep(1)
        assert pending(database) == len(NAMES)  # written, and told to nobody
        cluster.start(1, 2)
        wait_until(lambda: not pending(database), PATIENCE, "empty outboxes")
    assert in_order(published(topics.requests)) == writing.last
