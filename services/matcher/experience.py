"""Which States have done before what they offer to help others with: completed activities.

A State has where such work was completed in it, and an organisation where it completed such work:
both by the theme. A projection of the register of activities, as reactions.py keeps it.
"""

from collections.abc import Collection, Sequence
from typing import Any

from mongoengine import Document, IntField, StringField

from services.matcher.coverage_rules import COMPLETED
from shared.events.envelope import ACTIVITY, Event
from shared.events.projections import keep_newest

_GONE = "gone"


class KnownWork(Document):
    """An activity in the register, from its newest event; the id is the activity's."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "known_work",
        "indexes": [("country", "theme"), ("organisation", "theme")],
    }

    id = StringField(primary_key=True)
    epoch = IntField(required=True)
    number = IntField(required=True)
    status = StringField(required=True)
    country = StringField()
    organisation = StringField()
    theme = StringField()


def keep_work(events: Sequence[Event]) -> None:
    """Keep what these events say of activities; others are passed over. Safe to repeat."""
    known = [event for event in events if event.type == ACTIVITY]
    keep_newest(KnownWork, known, lambda event: event.subject, _state)


def has_completed(country: str, organisation: str | None, themes: Collection[str]) -> bool:
    """Whether work on one of the themes was completed in a State, or by an organisation."""
    done = {"status": COMPLETED, "theme__in": sorted(themes)}
    if KnownWork.objects(country=country, **done).only("id").first() is not None:
        return True
    by = KnownWork.objects(organisation=organisation, **done) if organisation else ()
    return next(iter(by), None) is not None


def _state(event: Event) -> dict[str, Any]:
    if event.tombstone:
        return {"status": _GONE}
    return {name: event.data[name] for name in ("status", "country", "organisation", "theme")}
