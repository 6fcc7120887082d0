"""Writing dead letters: events that nobody could understand, kept with the reason.

A dead letter is the record as it was (bytes, key, headers) plus headers `entraide_*`; only the
latter where the whole is more than its topic takes. Its id is a hash of what the record holds, not
of where it stood, so that repeats are one dead letter.
"""

import hashlib
import threading
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from mongoengine import get_db
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database

from shared.events import clients, metrics
from shared.events.topics import dead_letter_topic
from shared.settings import Settings

PREFIX: Final = "entraide_"
RETRIES: Final = "entraide_retries"
MARKER: Final = "entraide_marker"
RETRIED: Final = b"retried"
SIZE: Final = "entraide_size"
"""Stands in a dead letter that was too large to be kept whole: bytes of the body that it lacks."""

REMEMBERED = "dead_letters"
_MAX_DETAIL = 1_000
_ACK_SECONDS = clients.DELIVERY_TIMEOUT_MS / 1000
_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)

log = structlog.get_logger(__name__)


class HasHeaders(Protocol):
    """A record's headers."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class FailedRecord(HasHeaders, Protocol):
    """What a dead letter keeps of a record (kafka-python's ConsumerRecord has it)."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class DeadLetters:
    """Writes dead letters, and remembers in the consumer's database which it has written.

    `put` blocks until the broker has the dead letter (up to 10 s), for the consumer's offset may
    be committed only then; the id is remembered after that, so that a reader which starts again
    from the beginning does not put the same poison twice. `database`: None for the one that
    mongoengine is connected to. Raises KafkaError or PyMongoError; to put again is safe. May be
    shared by threads. Close it when the process ends.
    """

    def __init__(
        self, settings: Settings, database: Database[dict[str, Any]] | None = None
    ) -> None:
        self._settings = settings
        if database is None:
            database = get_db()
        self._remembered: MongoCollection[dict[str, Any]] = database[REMEMBERED]
        self._producer: KafkaProducer | None = None
        self._lock = threading.Lock()

    def put(self, record: FailedRecord, reason: str, detail: str, consumer: str) -> str:
        """Keep a record that `consumer` gave up; returns the dead letter's id."""
        id_ = letter_id(record, consumer)
        if self._remembered.find_one({"_id": id_, "gone": None}, {"_id": 1}) is not None:
            return id_
        now = datetime.now(UTC)
        headers = [(name, value or b"") for name, value in original_headers(record)]
        own = [
            (f"{PREFIX}{name}", text.encode("utf-8", "replace"))
            for name, text in (
                ("id", id_),
                ("reason", reason),
                ("detail", detail[:_MAX_DETAIL]),
                ("topic", record.topic),
                ("partition", str(record.partition)),
                ("offset", str(record.offset)),
                ("consumer", consumer),
                ("time", now.isoformat()),
            )
        ]
        topic = dead_letter_topic(record.topic)
        # The client sends no record that has neither key nor value.
        body = b"" if record.value is None and record.key is None else record.value
        try:
            self._send(topic, record.key, body, [*headers, *own])
        except _TOO_LARGE as error:
            log.warning("dead letter kept without its record", id=id_, error=str(error))
            self._send(topic, None, b"", [*own, *_outline(record)])
        self._remembered.update_one(
            {"_id": id_},
            {"$setOnInsert": {"at": now, "settled": False}, "$unset": {"gone": ""}},
            upsert=True,
        )
        metrics.DEAD_LETTERS.labels(consumer, reason).inc()
        return id_

    def is_settled(self, id_: str) -> bool:
        """Whether its consumer went on after it, in this life or an earlier one."""
        return self._remembered.find_one({"_id": id_, "settled": True}, {"_id": 1}) is not None

    def settle(self, ids: Collection[str]) -> None:
        """Remember that the consumer went on after these dead letters."""
        self._remembered.update_many({"_id": {"$in": list(ids)}}, {"$set": {"settled": True}})

    def close(self) -> None:
        """Close the connection to the broker; blocks for a second or two."""
        with self._lock:
            if self._producer is not None:
                producer, self._producer = self._producer, None
                clients.close_producer(producer)

    def _send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        with self._lock:
            if self._producer is None:
                self._producer = clients.producer(self._settings)
            producer = self._producer
        try:
            producer.send(topic, key=key, value=value, headers=headers).get(timeout=_ACK_SECONDS)
        except KafkaError:
            self.close()  # a producer that gave up on a batch may refuse the next one
            raise


def forget_written(database: Database[dict[str, Any]]) -> None:
    """The broker may have lost its log: whatever is given up again is to be written again.

    What consumers went on after stays remembered, so that old poison does not stop them now.
    """
    database[REMEMBERED].update_many({}, {"$set": {"gone": True}})


def letter_id(record: FailedRecord, consumer: str) -> str:
    """The id of the dead letter that this record makes for this consumer: 32 hexadecimals.

    How often the record was retried counts: failing again after a retry is a new dead letter.
    """
    parts: list[bytes] = [consumer.encode(), record.topic.encode()]
    for part in (record.key, record.value):
        parts += [b"null" if part is None else b"bytes", part or b""]
    for name, value in original_headers(record):
        parts += [name.encode("utf-8", "replace"), value or b""]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:32]


def original_headers(record: HasHeaders) -> list[tuple[str, bytes | None]]:
    """A record's headers without those that dead letters add; only the count of retries stays."""
    return [
        (name, value)
        for name, value in record.headers
        if name == RETRIES or not name.startswith(PREFIX)
    ]


def _outline(record: FailedRecord) -> list[tuple[str, bytes]]:
    """What tells a record that is too large to be kept, for whoever looks for it."""
    body = record.value or b""
    return [
        (SIZE, str(len(body)).encode()),
        (f"{PREFIX}sha256", hashlib.sha256(body).hexdigest().encode()),
    ]
