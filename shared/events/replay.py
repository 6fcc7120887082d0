"""Replay: says the state of every record again, for a broker that lost its log."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import structlog
from kafka.errors import KafkaError, MessageSizeTooLargeError

from shared.events import clients
from shared.events.outbox import Aggregate
from shared.events.relay import send
from shared.events.topics import Topics
from shared.events.vanished import Vanished
from shared.events.versions import Version
from shared.settings import Settings

_BATCH = 200

log = structlog.get_logger(__name__)


def replay(
    settings: Settings,
    aggregates: Sequence[type[Aggregate]],
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Publish the state of every document that has an event; returns how many events those were.

    Nothing is written to the store: what waits there for the relay goes on waiting. A document
    that changes meanwhile is published again, so that the last that a topic says of a record is no
    older than what its relay has said. One that makes no valid event is reported and passed over.
    `progress` is called with the documents seen and their number at the start (more may have come
    since). Raises PyMongoError and KafkaError; running it again is safe, and due where it was
    interrupted.
    """
    kinds: list[type[Aggregate]] = [*aggregates, Vanished]  # these last: what vanishes meanwhile
    total = sum(kind._get_collection().count_documents({}) for kind in kinds)
    seen = published = 0
    with closing(_Publisher(settings)) as publisher:
        for kind in kinds:
            for batch in _batches(kind):
                published += publisher.publish(batch)
                changed = _changed(kind, batch)
                while changed:
                    publisher.publish(changed)
                    changed = _changed(kind, changed)
                seen += len(batch)
                if progress is not None:
                    progress(seen, max(total, seen))
    return published


def _batches(kind: type[Aggregate]) -> Iterator[list[Aggregate]]:
    query = kind.objects.order_by("id")
    batch = list(query.limit(_BATCH))
    while batch:
        yield batch
        batch = list(query.filter(id__gt=batch[-1].id).limit(_BATCH))


def _changed(kind: type[Aggregate], batch: Sequence[Aggregate]) -> list[Aggregate]:
    """Those of a batch that are at another version by now, as they are now."""
    read = {document.id: document.version for document in batch}
    found = kind._get_collection().find({"_id": {"$in": list(read)}}, {"epoch": 1, "number": 1})
    ids = [one["_id"] for one in found if Version(one["epoch"], one["number"]) != read[one["_id"]]]
    return list(kind.objects(id__in=ids)) if ids else []


class _Publisher:
    """Publishes documents' states by a producer of its own."""

    def __init__(self, settings: Settings) -> None:
        self._topics = Topics(settings.topic_prefix)
        self._producer = clients.producer(settings)

    def close(self) -> None:
        clients.close_producer(self._producer)

    def publish(self, batch: Sequence[Aggregate]) -> int:
        """How many events of the batch the broker has; raises KafkaError where it takes none."""
        sent = [(document, self._send(document)) for document in batch]
        deadline = time.monotonic() + clients.DELIVERY_TIMEOUT_MS / 1000
        published = 0
        for document, future in sent:
            if future is None:
                continue
            try:
                future.get(timeout=max(deadline - time.monotonic(), 0.001))
            except MessageSizeTooLargeError as error:
                _pass_over(document, error)
            else:
                published += 1
        return published

    def _send(self, document: Aggregate) -> Any:
        """What tells of the arrival of the document's event; None where it has none."""
        try:
            event = document.event()
            return None if event is None else send(self._producer, self._topics, event)
        except KafkaError as error:
            if not isinstance(error, MessageSizeTooLargeError):
                raise
            return _pass_over(document, error)
        except Exception as error:  # noqa: BLE001 (one broken document must not end it for others)
            return _pass_over(document, error)


def _pass_over(document: Aggregate, error: Exception) -> None:
    log.error("state not published again", id=document.id, exc_info=error)
