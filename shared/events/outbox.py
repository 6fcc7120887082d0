"""The only ways of writing aggregates.

A command changes the state and leaves the event in one conditional write of one document, guarded
by the version. No transaction is needed; the relay takes it from there.
"""

import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from mongoengine import NotUniqueError
from pymongo import InsertOne, UpdateOne

from shared.events import turns
from shared.events.aggregate import Aggregate, EventRecord, Transition, timestamp
from shared.events.envelope import Event, check
from shared.events.epochs import current_epoch
from shared.events.pending import RELAY_FIELDS, pack
from shared.events.versions import Version
from shared.inserting import insert

__all__ = [
    "Aggregate",
    "Contention",
    "DuplicateId",
    "EventRecord",
    "NotFound",
    "StaleVersion",
    "Transition",
    "Version",
    "change",
    "change_of",
    "create",
    "creation_of",
    "mark_for_relay",
    "timestamp",
]

_ATTEMPTS = 60
_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.1


class NotFound(LookupError):  # noqa: N818 (named for what happened)
    """There is no aggregate with this `id`."""

    def __init__(self, id: str) -> None:  # noqa: A002 (the field's name)
        super().__init__(f"there is no record {id!r}")
        self.id = id


class DuplicateId(ValueError):  # noqa: N818
    """There is an aggregate with this `id` already."""

    def __init__(self, id: str) -> None:  # noqa: A002
        super().__init__(f"there is a record {id!r} already")
        self.id = id


class StaleVersion(ValueError):  # noqa: N818
    """The aggregate is no longer in the version that the caller saw; `current` is its version."""

    def __init__(self, current: Version) -> None:
        super().__init__(f"the record has changed: it is at version {current} now")
        self.current = current


class Contention(RuntimeError):  # noqa: N818
    """Others changed the aggregate each time in between; trying again later is safe."""


D = TypeVar("D", bound=Aggregate)


def create(document: Aggregate, now: datetime, epoch: int | None = None) -> None:
    """Insert a new aggregate with version (current epoch, 1) and its pending event, in one write.

    Sets the document's version and times. `epoch`: the current one, where the caller has just
    read it (saves a query). Raises DuplicateId when the id exists (nothing is written; the
    driver's repeating it is no such case, see shared/inserting.py), InvalidEvent when the event
    breaks its schema, mongoengine's ValidationError, NotUniqueError (another unique index) and
    pymongo's errors.
    """
    collection = document._get_collection()
    _begin(document, now, current_epoch(collection.database) if epoch is None else epoch)
    try:
        insert(document)
    except NotUniqueError:
        if collection.find_one({"_id": document.id}, {"_id": 1}) is None:
            raise
        raise DuplicateId(document.id) from None


def creation_of(document: Aggregate, now: datetime, epoch: int) -> InsertOne[dict[str, Any]]:
    """What `create` would write, for one bulk with others' (bulk.write_each).

    Where not all of a bulk is done, `create` each: it says which id was taken, and the driver may
    have sent the bulk twice. Raises InvalidEvent and mongoengine's ValidationError.
    """
    _begin(document, now, epoch)
    document.validate()
    return InsertOne(document.to_mongo().to_dict())


def change(
    document_class: type[D],
    id: str,  # noqa: A002 (the field's name)
    expected: Version | None,
    mutate: Callable[[D], object],
    now: datetime,
    guard: Mapping[str, Any] | None = None,
    loaded: D | None = None,
) -> D:
    """Change an aggregate and leave its event, in one write guarded by the version; returns it.

    Loads the document, calls `mutate` on it (which may raise; then nothing is written), raises
    the number by one and writes only the top-level fields that differ. A mutation that changes
    nothing writes nothing: no version, no event. With `expected`, raises StaleVersion unless the
    stored version is that one. Without, a lost race is run again from the start, so `mutate` must
    have no effects outside the document; after many losses Contention is raised. `guard` are more
    conditions that the stored document has to meet: where it does not, the race is lost, and
    `mutate` should raise for what it then finds. `loaded` is the document where it has just been
    read, which is not read again for a first try. Raises NotFound,
    and InvalidEvent when the event breaks its schema. May sleep for milliseconds between races.
    """
    now = _stored(now)
    pause = _FIRST_PAUSE
    turns.note()  # who sweeps changes many in one turn
    for _ in range(_ATTEMPTS):
        document = document_class.objects(id=id).first() if loaded is None else loaded
        loaded = None
        if document is None:
            raise NotFound(id)
        if expected is not None and document.version != expected:
            raise StaleVersion(document.version)
        if _change_once(document, mutate, now, guard or {}):
            changed: D = document
            return changed
        time.sleep(random.uniform(0, pause))  # noqa: S311 (spreads the racers, guards nothing)
        pause = min(2 * pause, _LONGEST_PAUSE)
    raise Contention(f"{document_class.__name__} {id!r} was changed by others {_ATTEMPTS} times")


