"""Anti-entropy: makes the last record of every key in a service's own topic its present state.

Compaction keeps a key's last record, not its highest version, and a relay that was paused past
its lease may write late. This mends what that leaves.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from kafka import KafkaConsumer
from kafka.errors import KafkaError
from mongoengine import get_db
from pymongo.errors import PyMongoError

from shared.events import clients, metrics, turns
from shared.events.envelope import InvalidEvent, decode
from shared.events.epochs import current_epoch
from shared.events.outbox import Aggregate, mark_for_relay
from shared.events.reader import assign_all
from shared.events.topics import Topics
from shared.events.vanished import bury
from shared.events.versions import Version
from shared.events.work import passes, told
from shared.settings import Settings

_POLL_MS = 500
_MAX_RECORDS = 500

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Seen:
    """The last record of a key; one that cannot be understood is older than everything."""

    type: str | None
    source: str | None
    version: Version
    tombstone: bool


_NOTHING = _Seen(None, None, Version(0, 0), tombstone=False)


class AntiEntropy:
    """Tails one of the service's own topics and marks for the relay what has to be said again.

    A key is marked when its last record is older than its document, and still is `grace_seconds`
    later (the relay may be about to publish). A record of an earlier epoch whose document is gone,
    or tells nobody any more, was made to vanish by a restore and gets a tombstone. A record newer
    than the store is only reported: then a backup was restored without raising the epoch. A
    document whose event breaks its schema is reported and passed over.

    `run` blocks until `stop` is set. It starts from the topic's beginning and keeps no position;
    while broker or store are away it waits. Any number may run.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        aggregates_by_type: Mapping[str, type[Aggregate]],
        clock: Callable[[], datetime],
        grace_seconds: float = 5.0,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._types = Topics(settings.topic_prefix).types_in(topic)
        self._aggregates = aggregates_by_type
        self._clock = clock
        self._grace = grace_seconds
        self._unchecked: dict[str, _Seen] = {}
        self._suspects: dict[str, tuple[_Seen, float]] = {}

    def run(self, stop: threading.Event) -> None:
        """Tail the topic until `stop` is set."""
        while not stop.is_set():
            try:
                with closing(clients.consumer(self._settings, None)) as consumer:
                    assign_all(consumer, [self._topic])
                    while not stop.is_set():
                        self._turn(consumer)
            except Exception as error:
                if not (isinstance(error, (KafkaError, PyMongoError)) or passes(error)):
                    raise
                log.warning("anti-entropy interrupted", topic=self._topic, error=told(error))
                stop.wait(2)

    def _turn(self, consumer: KafkaConsumer) -> None:
        polled = consumer.poll(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
        for records in polled.values():
            for record in records:
                self._note(record)
        if not polled or len(self._unchecked) >= _MAX_RECORDS:
            due = time.monotonic() + self._grace
            for key in self._out_of_date(self._unchecked):
                self._suspects[key] = (self._unchecked[key], due)
            self._unchecked = {}
        ripe = {key: seen for key, (seen, due) in self._suspects.items() if due <= time.monotonic()}
        if ripe:
            for key, document in self._out_of_date(ripe).items():
                turns.note()  # where a topic was lost these are many
                try:
                    self._mend(key, ripe[key], document)
                except Exception as error:
                    if passes(error):
                        raise
                    self._report_broken(key, error)  # the others are to be mended
            for key in ripe:
                del self._suspects[key]

    def _note(self, record: Any) -> None:
        try:
            key = (record.key or b"").decode()
        except UnicodeDecodeError:
            return
        try:
            event = decode(record, self._types)
            seen = _Seen(event.type, event.source, event.version, event.tombstone)
        except InvalidEvent:
            seen = _NOTHING
        self._unchecked[key] = seen
        self._suspects.pop(key, None)

    def _out_of_date(self, last: Mapping[str, _Seen]) -> dict[str, type[Aggregate] | None]:
        """The keys whose last record must not stay the last, with the kind of their document."""
        stored = self._stored(list(last))
        epoch = current_epoch(get_db()) if last else 0
        found: dict[str, type[Aggregate] | None] = {}
        for key, seen in last.items():
            if key in stored:
                aggregate, version = stored[key]
                if version > seen.version:
                    found[key] = aggregate
                elif version < seen.version:
                    self._report_ahead(key, seen, version)
            elif seen.type is not None and not seen.tombstone:
                if seen.version.epoch < epoch:
                    found[key] = None
                else:
                    self._report_ahead(key, seen, None)
        return found

    def _stored(self, keys: Sequence[str]) -> dict[str, tuple[type[Aggregate], Version]]:
        stored: dict[str, tuple[type[Aggregate], Version]] = {}
        if not keys:
            return stored
        for aggregate in set(self._aggregates.values()):
            found = aggregate._get_collection().find(
                {"_id": {"$in": keys}}, {"epoch": 1, "number": 1}
            )
            for document in found:
                version = Version(document["epoch"], document["number"])
                stored[document["_id"]] = (aggregate, version)
        return stored

    def _mend(self, key: str, seen: _Seen, aggregate: type[Aggregate] | None) -> None:
        document = None if aggregate is None else aggregate.objects(id=key).first()
        if document is not None and document.event() is not None:
            marked = mark_for_relay(document)
        elif seen.type is not None and seen.source is not None and not seen.tombstone:
            marked = seen.version.epoch < current_epoch(get_db())
            if marked:
                bury(key, seen.type, seen.source, self._clock())
        else:
            marked = False
        if marked:
            log.warning("last record was not the state", topic=self._topic, key=key)
            metrics.REPUBLISHED.labels(self._topic).inc()

    def _report_broken(self, key: str, error: Exception) -> None:
        """Whatever is wrong with a stored document, the others are to be mended."""
        log.error("state cannot be said again", topic=self._topic, key=key, exc_info=error)
        metrics.UNSAYABLE.labels(self._topic).inc()

    def _report_ahead(self, key: str, seen: _Seen, version: Version | None) -> None:
        log.error(
            "the topic is ahead of the store: raise the epoch after a restore",
            topic=self._topic,
            key=key,
            record=str(seen.version),
            document=str(version),
        )
        metrics.AHEAD.labels(self._topic).inc()
