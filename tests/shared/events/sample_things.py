"""A sample aggregate, and a process that relays it until a fault strikes."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from kafka import KafkaProducer
from mongoengine import IntField, StringField

from shared.events import clients, validation
from shared.events.envelope import REQUEST, Event
from shared.events.outbox import Aggregate, EventRecord
from shared.events.relay import Relay
from shared.events.versions import Version
from shared.settings import Settings
from shared.web.database import connect_database

SOURCE = "/entraide/things"


class Thing(Aggregate):
    """Speaks like a request; a draft tells nobody."""

    meta: ClassVar[dict[str, Any]] = {"collection": "things"}

    status = StringField(required=True, default="submitted")
    count = IntField(required=True, default=0)
    note = StringField()

    def event(self) -> EventRecord | None:
        """A request's event."""
        if self.status == "draft":
            return None
        return self.envelope(REQUEST, SOURCE, request_data(self.id, self.status, self.count))


def request_data(id_: str, status: str = "submitted", count: int = 0) -> dict[str, Any]:
    """Valid data of a request."""
    data = validation.example(REQUEST)
    return data | {"id": id_, "status": status, "evidence": count}


def event_of(subject: str, version: Version, count: int = 0) -> Event:
    """A request's event as no document made it."""
    return Event(
        REQUEST, SOURCE, subject, datetime.now(UTC), version, request_data(subject, count=count)
    )


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass
class Intercepted:
    """A producer whose futures do something else once the broker has acknowledged."""

    producer: KafkaProducer
    after: Callable[[], None]

    def send(self, *args: Any, **kwargs: Any) -> Any:
        """Send at once."""
        future = self.producer.send(*args, **kwargs)
        after = self.after

        class Future:
            def get(self, timeout: float) -> Any:
                answer = future.get(timeout)
                after()
                return answer

        return Future()

    def close(self, timeout: float) -> None:
        """Close."""
        self.producer.close(timeout=timeout)


def main() -> None:
    """Relay; killed by its own hand between the broker's answer and the removal."""
    kafka, mongodb, database, prefix = sys.argv[1:]
    settings = Settings("test", kafka, mongodb, database, b"k" * 32, prefix, topic_partitions=3)
    connect_database(settings)

    def dying(settings: Settings) -> Any:
        return Intercepted(clients.producer(settings), lambda: os.kill(os.getpid(), signal.SIGKILL))

    Relay(settings, [Thing], "dying", now, dying).run(threading.Event())


if __name__ == "__main__":
    main()
