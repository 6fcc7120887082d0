"""An event as a document keeps it until the relay has published it."""

from collections.abc import Mapping
from typing import Any, Final

from shared.events.envelope import Event
from shared.events.versions import Version

RELAY_FIELDS: Final = frozenset(
    {
        *("pending_events", "pending_since", "lease_owner", "lease_until"),
        *("audited", "unaudited_since"),
    }
)
"""What the relay and the auditor write in an aggregate; no part of its state."""


def pack(event: Event) -> dict[str, Any]:
    """The complete record of an event, ready for BSON."""
    return {
        "type": event.type,
        "id": event.id,
        "source": event.source,
        "subject": event.subject,
        "time": event.time,
        "version": {"epoch": event.version.epoch, "number": event.version.number},
        "data": None if event.tombstone else dict(event.data),
        "traceparent": event.traceparent,
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
