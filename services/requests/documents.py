"""What the register of requests keeps."""

from typing import Any, ClassVar

from mongoengine import (
    BooleanField,
    DateField,
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from services.requests.events import drafted_event_data, request_event_data
from shared.attachments.documents import Attachment
from shared.events.envelope import REQUEST
from shared.events.outbox import EventRecord
from shared.language.exclusions import Side
from shared.lifecycle import REQUEST as REQUEST_LIFE
from shared.lifecycle import Lifecycle
from shared.registers.merged import LineSource, MergeableRecord
from shared.registers.newest import INDEX
from shared.registers.records import ContactedParty, Link, Window
from shared.web.visibility import CONFIDENTIAL, Sight, narrowest

SOURCE = "/entraide/requests"
DEFAULT_NO_OBJECTION_DAYS = 5
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MEASURES = ("indicator", "baseline", "target", "date")
"""What an objective has to say to be measurable."""
DEFAULT_WEEKEND = ("saturday", "sunday")
"""Of a country of which no calendar is known."""


class Objective(EmbeddedDocument):
    """What is to be reached, by which measure, from where to where, until when."""

    text = StringField(required=True)
    indicator = StringField()
    baseline = StringField()
    target = StringField()
    date = DateField()

    def unsaid(self) -> tuple[str, ...]:
        """What is missing for it to be measurable, of MEASURES."""
        return tuple(name for name in MEASURES if getattr(self, name) is None)


class NeedLine(EmbeddedDocument):
    """One thing needed: a quantity in a unit, an amount of money, both or neither.

    `quantity` is in thousandths of `unit`, which is kept as it was written; `amount` in
    hundredths of the currency's major unit. `sites` are where it is needed, in the author's words.
    A confidential one is seen by those who oversee both sides, and by parties where it is
    `for_parties`.
    """

    line = IntField(required=True)
    theme = StringField(required=True)
    kind = StringField(required=True)
    quantity = IntField()
    unit = StringField()
    amount = IntField()
    currency = StringField()
    priority = StringField()
    window = EmbeddedDocumentField(Window)
    objectives = EmbeddedDocumentListField(Objective)
    sites = ListField(StringField())
    confidential = BooleanField(default=False)
    for_parties = BooleanField(default=False)
    sustainability = ListField(StringField())
    taken_from = EmbeddedDocumentField(LineSource)

    @property
    def visibility(self) -> str | None:
        """The line's own level; None where it is seen by whoever sees the request."""
        if not self.confidential:
            return None
        return Sight.PARTIES.level if self.for_parties else Sight.COORDINATORS.level


class Evidence(EmbeddedDocument):
    """What shows the need."""

    text = StringField(required=True)
    url = StringField()


class Remark(EmbeddedDocument):
    """What somebody said about a step: for the State and overseers; no event has it."""

    action = StringField(required=True)
    at = DateTimeField(required=True)
    role = StringField(required=True)
    text = StringField(required=True)


class Endorsement(EmbeddedDocument):
    """That an organisation endorses the request, and why; of it no event has more than who.

    `level`: who saw what the organisation saw, `lines` the need lines among that, None where it was
    not kept. `hidden`: the State does not show it.
    """

    organisation = StringField(required=True)
    text = StringField(required=True)
    level = StringField(required=True)
    lines = ListField(IntField(), default=None)
    at = DateTimeField(required=True)
    hidden = BooleanField(default=False)


class AssistanceRequest(MergeableRecord):
    """A State's request for assistance, with its need lines.

    What a draft holds goes out by no event. `consent` is "express" or "no-objection";
    `circulates_at` when the State's time to object is over; `introduced_by` the coordinator who
    invited the account that submitted it (introducing.py); `shown_as` the status as it is shown to
    those who do not see confidential lines. `unshown` are organisations that took an endorsement
    back which the State did not show: nor is another of theirs.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "requests",
        "indexes": [
            ("country", "-created_at"),
            ("status", "-created_at"),
            ("status", "circulates_at"),
            ("confidentiality", "-created_at"),
            ("needs.theme", "-created_at"),
            ("external_id.source", "external_id.id"),
            INDEX,
        ],
    }
    text_side: ClassVar[Side] = "request"
    lines_field: ClassVar[str] = "needs"
    lifecycle: ClassVar[Lifecycle] = REQUEST_LIFE

    country = StringField(required=True)
    consent = StringField()
    circulates_at = DateTimeField()
    introduced_by = StringField()
    shown_as = StringField()
    remarks = EmbeddedDocumentListField(Remark)
    needs = EmbeddedDocumentListField(NeedLine)
    priority = StringField()
    window = EmbeddedDocumentField(Window)
    channel = StringField()
    source_report = EmbeddedDocumentField(Link)
    action_plan = EmbeddedDocumentField(Link)
    initiatives = ListField(StringField())
    partners = ListField(StringField())
    objectives = EmbeddedDocumentListField(Objective)
    evidence = EmbeddedDocumentListField(Evidence)
    gender_marker = StringField()
    endorsements = EmbeddedDocumentListField(Endorsement)
    unshown = ListField(StringField())
    confidentiality = StringField(required=True, default="restricted")

    def event(self) -> EventRecord | None:
        """The state event of this version; None until the request was submitted."""
        if not self.was_submitted():
            return None
        is_draft = self.status == REQUEST_LIFE.initial
        data = drafted_event_data(self) if is_draft else request_event_data(self)
        return self.envelope(REQUEST, SOURCE, data)

    def level_of(self, need: NeedLine) -> str:
        """Who sees a line: those who see both the request and the line."""
        own = need.visibility
        return str(self.confidentiality) if own is None else narrowest([self.confidentiality, own])

    def is_confidential(self) -> bool:
        """Whether not every donor sees all of it."""
        return self.confidentiality in CONFIDENTIAL or any(need.confidential for need in self.needs)

    def was_submitted(self) -> bool:
        """Whether the request ever left its author's desk."""
        return any(step.target == "submitted" for step in self.history)


class State(ContactedParty):
    """A State's points of contact; the id is its ISO 3166-1 alpha-3 code.

    An authenticated request is circulated without a word from the State once `no_objection_days`
    have passed on which it works: no day of its `weekend` (None: its country's), no public holiday
    of its country and none of its own `days_off`; but `days_worked` count (domain/calendars.py).
    """

    meta = {"collection": "states"}  # noqa: RUF012

    no_objection_days = IntField(required=True, default=DEFAULT_NO_OBJECTION_DAYS)
    weekend = ListField(StringField(), default=None)
    days_off = ListField(DateField())
    days_worked = ListField(DateField())

    @property
    def country(self) -> str:
        """The State itself: whose audit trail it is."""
        return str(self.id)

    def event(self) -> None:
        """States tell nobody: who wants a contact asks here."""


AGGREGATES: tuple[type[Any], ...] = (AssistanceRequest,)
"""The documents that have events."""

AUDITED = (*AGGREGATES, State, Attachment)
"""The documents with a history of steps, for the audit trail."""