def change_of(
    document: D,
    mutate: Callable[[D], object],
    now: datetime,
    guard: Mapping[str, Any] | None = None,
) -> UpdateOne | None:
    """What `change` would write to a document that has just been read, for one bulk with others'
    (bulk.write_each); None where nothing is to be changed.

    Where not all of a bulk is done, `change` each that is in it: one that is done is found as it
    is to be. Raises what `mutate` does, InvalidEvent and mongoengine's ValidationError.
    """
    found = _update(document, mutate, _stored(now), guard or {})
    return None if found is None else UpdateOne(*found)


def mark_for_relay(document: Aggregate) -> bool:
    """Put the document's event into its outbox again; returns whether it was put there.

    Does nothing when one is pending already, when the stored version is another by now (its
    writer left its own event) or when this state has no event.
    """
    event = _checked_event(document)
    if event is None:
        return False
    result = document._get_collection().update_one(
        {
            "_id": document.id,
            "epoch": document.epoch,
            "number": document.number,
            "pending_since": None,
        },
        {"$set": {"pending_events": [pack(event)], "pending_since": datetime.now(UTC)}},
    )
    return bool(result.modified_count)


def _change_once(
    document: Aggregate,
    mutate: Callable[[Any], object],
    now: datetime,
    more: Mapping[str, Any],
) -> bool:
    """Whether the change is written (or there was nothing to change); False for a lost race."""
    found = _update(document, mutate, now, more)
    return found is None or document._get_collection().update_one(*found).matched_count > 0


def _update(
    document: Aggregate,
    mutate: Callable[[Any], object],
    now: datetime,
    more: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Condition and update that write what `mutate` changes; None where it changes nothing."""
    loaded = document.version
    before = document.to_mongo()
    mutate(document)
    after = document.to_mongo()
    if after == before:
        return None
    document.number = loaded.number + 1
    document.updated_at = now
    document.validate()
    event = _checked_event(document)
    after |= {"number": document.number, "updated_at": now}
    fields = {
        name: value
        for name, value in after.items()
        if name not in RELAY_FIELDS and (name not in before or before[name] != value)
    }
    update: dict[str, Any] = {"$set": fields}
    gone = [name for name in before if name not in after and name not in RELAY_FIELDS]
    if gone:
        update["$unset"] = dict.fromkeys(gone, "")
    if event is not None:
        document.pending_events = [pack(event)]
        fields["pending_events"] = [pack(event)]
        # The oldest unpublished change counts; $min sets it where the relay has just unset it.
        document.pending_since = document.pending_since or now
        update["$min"] = {"pending_since": now}
    if len(after.get("history", ())) > len(before.get("history", ())):
        update.setdefault("$min", {})["unaudited_since"] = now
    guard = {**more, "_id": document.id, "epoch": loaded.epoch, "number": loaded.number}
    return guard, update


def _begin(document: Aggregate, now: datetime, epoch: int) -> None:
    """Make a new document its first version, with its event."""
    document.epoch, document.number = epoch, 1
    now = _stored(now)
    document.created_at = document.updated_at = now
    document.audited, document.unaudited_since = 0, now if document.history else None
    event = _checked_event(document)
    if event is not None:
        document.pending_events = [pack(event)]
        document.pending_since = now


def _stored(time: datetime) -> datetime:
    """The time as the store keeps it: an event made later must say the same."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def _checked_event(document: Aggregate) -> Event | None:
    event = document.event()
    if event is not None:
        check(event)
    return event
