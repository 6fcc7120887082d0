"""Aggregates: state and event in one write, and no update lost."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from mongoengine import NotUniqueError, ValidationError
from pymongo.collection import Collection
from pymongo.database import Database
from sample_things import Thing, now

from shared.bulk import write_each
from shared.events.envelope import InvalidEvent
from shared.events.outbox import (
    DuplicateId,
    NotFound,
    StaleVersion,
    Transition,
    change,
    change_of,
    create,
    creation_of,
    mark_for_relay,
)
from shared.events.pending import unpack
from shared.events.versions import Version

pytestmark = pytest.mark.usefixtures("database")


def stored(id_: str = "a") -> Thing:
    found = Thing.objects(id=id_).first()
    assert isinstance(found, Thing)
    return found


def relayed(database: Database[dict[str, Any]], id_: str = "a") -> None:
    database.things.update_one(
        {"_id": id_}, {"$unset": {"pending_events": "", "pending_since": ""}}
    )


def count_of(database: Database[dict[str, Any]]) -> int:
    return database.things.count_documents({})


def count(thing: Thing) -> None:
    thing.count += 1


def test_create_leaves_the_event() -> None:
    document = Thing(id="a")
    create(document, now())
    assert document.version == stored().version == Version(1, 1)
    (record,) = stored().pending_events
    event = unpack(record)
    assert (event.id, event.subject, event.version) == ("a/1.1", "a", Version(1, 1))
    assert event == stored().event() == document.event()
    assert stored().pending_since == stored().created_at == stored().updated_at == event.time


def test_a_state_that_tells_nobody_leaves_nothing(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a", status="draft"), now())
    kept = database.things.find_one({"_id": "a"})
    assert kept is not None
    assert "pending_since" not in kept
    assert not kept.get("pending_events")
    assert not mark_for_relay(stored())


def test_create_twice() -> None:
    create(Thing(id="a", count=1), now())
    with pytest.raises(DuplicateId):
        create(Thing(id="a", count=2), now())
    assert stored().count == 1


@pytest.mark.usefixtures("repeated_inserts")
def test_an_insert_that_the_driver_repeats_finds_itself(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a", count=1), now())
    assert stored().count == 1
    assert count_of(database) == 1
    with pytest.raises(DuplicateId):
        create(Thing(id="a", count=2), now())
    assert stored().count == 1


def test_a_repeated_insert_knows_itself_though_others_have_changed_it_since(
    database: Database[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    insert_one = Collection.insert_one

    def answer_lost(*args: Any, **options: Any) -> Any:
        insert_one(*args, **options)
        relayed(database)
        change(Thing, "a", None, count, now())
        return insert_one(*args, **options)

    monkeypatch.setattr(Collection, "insert_one", answer_lost)
    document = Thing(id="a")
    create(document, now())
    assert (document.version, stored().version) == (Version(1, 1), Version(1, 2))
    assert stored().count == 1


def test_the_same_written_by_another_at_the_same_moment_is_a_duplicate() -> None:
    at = now()
    create(Thing(id="a", count=1), at)
    with pytest.raises(DuplicateId):
        create(Thing(id="a", count=1), at)


def test_another_unique_index_is_no_duplicate_id(database: Database[dict[str, Any]]) -> None:
    database.things.create_index("note", unique=True)
    create(Thing(id="a", note="same"), now())
    with pytest.raises(NotUniqueError):
        create(Thing(id="b", note="same"), now())


def test_an_event_that_breaks_its_schema_is_not_written() -> None:
    with pytest.raises(InvalidEvent, match="status"):
        create(Thing(id="a", status="dreaming"), now())
    with pytest.raises(NotFound):
        change(Thing, "a", None, count, now())
    create(Thing(id="a"), now())
    with pytest.raises(InvalidEvent, match="status"):
        change(Thing, "a", None, lambda thing: setattr(thing, "status", "dreaming"), now())
    with pytest.raises(ValidationError):
        change(Thing, "a", None, lambda thing: setattr(thing, "count", "many"), now())
    assert stored().version == Version(1, 1)


def test_change_writes_state_and_event(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a", note="x"), now())
    relayed(database)

    def mutate(thing: Thing) -> None:
        thing.count = 7
        thing.note = None
        thing.history.append(
            Transition(target="submitted", action="submit", at=now(), role="requester")
        )

    changed = change(Thing, "a", Version(1, 1), mutate, now())
    assert changed.version == stored().version == Version(1, 2)
    assert stored().count == 7
    assert stored().note is None
    assert stored().history[0].data()["source"] is None
    assert [record["id"] for record in stored().pending_events] == ["a/1.2"]
    assert unpack(stored().pending_events[0]) == stored().event()
    assert stored().pending_since == stored().updated_at


def test_a_newer_event_takes_the_place_of_an_older_one() -> None:
    create(Thing(id="a"), datetime(2026, 1, 1, tzinfo=UTC))
    change(Thing, "a", None, count, now())
    assert [record["id"] for record in stored().pending_events] == ["a/1.2"]
    assert stored().pending_since == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_change_of_nothing_is_none(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a"), now())
    relayed(database)
    before = database.things.find_one({"_id": "a"})
    same = change(Thing, "a", None, lambda thing: setattr(thing, "count", 0), now())
    assert same.version == Version(1, 1)
    assert database.things.find_one({"_id": "a"}) == before


def test_a_mutation_that_raises_writes_nothing() -> None:
    create(Thing(id="a"), now())

    def refuse(thing: Thing) -> None:
        thing.count = 9
        raise PermissionError

    with pytest.raises(PermissionError):
        change(Thing, "a", None, refuse, now())
    assert stored().count == 0


def test_stale_versions() -> None:
    create(Thing(id="a"), now())
    change(Thing, "a", Version(1, 1), count, now())
    with pytest.raises(StaleVersion) as caught:
        change(Thing, "a", Version(1, 1), count, now())
    assert caught.value.current == Version(1, 2)


def test_losing_the_race_with_an_expected_version_is_stale() -> None:
    create(Thing(id="a"), now())
    rivals: list[Thing] = []

    def overtaken(thing: Thing) -> None:
        if not rivals:
            rivals.append(change(Thing, "a", None, count, now()))
        thing.count += 10

    with pytest.raises(StaleVersion) as caught:
        change(Thing, "a", Version(1, 1), overtaken, now())
    assert caught.value.current == Version(1, 2)
    assert stored().count == 1


def test_no_update_is_lost_between_eight_threads() -> None:
    create(Thing(id="a"), now())

    def work() -> None:
        for _ in range(10):
            change(Thing, "a", None, count, now())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored().count == 80
    assert stored().version == Version(1, 81)


def test_a_change_does_not_undo_what_the_relay_did(database: Database[dict[str, Any]]) -> None:
    """The relay empties the outbox between loading and writing."""
    create(Thing(id="a"), now())

    def mutate(thing: Thing) -> None:
        relayed(database)
        thing.count += 1

    change(Thing, "a", None, mutate, now())
    assert stored().pending_since is not None
    assert [record["id"] for record in stored().pending_events] == ["a/1.2"]


def test_what_is_written_in_a_bulk_is_what_would_be_written_alone(
    database: Database[dict[str, Any]],
) -> None:
    at = now()
    create(Thing(id="a"), at)
    alone = change(Thing, "a", None, count, at)
    assert write_each(database.things, [creation_of(Thing(id="b"), at, 1)]) == 1
    write = change_of(stored("b"), count, at)
    assert write is not None
    assert write_each(database.things, [write]) == 1
    together = stored("b")
    assert (together.version, together.count) == (alone.version, alone.count)
    differing = {"_id", "insertion", "pending_events"}
    a, b = (database.things.find_one({"_id": one}) for one in "ab")
    assert a is not None
    assert b is not None
    assert {k: v for k, v in a.items() if k not in differing} == {
        k: v for k, v in b.items() if k not in differing
    }
    assert unpack(together.pending_events[0]) == together.event()
    # Sent again, or by who has lost the race, they find nothing that is as they expect it.
    assert write_each(database.things, [creation_of(Thing(id="b"), at, 1), write]) == 0
    assert change_of(stored("b"), lambda thing: None, at) is None


def test_marking_is_conditional(database: Database[dict[str, Any]]) -> None:
    create(Thing(id="a"), now())
    assert not mark_for_relay(stored())  # one is pending
    relayed(database)
    old = stored()
    assert mark_for_relay(old)
    assert unpack(stored().pending_events[0]) == old.event()
    relayed(database)
    change(Thing, "a", None, count, now())
    relayed(database)
    assert not mark_for_relay(old)  # its writer left its own event
