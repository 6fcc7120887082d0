"""Keeping what other services' events say, one document a record, which never goes back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mongoengine import Document
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from shared.bulk import raise_unless_duplicates
from shared.events.envelope import Event
from shared.events.versions import Version

State = Mapping[str, Any]


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
    writes = [_write(id_, one.version, state(one)) for id_, one in newest.items()]
    # What met a document that was made at the same moment updates it now; a newer one stays.
    _met(kind, _met(kind, writes))


def _write(id_: str, version: Version, state: State) -> UpdateOne:
    """Writes the state unless the document is newer, which the insert that is tried then meets."""
    older = [
        {"epoch": {"$lt": version.epoch}},
        {"epoch": version.epoch, "number": {"$lte": version.number}},
    ]
    versioned = {**state, "epoch": version.epoch, "number": version.number}
    return UpdateOne({"_id": id_, "$or": older}, {"$set": versioned}, upsert=True)


def _met(kind: type[Document], writes: Sequence[UpdateOne]) -> list[UpdateOne]:
    """Write; returns what met a document that was none of its own to update."""
    if not writes:
        return []
    try:
        kind._get_collection().bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        raise_unless_duplicates(error)
        return [writes[failed["index"]] for failed in error.details["writeErrors"]]
    return []
