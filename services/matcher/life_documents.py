"""What a proposal keeps of its life: what was said at each step, consent, figures, follow-ups.

Texts are here alone: the proposal's events carry none of them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mongoengine import (
    BooleanField,
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    StringField,
)

from services.matcher.engine.track_records import SCORES
from shared.events.outbox import timestamp

LineKey = tuple[int, str, str]
"""Number, measure and unit of a line: one whose unit changed is another."""


class Said(EmbeddedDocument):
    """Why a step was taken, in the words of who took it; `place` is the step's in the history."""

    place = IntField(required=True)
    text = StringField(required=True)


class Accepted(EmbeddedDocument):
    """A condition of the offer that the State has accepted, by the hash of its text."""

    kind = StringField(required=True)
    hash = StringField(required=True)
    at = DateTimeField(required=True)
    subject = StringField(required=True)


class ToldLine(EmbeddedDocument):
    """So much of a line, as a party told it, in the unit that the line is counted in.

    Money that was given in another currency is kept beside it, with the day of the rate.
    """

    line = IntField(required=True)
    measure = StringField(required=True)
    unit = StringField(required=True)
    amount = IntField(required=True)
    given_cents = IntField()
    given_currency = StringField()
    rate_date = StringField()

    @property
    def key(self) -> LineKey:
        """What tells lines apart."""
        return self.line, self.measure, self.unit


class Report(EmbeddedDocument):
    """What one side says was disbursed (the donor) or received (the State), in all up to a day."""

    side = StringField(required=True)
    up_to = StringField(required=True)
    at = DateTimeField(required=True)
    subject = StringField(required=True)
    lines = EmbeddedDocumentListField(ToldLine, required=True)
    text = StringField()


def newest_told(reports: Sequence[Report]) -> Mapping[str, Mapping[LineKey, int]]:
    """What each side says of each line: the last report that tells of it counts."""
    told: dict[str, dict[LineKey, int]] = {"donor": {}, "state": {}}
    for report in reports:  # in the order in which they were told
        told[report.side] |= {line.key: line.amount for line in report.lines}
    return told


class Delivered(EmbeddedDocument):
    """What came of a delivery, as far as figures tell.

    The theme of the need that the offer serves best; whether it came within the request's window,
    None for one without; the part of what was committed that the State says it received, None as
    long as it says nothing.
    """

    theme = StringField()
    in_time = BooleanField()
    received = FloatField()

    def data(self) -> dict[str, Any]:
        """As events tell of it."""
        return {name: getattr(self, name) for name in ("theme", "in_time", "received")}


REACHED = ("objectives", "objectives_reached")
"""What a follow-up tells of objectives: how many there were, how many of them were reached."""


class FollowUp(EmbeddedDocument):
    """What the State says so many months after delivery, and the donor's answer to that.

    `objectives_reached` of the `objectives` of the need lines that were served; None where the
    State did not say.
    """

    months = IntField(required=True)
    due_at = DateTimeField(required=True)
    asked_at = DateTimeField()
    answered_at = DateTimeField()
    adequate = IntField()
    effective = IntField()
    sustainable = IntField()
    objectives = IntField()
    objectives_reached = IntField()
    text = StringField()
    replied_at = DateTimeField()
    reply = StringField()

    def data(self) -> dict[str, Any]:
        """As events tell of it: without the texts."""
        times = ("due_at", "asked_at", "answered_at", "replied_at")
        return {
            "months": self.months,
            **{name: _time(getattr(self, name)) for name in times},
            **{name: getattr(self, name) for name in (*SCORES, *REACHED)},
        }


def _time(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)
