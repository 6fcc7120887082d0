"""The epoch of a database: raised after a restore, so that restored state wins again."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database

from shared.events.pending import RELAY_FIELDS, pack

if TYPE_CHECKING:
    from shared.events.outbox import Aggregate

FIRST_EPOCH = 1
_COLLECTION = "epochs"
_ID = "database"
_BATCH = 200


def current_epoch(database: Database[dict[str, Any]]) -> int:
    """The epoch that new documents of this database begin in; 1 until it was raised."""
    found = database[_COLLECTION].find_one({"_id": _ID})
    return FIRST_EPOCH if found is None else int(found["epoch"])


def raise_epoch(
    database: Database[dict[str, Any]], aggregates: Sequence["type[Aggregate]"], now: datetime
) -> int:
    """Raise the epoch of the database and of every document, and mark them all for the relay.

    Run it once after restoring a backup, before the service's processes start. Numbers stay.
    A run that was broken off is mended by running it again. Returns the new epoch.
    """
    collection = database[_COLLECTION]
    collection.update_one({"_id": _ID}, {"$setOnInsert": {"epoch": FIRST_EPOCH}}, upsert=True)
    raised = collection.find_one_and_update(
        {"_id": _ID}, {"$inc": {"epoch": 1}}, return_document=ReturnDocument.AFTER
    )
    if raised is None:
        raise RuntimeError("the epoch was removed while it was being raised; run this again")
    epoch = int(raised["epoch"])
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
            event = document.event()
            fields: dict[str, Any] = {"epoch": epoch}
            if event is not None:
                fields |= {"pending_events": [pack(event)], "pending_since": now}
            old = dict.fromkeys(RELAY_FIELDS - fields.keys(), "")
            writes.append(UpdateOne(guard, {"$set": fields, "$unset": old}))
        collection.bulk_write(writes, ordered=False)
