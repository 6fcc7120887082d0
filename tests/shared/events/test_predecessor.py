"""What a killed worker left is ended by the one that is started in its place."""

import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer
from kafka.errors import CommitFailedError, UnknownMemberIdError
from kafka.structs import OffsetAndMetadata, TopicPartition
from pymongo.database import Database
from sample_things import Thing, now

from deploy.local.servers import wait_until
from shared.events import clients, predecessor
from shared.events.consumer import Consumer
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.outbox import create
from shared.events.predecessor import Note, Seat
from shared.events.relay import Relay
from shared.events.topics import Topics
from shared.settings import Settings


@pytest.fixture
def placed(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a worker that has a ready file."""
    return replace(settings, ready_file=tmp_path / "ready")


def joined(settings: Settings, topics: Topics) -> KafkaConsumer:
    """A member of a group that nobody else is in."""
    consumer = clients.consumer(settings, "group")
    consumer.subscribe([topics.requests])
    deadline = time.monotonic() + 60
    # Without a pause: a join that ends between two polls is forgotten by kafka-python, and is begun
    # anew.
    while not consumer.assignment():
        assert time.monotonic() < deadline
        clients.poll_group(consumer, 200, 1)
    return consumer


def joining(settings: Settings, topics: Topics) -> KafkaConsumer:
    """A group's leader that got so far in its joining that it has yet to share out."""
    consumer = clients.consumer(settings, "group")
    consumer.subscribe([topics.requests])

    def share_out(*members: Any) -> Any:
        raise InterruptedError(members)

    consumer._coordinator._perform_assignment = share_out

    deadline = time.monotonic() + 60
    with suppress(InterruptedError):
        while time.monotonic() < deadline:
            clients.poll_group(consumer, 200, 1)
        raise TimeoutError("it does not lead")
    return consumer


def test_the_former_member_is_one_no_more(placed: Settings, topics: Topics) -> None:
    with closing(joined(placed, topics)) as former:  # and it hangs: nothing of it is closed
        Seat(placed, "group").hold(former)
        Seat(placed, "group").take_over()
        done = {TopicPartition(topics.requests, 0): OffsetAndMetadata(0, "", -1)}
        with pytest.raises((CommitFailedError, UnknownMemberIdError)):
            former.commit(done, timeout_ms=5_000)
    assert Note(placed, "group").found() == ""


def test_who_ended_well_leaves_nothing(
    placed: Settings, topics: Topics, dead_letters: DeadLetters, running: Callable[..., Any]
) -> None:
    def handle(events: Sequence[Event]) -> None:
        del events

    consumer = Consumer(placed, [topics.requests], "group", handle, dead_letters)
    note = Note(placed, "group")
    with running(consumer.run):
        wait_until(lambda: consumer.has_assignment() and bool(note.found()), 60, "a note")
    assert note.found() == ""


def test_a_former_member_of_no_group_is_no_matter(placed: Settings, topics: Topics) -> None:
    Note(placed, "group").leave("nobody-5f0c")
    Seat(placed, "group").take_over()
    joined(placed, topics).close()


def test_who_dies_while_it_joins_is_not_waited_for_for_ever(
    placed: Settings, topics: Topics
) -> None:
    with closing(joining(placed, topics)) as former:
        Seat(placed, "group").hold(former)
        Seat(placed, "group").take_over()
        joined(placed, topics).close()


def test_who_closes_while_it_joins_is_not_waited_for_for_ever(
    placed: Settings, topics: Topics
) -> None:
    clients.close_member(joining(placed, topics), 5_000)
    joined(placed, topics).close()


def test_a_broker_that_is_away_is_waited_for_by_others(
    placed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predecessor, "_ASK_MS", 300)
    away = replace(placed, kafka="127.0.0.1:9")
    Note(away, "group").leave("somebody")
    Seat(away, "group").take_over()
    assert Note(away, "group").found() == "somebody"


def test_a_killed_relays_leases_end_with_its_successors_start(
    placed: Settings,
    database: Database[dict[str, Any]],
    topics: Topics,
    running: Callable[..., Any],
) -> None:
    del topics
    create(Thing(id="a"), now())
    create(Thing(id="b"), now())
    assert Relay(placed, [Thing], "test@here:1", now).claim(Thing) is not None  # and it dies
    database.things.update_one({"_id": "b"}, {"$set": {"lease_owner": "test@there:1/x"}})
    Note(placed, "relay").leave("test@here:1")
    successor = Relay(placed, [Thing], "test@here:2", now)
    with running(successor.run):
        wait_until(lambda: Note(placed, "relay").found() == "test@here:2", 60, "a note")
        assert not database.things.count_documents({"lease_owner": {"$regex": "^test@here:1"}})
        assert database.things.find_one({"_id": "b"}, {"_id": 0, "lease_owner": 1}) == {
            "lease_owner": "test@there:1/x"
        }
    assert Note(placed, "relay").found() == ""


def test_without_a_ready_file_nothing_is_noted(settings: Settings) -> None:
    note = Note(settings, "relay")
    note.leave("somebody")
    assert note.found() == ""
    note.take_back()


def test_notes_that_cannot_be_written_or_read_keep_nobody_from_working(
    tmp_path: Path, settings: Settings
) -> None:
    nowhere = Note(replace(settings, ready_file=tmp_path / "none" / "ready"), "relay")
    nowhere.leave("somebody")
    assert nowhere.found() == ""
    torn = Note(replace(settings, ready_file=tmp_path / "ready"), "relay")
    (tmp_path / "ready.relay").write_bytes(b"\xff\xfe")
    assert torn.found() == ""
