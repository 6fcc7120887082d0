"""What the matcher tells of a register's records: who is matched with whom, and how far that is.

A projection of the matcher's match events: one small document a match, replaced by a newer version
and by nothing else. Who is a party (parties.py) and what is pledged and given (progress.py) follow
from it.
"""

from collections.abc import Sequence
from typing import Any

from mongoengine import Document, IntField, ListField, StringField

from shared.events.envelope import MATCH, Event
from shared.events.projections import keep_newest

VANISHED = "vanished"
"""The status of a match that the matcher lost in a restore, as its tombstone says."""


_LINES = ("pledged", "pledged_otherwise", "reported")


class MatchCopy(Document):
    """A match, at the newest version heard of.

    `pledged` and `reported` are lines as its event has them, `pledged_otherwise` numbers of need
    lines. The collection has the name of what it was made for first.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "parties",
        "indexes": [("organisation", "request"), "request", "offer"],
    }
    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    status = StringField(required=True)
    request = StringField()
    offer = StringField()
    organisation = StringField()
    pledged = ListField()
    pledged_otherwise = ListField()
    reported = ListField()


def apply_matches(events: Sequence[Event]) -> None:
    """Keep what these match events say; events of other types are passed over."""
    matches = [event for event in events if event.type == MATCH]
    keep_newest(MatchCopy, matches, lambda event: event.subject, _copy)


def _copy(event: Event) -> dict[str, Any]:
    if event.tombstone:
        return {"status": VANISHED, **{name: [] for name in _LINES}}
    return {
        **{name: event.data[name] for name in ("status", "request", "offer", "organisation")},
        **{name: event.data.get(name, []) for name in _LINES},
    }
