"""What the register of offers keeps."""

from typing import Any, ClassVar

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from services.offers.events import activity_event_data, call_event_data, offer_event_data
from shared.attachments.documents import Attachment
from shared.events.envelope import ACTIVITY, CALL, OFFER
from shared.events.outbox import EventRecord
from shared.lifecycle import OFFER as OFFER_LIFE
from shared.lifecycle import Lifecycle
from shared.registers.merged import LineSource, MergeableRecord
from shared.registers.newest import INDEX
from shared.registers.records import ContactedParty, Link, Record, SignedRecord, Window

SOURCE = "/entraide/offers"


class Eligibility(EmbeddedDocument):
    """Who may be served: any State that one of the lists names; all empty: anyone.

    Regions are UN M49 names, groups are LDC, LLDC, SIDS and ODA.
    """

    countries = ListField(StringField())
    regions = ListField(StringField())
    groups = ListField(StringField())


class Condition(EmbeddedDocument):
    """What the donor asks for in return.

    `hash` is the keyed hash of kind and text, by which a State accepts it; missing in records from
    before there was one.
    """

    kind = StringField(required=True)
    text = StringField(required=True)
    hash = StringField()

    def event_data(self) -> dict[str, str]:
        """As events tell of it: without the text."""
        return {"kind": self.kind, **({"hash": self.hash} if self.hash else {})}


class ProvisionLine(EmbeddedDocument):
    """One thing that can be given: a capacity in a unit, an amount of money, both or neither.

    `capacity` is in thousandths of `unit`, which is kept as it was written; `amount` in
    hundredths of the currency's major unit.
    """

    line = IntField(required=True)
    theme = StringField(required=True)
    kind = StringField(required=True)
    capacity = IntField()
    unit = StringField()
    amount = IntField()
    currency = StringField()
    taken_from = EmbeddedDocumentField(LineSource)


class AssistanceOffer(MergeableRecord):
    """A donor's offer, with its provision lines. Drafts go out by no event.

    `donor_type` and `donor_country` are copies of the organisation's, for the offer's event;
    `ceiling` is what one project may get, in hundredths of `ceiling_currency`'s major unit.
    `public`: everybody may see it once it is published, without an account; no event has it.
    """

    meta = {  # noqa: RUF012 (mongoengine declares it so)
        "collection": "offers",
        "indexes": [
            ("organisation", "-created_at"),
            ("status", "-created_at"),
            ("provisions.theme", "-created_at"),
            ("public", "status", "-created_at"),
            ("organisation", "status", "-created_at"),
            ("external_id.source", "external_id.id"),
            "call",
            INDEX,
        ],
    }
    lines_field: ClassVar[str] = "provisions"
    lifecycle: ClassVar[Lifecycle] = OFFER_LIFE

    organisation = StringField(required=True)
    donor_type = StringField(required=True)
    donor_country = StringField()
    provisions = EmbeddedDocumentListField(ProvisionLine)
    eligibility = EmbeddedDocumentField(Eligibility, required=True)
    conditions = EmbeddedDocumentListField(Condition)
    window = EmbeddedDocumentField(Window)
    ceiling = IntField()
    ceiling_currency = StringField()
    call = StringField()
    partners = ListField(StringField())
    gender_marker = StringField()
    public = BooleanField(default=False)

    def event(self) -> EventRecord | None:
        """The state event of this version; None until the offer was submitted."""
        if not self.was_submitted():
            return None
        return self.envelope(OFFER, SOURCE, offer_event_data(self))

    def was_submitted(self) -> bool:
        """Whether the offer ever left its author's desk."""
        return any(step.target == "submitted" for step in self.history)


class ReportedFigure(EmbeddedDocument):
    """What a match adds to a figure of the report: a part of a whole, or a value alone."""

    name = StringField(required=True)
    part = FloatField(required=True)
    whole = FloatField()


class ReportedMoney(EmbeddedDocument):
    """A commitment of a match in hundredths of the currency's major unit."""

    amount = IntField(required=True)
    currency = StringField(required=True)


