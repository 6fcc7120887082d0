"""What the register of requests keeps."""

from typing import Any, ClassVar

from mongoengine import (
    BooleanField,
    DateField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from services.requests.events import request_event_data
from shared.events.envelope import REQUEST
from shared.events.outbox import EventRecord
from shared.language.exclusions import Side
from shared.registers.merged import LineSource, MergeableRecord
from shared.registers.records import ContactedParty, Link, Window

SOURCE = "/entraide/requests"
DEFAULT_NO_OBJECTION_DAYS = 5


class Objective(EmbeddedDocument):
    """What is to be reached, by which measure, from where to where, until when."""

    text = StringField(required=True)
    indicator = StringField()
    baseline = StringField()
    target = StringField()
    date = DateField()


class NeedLine(EmbeddedDocument):
    """One thing needed: a quantity in a unit, an amount of money, both or neither.

    `quantity` is in thousandths of `unit`, which is kept as it was written; `amount` in
    hundredths of the currency's major unit.
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
    confidential = BooleanField(default=False)
    sustainability = ListField(StringField())
    taken_from = EmbeddedDocumentField(LineSource)


class Evidence(EmbeddedDocument):
    """What shows the need."""

    text = StringField(required=True)
    url = StringField()


class AssistanceRequest(MergeableRecord):
    """A State's request for assistance, with its need lines. Drafts go out by no event."""

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "requests",
        "indexes": [
            ("country", "-created_at"),
            ("status", "-created_at"),
            ("needs.theme", "needs.kind"),
            ("external_id.source", "external_id.id"),
        ],
    }
    text_side: ClassVar[Side] = "request"
    lines_field: ClassVar[str] = "needs"

    country = StringField(required=True)
    consent = StringField()
    needs = EmbeddedDocumentListField(NeedLine)
    priority = StringField()
    window = EmbeddedDocumentField(Window)
    channel = StringField()
    source_report = EmbeddedDocumentField(Link)
    action_plan = EmbeddedDocumentField(Link)
    initiatives = ListField(StringField())
    partners = ListField(StringField())
    evidence = EmbeddedDocumentListField(Evidence)
    gender_marker = StringField()
    confidentiality = StringField(required=True, default="restricted")

    def event(self) -> EventRecord | None:
        """The state event of this version; None until the request was submitted."""
        if not self.was_submitted():
            return None
        return self.envelope(REQUEST, SOURCE, request_event_data(self))

    def was_submitted(self) -> bool:
        """Whether the request ever left its author's desk."""
        return any(step.target == "submitted" for step in self.history)


class State(ContactedParty):
    """A State's points of contact; the id is its ISO 3166-1 alpha-3 code.

    A submitted request may be published without a word from the State once `no_objection_days`
    working days have passed.
    """

    meta = {"collection": "states"}  # noqa: RUF012

    no_objection_days = IntField(required=True, default=DEFAULT_NO_OBJECTION_DAYS)

    def event(self) -> None:
        """States tell nobody: who wants a contact asks here."""


AGGREGATES: tuple[type[Any], ...] = (AssistanceRequest,)
"""The documents that have events."""
