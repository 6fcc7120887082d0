"""Replay: an empty broker learns every state again."""

from collections.abc import Callable
from typing import Any

from pymongo.database import Database
from sample_things import SOURCE, Thing, now

from shared.events.envelope import REQUEST, Event
from shared.events.outbox import change, create
from shared.events.relay import Relay
from shared.events.replay import replay
from shared.events.topics import Topics
from shared.events.vanished import bury
from shared.events.versions import Version
from shared.settings import Settings


def test_replay_into_an_empty_broker(
    settings: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    published: Callable[[str], list[Event]],
) -> None:
    for number in range(230):  # more than one batch
        create(Thing(id=f"t{number:03}"), now())
    create(Thing(id="draft", status="draft"), now())
    change(Thing, "t007", None, lambda thing: setattr(thing, "count", 9), now())
    bury("gone", REQUEST, SOURCE, now())
    for collection in (database.things, database.vanished):  # all was published, then lost
        collection.update_many({}, {"$unset": {"pending_events": "", "pending_since": ""}})
    create(Thing(id="waiting"), now())

    told: list[tuple[int, int]] = []
    assert replay([Thing], lambda done, total: told.append((done, total))) == 231
    assert told[-1] == (233, 233)
    assert replay([Thing]) == 0  # all are pending by now

    relay = Relay(settings, [Thing], "relay", now)
    while relay.publish_pending():
        pass
    events = {event.subject: event for event in published(topics.requests)}
    assert len(events) == 232
    assert events["t007"] == Thing.objects(id="t007").first().event()
    assert events["t007"].version == Version(1, 2)
    assert events["gone"].tombstone
    assert "draft" not in events


def test_a_state_that_makes_no_valid_event_is_passed_over(
    database: Database[dict[str, Any]],
) -> None:
    for name in ("a", "b"):
        create(Thing(id=name), now())
    update = {"$unset": {"pending_events": "", "pending_since": ""}}
    database.things.update_many({}, update)
    database.things.update_one({"_id": "a"}, {"$set": {"status": "broken"}})
    assert replay([Thing]) == 1
    pending = database.things.find({"pending_since": {"$ne": None}})
    assert [document["_id"] for document in pending] == ["b"]