class ReportedMatch(EmbeddedDocument):
    """A match of another installation: its id there, and what the report counts of it, as its file
    tells."""

    match = StringField(required=True)
    themes = ListField(StringField())
    modality = StringField()
    language = StringField()
    year = IntField(required=True)
    money = EmbeddedDocumentListField(ReportedMoney)
    figures = EmbeddedDocumentListField(ReportedFigure)


class Activity(SignedRecord):
    """Assistance that is planned, under way or done; quantity and amount as on a line.

    `public`: everybody may see it, without an account; no event has it. `reported` is there where
    one who oversees both sides brought it in from another installation's file.
    """

    meta = {  # noqa: RUF012
        "collection": "activities",
        "indexes": [
            ("country", "-created_at"),
            ("organisation", "-created_at"),
            ("theme", "-created_at"),
            ("public", "-created_at"),
            ("external_id.id", "external_id.source"),
            {"fields": ["reported.match"], "sparse": True},
            INDEX,
        ],
    }

    country = StringField(required=True)
    organisation = StringField()
    donor_country = StringField()
    theme = StringField(required=True)
    kind = StringField(required=True)
    quantity = IntField()
    unit = StringField()
    amount = IntField()
    currency = StringField()
    window = EmbeddedDocumentField(Window)
    partners = ListField(StringField())
    public = BooleanField(default=False)
    reported = EmbeddedDocumentField(ReportedMatch)

    def event(self) -> EventRecord:
        """The state event of this version."""
        return self.envelope(ACTIVITY, SOURCE, activity_event_data(self))


class Organisation(ContactedParty):
    """A donor, an implementer or a regional body; the id is the one that tokens are bound to."""

    meta = {  # noqa: RUF012
        "collection": "organisations",
        "indexes": ["search_terms", "type", "country"],
    }

    name = StringField(required=True)
    type = StringField(required=True)
    country = StringField()
    search_terms = ListField(StringField())

    @property
    def organisation(self) -> str:
        """The organisation itself: whose audit trail it is."""
        return str(self.id)

    def event(self) -> None:
        """Organisations tell nobody: their offers' events say what matters for matching."""


class Entry(Record):
    """A record of this register whose owner is one of two; only calls go out by events."""

    meta = {"abstract": True}  # noqa: RUF012

    organisation = StringField()
    country = StringField()
    themes = ListField(StringField())
    kinds = ListField(StringField())

    def event(self) -> EventRecord | None:
        """Nothing: who wants to read an entry asks here."""
        return None


class Call(Entry):
    """A trust fund's call for projects: what one project may get, when, on which themes.

    `fund` is all that the call has to give; both are in hundredths of a currency's major unit. Its
    events cannot be taken back, so one that is removed stays as `removed`, emptied of its texts.
    """

    meta = {"collection": "calls", "indexes": ["organisation", "themes"]}  # noqa: RUF012

    window = EmbeddedDocumentField(Window)
    ceiling = IntField()
    ceiling_currency = StringField()
    fund = IntField()
    fund_currency = StringField()
    removed = BooleanField(default=False)
    eligibility = EmbeddedDocumentField(Eligibility, required=True)
    links = EmbeddedDocumentListField(Link)

    def event(self) -> EventRecord:
        """The state event of this version."""
        return self.envelope(CALL, SOURCE, call_event_data(self))


class Knowledge(Entry):
    """Who knows what: where it was used, in which languages, and where to read on."""

    meta = {"abstract": True, "indexes": ["organisation", "country", "themes"]}  # noqa: RUF012

    used_in = ListField(StringField())
    languages = ListField(StringField())
    links = EmbeddedDocumentListField(Link)


class Expert(Knowledge):
    """A team or office on the roster of experts."""

    meta = {"collection": "experts"}  # noqa: RUF012


class Lesson(Knowledge):
    """A lesson learned."""

    meta = {"collection": "lessons"}  # noqa: RUF012


AGGREGATES: tuple[type[Any], ...] = (AssistanceOffer, Activity, Call)
"""The documents that have events."""

AUDITED = (*AGGREGATES, Organisation, Attachment)
"""The documents with a history of steps, for the audit trail."""
