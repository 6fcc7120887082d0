"""What enters the audit trail: every step in a record's history, and what readers and people who
sign in leave as notes.

A change marks its document in the very write that lengthens the history (`unaudited_since`), as it
leaves its event there for the relay. The auditor adds what a marked document's history has beyond
what is `audited`, then takes the mark off; a crash between the two repeats and adds nothing twice,
since an entry's key names the record and the place in its history. What is no step (a read of a
confidential record, an attempt to sign in) is noted in a collection of its own before it is
answered, and is taken over in the same way. Any number of auditors may run. Entries hold codes,
times, identifiers; no text that anybody wrote.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import IndexModel, UpdateOne
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from shared.events import metrics
from shared.events.aggregate import Aggregate, timestamp
from shared.events.outbox import Contention
from shared.events.pending import Asking
from shared.events.trail import Content, Fault, Store, append, known_keys
from shared.events.work import told

NOTES = "audit_reads"
"""The collection of notes, named for what was noted first."""

NOTES_INDEXES = (IndexModel("at"),)

_ASKING = Asking(shortest=0.5, longest=2.0)
_PAUSE_SECONDS = 2.0
_MEASURE_SECONDS = 15.0
_BATCH = 200
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_READ_OF_A_DOCUMENT = {"history": 1, "audited": 1, "audited_under": 1, "epoch": 1, "number": 1}
_STEP = ("source", "target", "action", "role", "party", "subject", "reason")

Aggregates = Sequence[type[Aggregate]]

log = structlog.get_logger(__name__)


class Auditor:
    """Takes into a service's trail what its documents and readers left for it."""

    def __init__(self, service: str, aggregates: Aggregates, store: Callable[[], Store]) -> None:
        """`aggregates` are the documents with a history, `store` gives the connected database."""
        self._service = service
        self._aggregates = aggregates
        self._store = store
        self._seen = 0
        self._prepared = False
        self._measured = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Take over what waits until `stop` is set; while the database is away it waits."""
        found_at = time.monotonic()
        while not stop.is_set():
            try:
                if not self._prepared:
                    self.prepare()
                self._measure()
                if self.take_over():
                    found_at, idle = time.monotonic(), 0.0
                else:
                    idle = _ASKING.pause(time.monotonic() - found_at)
            except (PyMongoError, Contention) as error:
                log.warning("audit interrupted", error=told(error))
                idle = _PAUSE_SECONDS
            stop.wait(idle)

    def prepare(self) -> None:
        """Mark documents from before there was a trail."""
        unknown = {"audited": {"$exists": False}, "unaudited_since": {"$exists": False}}
        for aggregate in self._aggregates:
            aggregate._get_collection().update_many(
                unknown, {"$set": {"unaudited_since": _BEGINNING}}
            )
        self._prepared = True

    def take_over(self) -> int:
        """Take over one batch of each kind; returns how many documents and notes that were."""
        return sum(self._steps_of(one) for one in self._aggregates) + self._notes()

    def catch_up(self) -> None:
        """Take over all that waits. Raises Contention and pymongo's errors."""
        if not self._prepared:
            self.prepare()
        while self.take_over():
            pass

    def _steps_of(self, aggregate: type[Aggregate]) -> int:
        collection = aggregate._get_collection()
        waiting = list(
            collection.find({"unaudited_since": {"$gte": _BEGINNING}}, _READ_OF_A_DOCUMENT)
            .sort("unaudited_since", 1)
            .limit(_BATCH)
        )
        if not waiting:
            return 0
        self._append(
            [
                step
                for document in waiting
                for step in steps(collection.name, document, int(document.get("audited") or 0))
            ]
        )
        collection.bulk_write([_taken_over(document) for document in waiting], ordered=False)
        return len(waiting)

    def _notes(self) -> int:
        notes = self._store()[NOTES]
        waiting = list(notes.find().sort("at", 1).limit(_BATCH))
        if not waiting:
            return 0
        self._append([_noted(note) for note in waiting if note["record"] is not None])
        notes.delete_many({"_id": {"$in": [note["_id"] for note in waiting]}})
        return len(waiting)

    def _measure(self) -> None:
        """Tell now and then for how long what waits has waited, by collection."""
        if time.monotonic() < self._measured + _MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        for aggregate in self._aggregates:
            _tell_age(aggregate._get_collection(), "unaudited_since")
        _tell_age(self._store()[NOTES], "at")

    def _append(self, contents: Sequence[Content]) -> None:
        self._seen = append(self._store(), self._service, contents, self._seen).number


