"""Keeping what other services' events say, one document a record, which never goes back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mongoengine import Document
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from shared.bulk import raise_unless_duplicates
from shared.events.envelope import Event
from shared.events.versions import Version

State = Mapping[str, Any]
_Write = InsertOne[dict[str, Any]] | UpdateOne


def keep_newest(
    kind: type[Document],
    events: Iterable[Event],
    key: Callable[[Event], str],
    state: Callable[[Event], State],
) -> None:
    """Write each event's state to the document with its key, unless that is newer.

    The document gets the fields of the state, and `epoch` and `number`, the event's version. Order
    and repetition do not matter: an equal version says the same, and is written again so that a
    replay fills in what an earlier release did not keep. It makes no version of an aggregate and
    no event. Raises PyMongoError.
    """
    newest: dict[str, Event] = {}
    for event in events:
        known = newest.get(key(event))
        if known is None or known.version < event.version:
            newest[key(event)] = event
    writes = [
        write
        for id_, event in newest.items()
        for write in _writes(id_, event.version, state(event))
    ]
    if not writes:
        return
    try:
        kind._get_collection().bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        # An insert that finds its id taken: the updates before it have had their turn.
        raise_unless_duplicates(error)


def _writes(id_: str, version: Version, state: State) -> list[_Write]:
    """Three plain writes that come to one, in whatever order they come.

    One upsert with `$or` would say the same; the embedded database reads a whole collection for
    a filter that holds `$or`, for each write (docs/decisions/0002).
    """
    versioned = {**state, "epoch": version.epoch, "number": version.number}
    update = {"$set": versioned}
    return [
        UpdateOne({"_id": id_, "epoch": {"$lt": version.epoch}}, update),
        UpdateOne({"_id": id_, "epoch": version.epoch, "number": {"$lte": version.number}}, update),
        InsertOne({"_id": id_, **versioned}),
    ]
