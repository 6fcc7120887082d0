"""The relay: publishes what the aggregates' outboxes hold, then removes it.

A crash between the two repeats an event and loses none. Any number of relays may run.
"""

import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from shared import tracing
from shared.events import clients, metrics, turns
from shared.events.envelope import Event, InvalidEvent, encode
from shared.events.outbox import Aggregate
from shared.events.pending import WAITING, Asking, unpack, waiting_since, waiting_up_to
from shared.events.predecessor import Note
from shared.events.topics import Topics
from shared.events.vanished import Vanished
from shared.events.work import told
from shared.settings import Settings

LEASE: Final = timedelta(milliseconds=clients.DELIVERY_TIMEOUT_MS + 5_000)
"""Longer than a producer may try, so that only a paused process can write late, or a killed one
whose bytes are still on their way: its leases end with its successor's start."""

_BATCH = 200
_IDLE_SECONDS = 0.05
_ASKING = Asking(shortest=_IDLE_SECONDS, longest=0.5)
_LONGEST_PAUSE_SECONDS = 2.0
_MEASURE_SECONDS = 5.0
_MOST_COUNTED = 1_000
_FREE = {"lease_owner": "", "lease_until": ""}

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claim:
    """Documents of one collection that this relay holds a lease on; `token` names the lease.

    `held_back` keep it, `freed` have lost it with what was pending of them.
    """

    collection: Collection[dict[str, Any]]
    token: str
    documents: Sequence[dict[str, Any]]
    expires: float
    held_back: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)

    def leaves_time(self) -> bool:
        """Whether a producer may still try for as long as it may before the lease runs out."""
        return time.monotonic() <= self.expires - clients.DELIVERY_TIMEOUT_MS / 1000

    def hold_back(self, id_: str, error: Exception) -> None:
        """Keep the lease of a document whose event cannot go out: the others must not wait."""
        log.error(
            "event cannot be published", collection=self.collection.name, id=id_, error=str(error)
        )
        self.held_back.add(id_)


@dataclass(frozen=True)
class _Sent:
    """An event of a document that the producer has, and may yet fail to bring to the broker."""

    document: dict[str, Any]
    record: dict[str, Any]
    future: Any
    span: tracing.Span | None


