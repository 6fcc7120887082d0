"""Replay: an empty broker learns every state again."""

from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError
from pymongo.database import Database
from sample_things import SOURCE, Thing, now

from shared.events import clients
from shared.events import replay as replaying
from shared.events.envelope import REQUEST, Event
from shared.events.outbox import change, create
from shared.events.relay import Relay
from shared.events.replay import replay
from shared.events.topics import Topics
from shared.events.vanished import bury
from shared.events.versions import Version
from shared.settings import Settings

Published = Callable[[str], list[Event]]
Things = Database[dict[str, Any]]


def test_replay_into_an_empty_broker(
    settings: Settings, database: Things, topics: Topics, published: Published
) -> None:
    for number in range(230):  # more than one batch
        create(Thing(id=f"t{number:03}"), now())
    create(Thing(id="draft", status="draft"), now())
    change(Thing, "t007", None, lambda thing: setattr(thing, "count", 9), now())
    bury("gone", REQUEST, SOURCE, now())
    for collection in (database.things, database.vanished):  # all was published, then lost
        collection.update_many({}, {"$unset": {"pending_events": "", "pending_since": ""}})
    create(Thing(id="waiting"), now())
    before = [*database.things.find(), *database.vanished.find()]

    told: list[tuple[int, int]] = []
    assert replay(settings, [Thing], lambda done, total: told.append((done, total))) == 232
    assert told[-1] == (233, 233)
    assert [*database.things.find(), *database.vanished.find()] == before

    said = published(topics.requests)
    events = {event.subject: event for event in said}
    assert len(events) == len(said) == 232
    assert events["t007"] == Thing.objects(id="t007").first().event()
    assert events["t007"].version == Version(1, 2)
    assert events["gone"].tombstone
    assert "draft" not in events
    assert replay(settings, [Thing]) == 232  # running it again is safe


def test_what_changes_meanwhile_is_said_again_as_it_is_then(
    settings: Settings,
    database: Things,
    topics: Topics,
    published: Published,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("a", "b", "c"):
        create(Thing(id=name), now())
    relay = Relay(settings, [Thing], "relay", now)
    relay.publish_pending()
    publish, changes = replaying._Publisher.publish, iter([("a", 1), ("a", 2), ("c", 3)])

    def beside(self: Any, batch: list[Thing]) -> int:
        """Others change what was read, and publish it, before the replay does."""
        if (one := next(changes, None)) is not None:
            change(Thing, one[0], None, lambda thing: setattr(thing, "count", one[1]), now())
            relay.publish_pending()
        return publish(self, batch)

    monkeypatch.setattr(replaying._Publisher, "publish", beside)
    replay(settings, [Thing])
    said = [event for event in published(topics.requests) if event.subject == "a"]
    # Of each, the last that the topic says is what the store has, though an older state came late.
    assert [event.version.number for event in said] == [1, 2, 1, 3, 2, 3]
    last = {event.subject: event for event in published(topics.requests)}
    assert {id_: event.version for id_, event in last.items()} == {
        thing.id: thing.version for thing in Thing.objects
    }


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[KafkaError], None]:
    """Lets producers raise an error for what has the key "b"."""
    make = clients.producer

    def refuse(error: KafkaError) -> None:
        def producer(settings: Settings) -> Any:
            made = make(settings)
            send = made.send

            def refused(topic: str, **record: Any) -> Any:
                if record["key"] == b"b":
                    raise error
                return send(topic, **record)

            made.send = refused
            return made

        monkeypatch.setattr(clients, "producer", producer)

    return refuse


def test_what_cannot_be_published_is_passed_over(
    settings: Settings,
    database: Things,
    topics: Topics,
    published: Published,
    refuse: Callable[[KafkaError], None],
) -> None:
    for name in ("a", "b", "c"):
        create(Thing(id=name), now())
    database.things.update_one({"_id": "a"}, {"$set": {"status": "broken"}})
    refuse(MessageSizeTooLargeError())
    assert replay(settings, [Thing]) == 1
    assert [event.subject for event in published(topics.requests)] == ["c"]


def test_a_broker_that_takes_no_more_ends_it(
    settings: Settings, database: Things, topics: Topics, refuse: Callable[[KafkaError], None]
) -> None:
    create(Thing(id="b"), now())
    refuse(KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        replay(settings, [Thing])
