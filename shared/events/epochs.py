"""The epoch of a database: raised after a restore, so that restored state wins again."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from shared.events.pending import RELAY_FIELDS, pack

if TYPE_CHECKING:
    from shared.events.envelope import Event
    from shared.events.outbox import Aggregate

FIRST_EPOCH = 1
COLLECTION = "epochs"
_ID = "database"
_BATCH = 200

log = structlog.get_logger(__name__)


def current_epoch(database: Database[dict[str, Any]]) -> int:
    """The epoch that new documents of this database begin in; 1 until it was raised."""
    found = database[COLLECTION].find_one({"_id": _ID})
    return FIRST_EPOCH if found is None else int(found["epoch"])


def raise_epoch(
    database: Database[dict[str, Any]],
    aggregates: Sequence["type[Aggregate]"],
    now: datetime,
    told: int,
) -> int:
    """Raise the epoch of the database and of every document, and mark them all for the relay.

    The new epoch is above the database's own and above `told`, the highest in the topics: a backup
    that is restored twice knows nothing of the epoch that the first time gave. Numbers stay. See
    restoring.py for when. A run that was broken off is mended by running it again. Returns the new
    epoch.
    """
    epoch = max(current_epoch(database), told) + 1
    database[COLLECTION].update_one({"_id": _ID}, {"$max": {"epoch": epoch}}, upsert=True)
    for aggregate in aggregates:
        _raise_documents(aggregate, epoch, now)
    return epoch


def _raise_documents(aggregate: "type[Aggregate]", epoch: int, now: datetime) -> None:
    collection: Collection[dict[str, Any]] = aggregate._get_collection()
    older = {"epoch": {"$lt": epoch}}
    # A document that somebody changes meanwhile is met again on the next round.
    while batch := list(aggregate.objects(__raw__=older).limit(_BATCH)):
        writes = []
        for document in batch:
            guard = {"_id": document.id, "epoch": document.epoch, "number": document.number}
            document.epoch = epoch
            event = _event(document)
            fields: dict[str, Any] = {"epoch": epoch}
            if event is not None:
                fields |= {"pending_events": [pack(event)], "pending_since": now}
            old = dict.fromkeys(RELAY_FIELDS - fields.keys(), "")
            writes.append(UpdateOne(guard, {"$set": fields, "$unset": old}))
        collection.bulk_write(writes, ordered=False)


def _event(document: "Aggregate") -> "Event | None":
    try:
        return document.event()
    except Exception as error:  # one broken document must not end it for the others
        log.error("state makes no event", id=document.id, exc_info=error)
        return None
