"""A database and topics of the test's own, and loops that run while a test looks on."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import mongoengine
import pytest
from pymongo.database import Database

from shared.events import clients
from shared.events.envelope import Event, decode, encode
from shared.events.letters import DeadLetters
from shared.events.reader import read_to_end
from shared.events.topics import Topics, ensure_topics
from shared.settings import Settings
from shared.web.database import connect_database

sys.path.insert(0, str(Path(__file__).parent))  # for sample_things

Loop = Callable[[threading.Event], None]


@pytest.fixture
def database(settings: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The test's own database, connected."""
    connected = connect_database(settings)
    yield connected
    connected.client.drop_database(connected.name)
    mongoengine.disconnect()


@pytest.fixture
def topics(settings: Settings) -> Topics:
    """The test's own topics."""
    ensure_topics(settings)
    return Topics(settings.topic_prefix)


@pytest.fixture
def dead_letters(settings: Settings, database: Database[dict[str, Any]]) -> Iterator[DeadLetters]:
    """A writer of dead letters."""
    writer = DeadLetters(settings, database)
    yield writer
    writer.close()


@pytest.fixture
def produce(settings: Settings) -> Iterator[Callable[..., None]]:
    """Writes events, or raw records, into a topic, waiting for the broker."""
    producer = clients.producer(settings)

    def write(topic: str, *records: Event | dict[str, Any]) -> None:
        for record in records:
            if isinstance(record, Event):
                key, value, headers = encode(record)
                record = {"key": key, "value": value, "headers": headers}
            producer.send(topic, **record).get(10)

    yield write
    producer.close(timeout=1)


@pytest.fixture
def published(settings: Settings) -> Callable[[str], list[Event]]:
    """Reads the events that stand in a topic now, in the order of each partition."""

    def read(topic: str) -> list[Event]:
        return [decode(record) for record in read_to_end(settings, [topic])]

    return read


@pytest.fixture
def running() -> Callable[[Loop], AbstractContextManager[list[BaseException]]]:
    """Runs a loop in a thread; on leaving stops it, and raises what it raised unless taken."""

    @contextmanager
    def run(loop: Loop) -> Iterator[list[BaseException]]:
        stop = threading.Event()
        raised: list[BaseException] = []

        def guarded() -> None:
            try:
                loop(stop)
            except BaseException as error:  # noqa: BLE001 (a test's own crash among them)
                raised.append(error)

        thread = threading.Thread(target=guarded)
        thread.start()
        try:
            yield raised
        finally:
            stop.set()
            thread.join(20)
            assert not thread.is_alive()
            if raised:
                raise raised[0]

    return run
