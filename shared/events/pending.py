"""An event as a document keeps it until the relay has published it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pymongo.collection import Collection

from shared import tracing
from shared.events.envelope import Event
from shared.events.versions import Version

RELAY_FIELDS: Final = frozenset(
    {
        *("pending_events", "pending_since", "lease_owner", "lease_until"),
        *("audited", "unaudited_since"),
    }
)
"""What the relay and the auditor write in an aggregate; no part of its state."""

WAITING: Final[Mapping[str, Any]] = {"pending_since": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}}
"""The condition on documents with an event that is to be published; the sparse index has them."""


_PAUSE_PER_QUIET_SECOND = 0.02


@dataclass(frozen=True)
class Asking:
    """How often collections are asked for what waits in them, in seconds.

    What is in use is asked often, and what was long quiet more seldom, for idle collections must
    not keep the store busy.
    """

    shortest: float
    longest: float

    def pause(self, quiet_seconds: float) -> float:
        """Seconds until the next time, where nothing was found for so many seconds."""
        return min(max(quiet_seconds * _PAUSE_PER_QUIET_SECOND, self.shortest), self.longest)


def waiting_since(collection: Collection[dict[str, Any]]) -> datetime | None:
    """When the oldest event that waits in a collection began to; None where none waits."""
    oldest = collection.find_one(WAITING, {"pending_since": 1}, sort=[("pending_since", 1)])
    return None if oldest is None else oldest["pending_since"]


def waiting_up_to(collection: Collection[dict[str, Any]], most: int) -> int:
    """How many events wait in a collection; `most` for that many or more, no more are read.

    In the order of their index, as `waiting_since` reads: what counts by itself may read all.
    """
    return len(list(collection.find(WAITING, {"_id": 1}, sort=[("pending_since", 1)], limit=most)))


def pack(event: Event) -> dict[str, Any]:
    """The complete record of an event, ready for BSON.

    It belongs to the trace that it names, or to that of the call that is being answered.
    """
    return {
        "type": event.type,
        "id": event.id,
        "source": event.source,
        "subject": event.subject,
        "time": event.time,
        "version": {"epoch": event.version.epoch, "number": event.version.number},
        "data": None if event.tombstone else dict(event.data),
        "traceparent": event.traceparent or tracing.current(),
    }


def unpack(record: Mapping[str, Any]) -> Event:
    """The event that `pack` packed (its time to the millisecond, as BSON keeps it)."""
    return Event(
        type=record["type"],
        source=record["source"],
        subject=record["subject"],
        time=record["time"],
        version=Version(record["version"]["epoch"], record["version"]["number"]),
        data=record["data"] or {},
        traceparent=record.get("traceparent"),
        tombstone=record["data"] is None,
    )
