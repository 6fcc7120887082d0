"""Which donors are parties to a request: those for whose offer a match was endorsed.

A projection of the matcher's match events: one small document a match, replaced by a newer version
and by nothing else.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from mongoengine import Document, IntField, StringField

from shared.events.envelope import MATCH, Event
from shared.events.projections import keep_newest
from shared.lifecycle import PARTY
from shared.web.identity import Identity

VANISHED = "vanished"
"""The status of a match that the matcher lost in a restore, as its tombstone says."""


class PartyCopy(Document):
    """A match, at the newest version heard of."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "parties",
        "indexes": [("organisation", "request")],
    }
    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    status = StringField(required=True)
    request = StringField()
    organisation = StringField()


def apply_parties(events: Sequence[Event]) -> None:
    """Keep what these match events say; events of other types are passed over."""
    matches = [event for event in events if event.type == MATCH]
    keep_newest(PartyCopy, matches, lambda event: event.subject, _copy)


def party_requests(identity: Identity, among: Iterable[str] | None = None) -> frozenset[str]:
    """The requests to which the reader's organisation is a party; none for who is no donor.

    `among`: only these are asked about.
    """
    if identity.role != "donor":
        return frozenset()
    asked: dict[str, Any] = {"organisation": identity.organisation}
    if among is not None:
        asked["request"] = {"$in": list(among)}
    found = PartyCopy._get_collection().find(asked, {"request": 1, "status": 1})
    return frozenset(one["request"] for one in found if one["status"] in PARTY)


def _copy(event: Event) -> dict[str, Any]:
    if event.tombstone:
        return {"status": VANISHED}
    return {name: event.data[name] for name in ("status", "request", "organisation")}
