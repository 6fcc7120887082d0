"""Donors' track records for people to read: one document a donor, kept up with its matches.

The ranking worker reckons with the same outcomes, which it hears of by events (helped.py). Here
they are read from the matches, once for each of their events after a State has answered: so a
repeated, late or replayed event makes the same of them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mongoengine import Document, FloatField, IntField, StringField
from pymongo.errors import DuplicateKeyError

from services.matcher.documents import Match
from services.matcher.domain import split_proposal_id
from services.matcher.engine.explanation import Heard
from services.matcher.engine.track_record_wording import track_record_text
from services.matcher.engine.track_records import LEAST_STATES, Outcome, judgement
from services.matcher.record_views import stored_view
from services.matcher.rights import oversees, owns_offer
from shared.events.envelope import MATCH, Event
from shared.events.outbox import Contention
from shared.web.identity import Identity

_FOLLOWED_UP = ("follow-up", "closed")
"""States of a proposal of which the State may have said something."""
_ROUNDS = 20
_FIGURES = ("states", "helped", "judged", "in_time", "received")


class DonorRecord(Document):
    """What States said of a donor's help: see track_records.Judgement; the id is the donor's.

    `number` counts the writes, so that of two at once the later reads what the earlier one knew.
    """

    meta = {"collection": "donor_records"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    number = IntField(required=True)
    states = IntField(required=True)
    helped = IntField(required=True)
    judged = FloatField()
    in_time = FloatField()
    received = FloatField()


@dataclass(frozen=True)
class Known:
    """A donor's record as one reader may know it: to others than those who oversee every State, and
    the donor, how it was judged is told in halves, and nothing else."""

    states: int
    judged: float
    helped: int | None = None
    in_time: float | None = None
    received: float | None = None

    @property
    def heard(self) -> Heard:
        """For a sentence."""
        return Heard(round(self.judged, 1), self.states)


def keep_track_records(events: Sequence[Event]) -> None:
    """Bring the records of donors up to date of whose matches these events tell. Idempotent."""
    donors = {_donor(event) for event in events if event.type == MATCH and _matters(event)}
    for donor in sorted(donors - {None}, key=str):
        _keep(str(donor))


def known_to(identity: Identity, organisations: Iterable[str | None]) -> dict[str, Known]:
    """Donors' records by donor, as far as a reader may know them; those of which nothing is told
    are left out.

    Of fewer than LEAST_STATES States nothing is told to those who did not get their answers anyway.
    """
    named = sorted({one for one in organisations if one})
    found = DonorRecord.objects(id__in=named) if named else ()
    told = {one.id: _known(one, identity) for one in found}
    return {organisation: known for organisation, known in told.items() if known is not None}


def _known(found: DonorRecord, identity: Identity) -> Known | None:
    if not found.states:
        return None
    oversees_all = oversees(identity) and identity.regions is None
    if oversees_all or owns_offer(identity, found.id):
        return Known(**{name: getattr(found, name) for name in _FIGURES})
    if found.states < LEAST_STATES:
        return None
    return Known(found.states, round(2.0 * found.judged) / 2.0)


def track_record_view(known: Known | None, language: str) -> dict[str, Any] | None:
    """The record in a proposal's view."""
    if known is None:
        return None
    figures = {name: getattr(known, name) for name in _FIGURES}
    text = track_record_text(known.heard, known.in_time, known.received, language)
    return {**figures, "sentence": text}


def _matters(event: Event) -> bool:
    return event.tombstone or any(
        one["answered_at"] is not None for one in event.data.get("follow_ups", ())
    )


def _donor(event: Event) -> str | None:
    if not event.tombstone:
        return str(event.data["organisation"])
    pair = split_proposal_id(event.subject)
    view = None if pair is None else stored_view("offer", pair[1])
    return None if view is None else view.owner


def _keep(organisation: str) -> None:
    collection = DonorRecord._get_collection()
    for _ in range(_ROUNDS):
        stored = collection.find_one({"_id": organisation})
        figures = _figures(organisation)
        if stored is None:
            if not figures["states"]:
                return
            try:
                collection.insert_one({"_id": organisation, "number": 1, **figures})
            except DuplicateKeyError:  # another makes it in this moment
                continue
            return
        if all(stored.get(name) == value for name, value in figures.items()):
            return
        seen = {"_id": organisation, "number": stored["number"]}
        write = {"$set": {**figures, "number": stored["number"] + 1}}
        if collection.update_one(seen, write).matched_count:
            return
    raise Contention(f"the record of {organisation!r} was changed by others each time")


def _figures(organisation: str) -> dict[str, Any]:
    """What the donor's matches say now."""
    judged = judgement(_outcomes(organisation))
    if judged is None:
        return {**dict.fromkeys(_FIGURES), "states": 0, "helped": 0}
    rounded = {name: getattr(judged, name) for name in _FIGURES}
    return {n: round(v, 4) if isinstance(v, float) else v for n, v in rounded.items()}


def _outcomes(organisation: str) -> Collection[Outcome]:
    matches = Match.objects(organisation=organisation, status__in=_FOLLOWED_UP)
    found = [
        Outcome.of_event(
            {
                "country": match.country,
                "follow_ups": [one.data() for one in match.follow_ups],
                "outcome": match.outcome and match.outcome.data(),
            }
        )
        for match in matches.only("country", "follow_ups", "outcome")
    ]
    return [outcome for outcome in found if outcome is not None]
