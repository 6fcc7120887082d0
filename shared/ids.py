"""Identifiers of aggregates: time-ordered when new, derived when the record was known before."""

import uuid

from bson import ObjectId

_NAMESPACE = uuid.UUID("6f1f3a52-7c0e-4b0e-9d53-1d6f0e0c9a40")


def new_id() -> str:
    """A new identifier: 24 hexadecimal characters that sort by the time of their making."""
    return str(ObjectId())


def derived_id(*parts: str) -> str:
    """The identifier that always belongs to these parts: 24 hexadecimal characters.

    Used where a record has a name of its own outside (an external id, an idempotency key), so
    that sending it twice meets the same primary key. The parts are length-prefixed, so that no
    two different lists of parts read the same.
    """
    name = "".join(f"{len(part)}:{part}" for part in parts)
    return uuid.uuid5(_NAMESPACE, name).hex[:24]