def leave_notes(
    store: Store, notes: Sequence[Mapping[str, Any]], now: datetime, what: str = "read"
) -> None:
    """Leave notes for the auditor: each has `record`, `role`, `party` and `subject`.

    It may have `action` and `reason`, which are codes. A note of no record (None) is written as
    the others are and enters no trail.
    """
    if notes:
        store[NOTES].insert_many(
            [{"_id": uuid.uuid4().hex, "what": what, "at": now, **one} for one in notes]
        )


def steps(collection: str, document: Mapping[str, Any], audited: int) -> Iterator[Content]:
    """The entries of a stored document's history after the first ones, that are audited.

    They are told of the record that it is `audited_under`, of itself without one.
    """
    for place, step in enumerate(document.get("history") or ()):
        if place < audited:
            continue
        yield {
            "key": f"{collection}/{document['_id']}/{place + 1}",
            "what": "step",
            "of": collection,
            "record": str(document.get("audited_under") or document["_id"]),
            "at": timestamp(step["at"]),
            **{name: step.get(name) for name in _STEP},
        }


def compare(store: Store, aggregates: Aggregates) -> Iterator[Fault]:
    """What the records' histories say otherwise than the trail, or the trail lacks of them.

    Only of what was taken over into the trail: what waits for the auditor is no fault. This finds
    what was cut off at a trail's end, too.
    """
    for aggregate in aggregates:
        collection = aggregate._get_collection()
        wanted = {"history": 1, "audited": 1, "audited_under": 1}
        batch: list[Content] = []
        for document in collection.find({"audited": {"$gt": 0}}, wanted):
            batch += list(steps(collection.name, document, 0))[: document["audited"]]
            if len(batch) >= _BATCH:
                yield from _differing(store, batch)
                batch = []
        yield from _differing(store, batch)


def _differing(store: Store, expected: Sequence[Content]) -> Iterator[Fault]:
    known = known_keys(store, [content["key"] for content in expected])
    for content in expected:
        found = known.get(content["key"])
        if found is None:
            yield Fault(0, f"missing: the trail does not tell of {content['key']}")
        elif dict(found) != dict(content):
            yield Fault(0, f"differing: the record's history tells {content['key']} otherwise")


def _tell_age(collection: Collection[dict[str, Any]], since: str) -> None:
    # What is from before there was a trail is not late.
    waiting = {since: {"$gt": _BEGINNING}}
    oldest = collection.find_one(waiting, {since: 1}, sort=[(since, 1)])
    age = 0.0 if oldest is None else (datetime.now(UTC) - oldest[since]).total_seconds()
    metrics.AUDIT_AGE.labels(collection.name).set(max(age, 0.0))


def _taken_over(document: Mapping[str, Any]) -> UpdateOne:
    # One by one: the embedded database was seen to stop answering while several auditors changed
    # many by one filter.
    # What is no aggregate has a number alone, and from before there was a trail neither.
    seen = {name: document.get(name) for name in ("_id", "epoch", "number")}
    audited = {"audited": len(document.get("history") or ())}
    return UpdateOne(seen, {"$set": audited, "$unset": {"unaudited_since": ""}})


def _noted(note: Mapping[str, Any]) -> Content:
    what = note.get("what", "read")
    return {
        "key": f"{what}/{note['_id']}",
        "what": what,
        "record": note["record"],
        "at": timestamp(note["at"]),
        **{name: note.get(name) for name in ("role", "party", "subject")},
        **{name: note[name] for name in ("action", "reason") if name in note},
    }