class Relay:
    """Publishes the pending events of some aggregates, the oldest change first.

    `run` blocks until `stop` is set. It asks a collection that is in use every 50 ms, and one that
    was quiet for half a minute twice a second: idle collections must not keep the store busy. It
    backs off to 2 s while broker or store are away, and never raises for their absence. A batch is
    leased, sent with acks=all, and only then removed from the outboxes; a document that was
    changed meanwhile keeps its newer event. Leases of a dead relay run out after LEASE, or end when
    the one that is started in its place begins (predecessor.py).
    `owner` names this relay in the documents, for people; `clock` tells the time, aware, UTC.
    """

    def __init__(
        self,
        settings: Settings,
        aggregates: Sequence[type[Aggregate]],
        owner: str,
        clock: Callable[[], datetime],
        make_producer: Callable[[Settings], KafkaProducer] = clients.producer,
    ) -> None:
        self._settings = settings
        self._topics = Topics(settings.topic_prefix)
        self._aggregates: list[type[Aggregate]] = [*aggregates, Vanished]
        self._owner = owner
        self._clock = clock
        self._make_producer = make_producer
        self._producer: KafkaProducer | None = None
        self._measured = float("-inf")
        self._batch = _BATCH
        self._found_at = dict.fromkeys(self._aggregates, time.monotonic())
        self._asked_at = dict.fromkeys(self._aggregates, float("-inf"))
        self._note = Note(settings, "relay")
        self._predecessor = self._note.found()

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set."""
        idle = _IDLE_SECONDS
        try:
            while not stop.is_set():
                try:
                    self._succeed()
                    published = sum(map(self._publish_batch, self._due()))
                    idle = _IDLE_SECONDS
                except (KafkaError, PyMongoError) as error:
                    metrics.PUBLISH_FAILURES.inc()
                    log.warning("relay interrupted", error=told(error), retry_in_seconds=idle)
                    # A producer that gave up on a batch may refuse the next one.
                    self._close_producer()
                    published = 0
                    idle = min(2 * idle, _LONGEST_PAUSE_SECONDS)
                self._measure()
                if not published:
                    stop.wait(idle)
        finally:
            self._close_producer()
        self._note.take_back()

    def _succeed(self) -> None:
        """End the leases of the relay that was killed in this one's place, and note one's own."""
        if self._predecessor:
            its = {"lease_owner": {"$regex": f"^{re.escape(self._predecessor)}/"}}
            for aggregate in self._aggregates:
                aggregate._get_collection().update_many({**WAITING, **its}, {"$unset": _FREE})
        self._predecessor = ""
        self._note.leave(self._owner)

    def publish_pending(self) -> int:
        """Publish one batch of each aggregate; returns how many events the broker took.

        Blocks for as long as the producer tries. Raises KafkaError or PyMongoError; what was
        leased stays leased until it runs out or is released here.
        """
        return sum(map(self._publish_batch, self._aggregates))

    def _due(self) -> list[type[Aggregate]]:
        """The aggregates that it is time to ask."""
        now = time.monotonic()
        due = []
        for aggregate, asked in self._asked_at.items():
            if now >= asked + _ASKING.pause(asked - self._found_at[aggregate]):
                self._asked_at[aggregate] = now
                due.append(aggregate)
        return due

    def _publish_batch(self, aggregate: type[Aggregate]) -> int:
        """Publish a batch that the store can lease in time: a slow store gets smaller ones."""
        while (claim := self.claim(aggregate)) is not None:
            turns.note()  # each may take as long as a producer tries
            in_time = claim.leaves_time()
            self._found_at[aggregate] = time.monotonic()
            try:
                published = self.publish(claim)
            finally:
                self._release(claim)
            self._batch = min(2 * self._batch, _BATCH) if in_time else max(self._batch // 2, 1)
            if in_time or self._batch == 1:
                return published
        return 0

    def claim(self, aggregate: type[Aggregate]) -> Claim | None:
        """Lease up to a batch of documents with something pending; None when there are none."""
        collection: Collection[dict[str, Any]] = aggregate._get_collection()
        now = self._clock()
        # Free when it has none, or one that is far too long: a clock that was ahead took it.
        free = {**WAITING, "lease_until": {"$not": {"$gt": now, "$lte": now + 2 * LEASE}}}
        found = collection.find(free, {"_id": 1}).sort("pending_since", 1).limit(self._batch)
        ids = [document["_id"] for document in found]
        if not ids:
            return None
        token = f"{self._owner}/{uuid.uuid4().hex}"
        expires = time.monotonic() + LEASE.total_seconds()
        collection.update_many(
            {"_id": {"$in": ids}, **free},
            {"$set": {"lease_owner": token, "lease_until": now + LEASE}},
        )
        leased = {"_id": {"$in": ids}, "lease_owner": token}
        fields = {"pending_events": 1, "pending_since": 1}
        documents = list(collection.find(leased, fields))
        return Claim(collection, token, documents, expires) if documents else None

    def publish(self, claim: Claim) -> int:
        """Send what the claimed documents hold, and remove it once the broker has it.

        Sends nothing when the lease ran out in between. Returns how many events were sent; raises
        the KafkaError of the first that was not, after removing those that were.
        """
        if not claim.leaves_time():
            return 0
        if self._producer is None:
            self._producer = self._make_producer(self._settings)
        deadline = time.monotonic() + clients.DELIVERY_TIMEOUT_MS / 1000
        sent, failure = self._send_all(self._producer, claim)
        arrived: list[_Sent] = []
        for one in sent:
            failed = True
            try:
                one.future.get(timeout=max(deadline - time.monotonic(), 0.001))
            except MessageSizeTooLargeError as error:
                claim.hold_back(one.document["_id"], error)
            except KafkaError as error:
                failure = failure or error
            else:
                failed = False
                self._count(claim.collection.name, one)
                arrived.append(one)
            finally:
                tracing.end([one.span], failed=failed)
        if arrived:
            removals = [_removal(one.document["_id"], one.record["id"]) for one in arrived]
            removed = claim.collection.bulk_write(removals, ordered=False).matched_count
            if removed == len(removals):
                claim.freed.update(one.document["_id"] for one in arrived)
        if failure is not None:
            raise failure
        return len(arrived)

    def _send_all(
        self, producer: KafkaProducer, claim: Claim
    ) -> tuple[list["_Sent"], KafkaError | None]:
        """What was handed to the producer, and what stopped the handing over."""
        sent: list[_Sent] = []
        for document in claim.documents:
            for record in document.get("pending_events", ()):
                try:
                    future = self._send(producer, record)
                except (InvalidEvent, MessageSizeTooLargeError) as error:
                    claim.hold_back(document["_id"], error)
                except KafkaError as error:
                    return sent, error
                else:
                    sent.append(_Sent(document, record, future, _span(record)))
        return sent, None

    def _send(self, producer: KafkaProducer, record: dict[str, Any]) -> Any:
        return send(producer, self._topics, unpack(record))

    def _count(self, collection: str, sent: "_Sent") -> None:
        metrics.PUBLISHED.labels(sent.record["type"]).inc()
        since = sent.document.get("pending_since")
        if since is not None:
            waited = (self._clock() - since).total_seconds()
            metrics.PUBLISH_DELAY.labels(collection).observe(max(waited, 0.0))

    def _release(self, claim: Claim) -> None:
        """Free what was not removed: changed meanwhile, or not sent for want of a broker."""
        without = claim.held_back | claim.freed
        ids = [d["_id"] for d in claim.documents if d["_id"] not in without]
        if not ids:
            return
        claim.collection.update_many(
            {"_id": {"$in": ids}, "lease_owner": claim.token}, {"$unset": _FREE}
        )

    def _measure(self) -> None:
        """Tell what waits, now and then, whatever became of publishing: what waits while the broker
        is away grows old. Nothing new is told while the store is away."""
        if time.monotonic() < self._measured + _MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        try:
            self._measure_outboxes()
        except PyMongoError as error:
            log.warning("outboxes not measured", error=str(error))

    def _measure_outboxes(self) -> None:
        for aggregate in self._aggregates:
            collection = aggregate._get_collection()
            since = waiting_since(collection)
            age = (self._clock() - since).total_seconds() if since else 0.0
            depth = waiting_up_to(collection, _MOST_COUNTED) if since else 0
            metrics.OUTBOX_DEPTH.labels(collection.name).set(depth)
            metrics.OUTBOX_AGE.labels(collection.name).set(max(age, 0.0))

    def _close_producer(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            clients.close_producer(producer)


def send(producer: KafkaProducer, topics: Topics, event: Event) -> Any:
    """Hand an event to a producer, for the topic of its type; what tells of its arrival.

    Raises InvalidEvent when it is none, and KafkaError.
    """
    key, value, headers = encode(event)
    return producer.send(topics.of_type(event.type), key=key, value=value, headers=headers)


def _span(record: dict[str, Any]) -> tracing.Span | None:
    """The step of publishing an event, in the trace of the call that made it."""
    return tracing.follow(
        f"publish {record['type']}",
        "producer",
        record.get("traceparent"),
        {"entraide.record": record["subject"]},
    )


def _removal(id_: str, event_id: str) -> UpdateOne:
    """Removes an event that the broker has, unless a newer one has taken its place."""
    return UpdateOne(
        {"_id": id_, "pending_events.id": event_id},
        {"$unset": {"pending_events": "", "pending_since": "", **_FREE}},
    )
