"""How much waits for coordinators, as every service tells of its own."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import fields

from shared.web.schemas import StrictSchema

MOST: Final = 100
"""Nothing is counted further than this: it is counted for each page that tells it."""


class WaitingCountView(StrictSchema):
    """How much of one kind waits; with `more` that many or more."""

    kind = fields.String(required=True)
    count = fields.Integer(required=True)
    more = fields.Boolean(required=True)


class WaitingView(StrictSchema):
    """What waits, by kind."""

    items = fields.List(fields.Nested(WaitingCountView), required=True)


def waiting_view(counts: Mapping[str, int]) -> dict[str, Any]:
    """Counts that end at MOST, as a `WaitingView`."""
    return {
        "items": [
            {"kind": kind, "count": count, "more": count >= MOST} for kind, count in counts.items()
        ]
    }
