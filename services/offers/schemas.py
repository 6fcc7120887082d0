"""What crosses the wire of the register of offers."""

from marshmallow import fields, validate

from shared.lifecycle import ASSISTANCE, OFFER
from shared.registers.inferred_schemas import (
    InferredProvisionsView,
    LineEdits,
    chosen_lines,
)
from shared.registers.schemas import (
    MAX_CODES,
    MAX_LINES,
    MAX_SHORT,
    ContactedView,
    ContactsSchema,
    DueQuery,
    ExternalIdSchema,
    MeasuresMixin,
    MergeableView,
    RecordView,
    ReportSchema,
    SignedView,
    SourcedView,
    StepBody,
    TextsSchema,
    choice,
    listed_ids,
    spoken_language,
    spoken_languages,
)
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    CONDITION_KINDS,
    DONOR_TYPES,
    GENDER_MARKERS,
    GROUPS,
    PARTNERS,
)
from shared.vocabulary.themes import THEMES
from shared.web.bounds import BoundedList, Moment, Pattern
from shared.web.paging import PageQuery
from shared.web.schemas import (
    Amount,
    Code,
    CountryCode,
    MoneySchema,
    Quantity,
    StrictSchema,
    Text,
    Window,
)

ORGANISATION_ID = Pattern("^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$", error="Not an id.")

# Codes of bodies are read with `retired=True`: a record may hold one that was retired since, and
# the rules refuse it where it is new (`shared.registers.lines.check_codes`).


def _codes(item: fields.String) -> BoundedList:
    return BoundedList(item, MAX_CODES)


def _organisation_id(*, required: bool = False) -> fields.String:
    if required:
        return fields.String(required=True, validate=ORGANISATION_ID)
    return fields.String(load_default=None, allow_none=True, validate=ORGANISATION_ID)


def _public() -> fields.Boolean:
    return fields.Boolean(
        load_default=None,
        allow_none=True,
        truthy={True},
        falsy={False},
        metadata={
            "description": "Whether everybody may see it, without an account; an offer once it is "
            "published. Null leaves it as it is: no, for a new one."
        },
    )


class EligibilitySchema(StrictSchema):
    """Who may be served: any State that one of the lists names; all empty: anyone."""

    countries = _codes(CountryCode())
    regions = _codes(Code(AREAS, retired=True))
    groups = _codes(Code(GROUPS, retired=True))


class ConditionSchema(StrictSchema):
    """What the donor asks for in return."""

    kind = Code(CONDITION_KINDS, retired=True, load_default="other")
    text = Text(2_000, required=True)


class ConditionView(ConditionSchema):
    """A condition as it is shown; a State accepts it by its `hash`, which changes with the text."""

    hash = fields.String(allow_none=True)


class ProvisionSchema(MeasuresMixin, StrictSchema):
    """One thing that can be given. Send `line` to keep a line's number, none for a new line."""

    quantity_name = "capacity"

    line = fields.Integer(strict=True, load_default=None, allow_none=True)
    theme = Code(THEMES, retired=True, required=True)
    kind = Code(KINDS, retired=True, required=True)
    capacity = Quantity(load_default=None, allow_none=True)


class OfferBody(TextsSchema):
    """An offer of assistance, as its donor writes it."""

    organisation = _organisation_id(required=True)
    provisions = BoundedList(fields.Nested(ProvisionSchema), MAX_LINES)
    eligibility = fields.Nested(
        EligibilitySchema, load_default=lambda: EligibilitySchema().load({})
    )
    conditions = BoundedList(fields.Nested(ConditionSchema), 50)
    window = Window()
    ceiling = fields.Nested(MoneySchema, load_default=None, allow_none=True)
    call = _organisation_id()
    partners = BoundedList(Code(PARTNERS, retired=True), MAX_SHORT)
    gender_marker = Code(GENDER_MARKERS, retired=True, load_default=None, allow_none=True)
    public = _public()
    external_id = fields.Nested(ExternalIdSchema, load_default=None, allow_none=True)


class PublishBody(StepBody):
    """Nothing needs to be said: who publishes an offer is its donor, or whom the donor asked.

    `consent` may be sent, so that publishing is the same call in both registers.
    """

    consent = choice("express")


class LeftView(StrictSchema):
    """How much of a line, in the one measure that it is counted in.

    That is money for funding, else the capacity where there is one, else money.
    """

    capacity = Quantity(zero=True, allow_none=True)
    amount = Amount(allow_none=True)
    whole = fields.Boolean(
        metadata={
            "description": "Whether the line gives neither measure and so is counted as one whole: "
            "then `capacity` is a share of 1."
        }
    )


class ProvisionFiguresView(StrictSchema):
    """What all matches of an offer come to, of one line; null where nobody has told."""

    pledged = fields.Nested(LeftView)
    committed = fields.Nested(LeftView)
    disbursed = fields.Nested(LeftView, allow_none=True)
    received = fields.Nested(LeftView, allow_none=True)


class ProvisionView(SourcedView, ProvisionSchema):
    """A provision line as it is shown."""

    left = fields.Nested(LeftView, metadata={"description": "What is not committed."})
    figures = fields.Nested(
        ProvisionFiguresView,
        metadata={"description": "Shown to its donor, coordinators, auditors and operators."},
    )


class OfferView(MergeableView, OfferBody):
    """An offer as it is shown."""

    provisions = BoundedList(fields.Nested(ProvisionView), MAX_LINES)
    conditions = BoundedList(fields.Nested(ConditionView), 50)
    donor_type = fields.String()
    donor_country = fields.String(allow_none=True)
    inferred = fields.Nested(
        InferredProvisionsView,
        metadata={
            "description": "What the text seems to say: for its author to confirm or to put right. "
            "Shown with one record, not in lists, to its donor, coordinators, auditors, operators."
        },
    )


class ProvisionEdits(LineEdits):
    """An inferred provision to confirm; members that are sent replace what was inferred."""

    capacity = Quantity(allow_none=True)


class ConfirmProvisionsBody(StrictSchema):
    """Which inferred lines become provisions of the offer, numbered after those that it has."""

    lines = chosen_lines(ProvisionEdits)


class RecordQuery(PageQuery):
    """Conditions that the lists of offers and activities share. All must hold."""

    organisation = _organisation_id()
    theme = Code(THEMES, retired=True, load_default=None)
    kind = Code(KINDS, retired=True, load_default=None)
    partner = Code(PARTNERS, retired=True, load_default=None)
    language = spoken_language()
    updated_since = Moment(load_default=None)
    external_source = fields.String(validate=validate.Length(1, 100), load_default=None)
    external_id = fields.String(validate=validate.Length(1, 100), load_default=None)
    q = Text(200, single_line=True, load_default=None, metadata={"description": "Full text."})


class OfferQuery(RecordQuery):
    """Which offers to list; theme and kind on the same line."""

    id = listed_ids()
    status = fields.String(validate=validate.OneOf(OFFER.states), load_default=None)
    donor_type = Code(DONOR_TYPES, retired=True, load_default=None)
    donor_country = CountryCode(load_default=None)
    call = _organisation_id()
    gender_marker = Code(GENDER_MARKERS, retired=True, load_default=None)
    eligible = CountryCode(
        load_default=None, metadata={"description": "Only offers that may serve this State."}
    )


class ActivityBody(MeasuresMixin, TextsSchema):
    """Assistance that is planned, under way or done."""

    country = CountryCode(required=True)
    organisation = _organisation_id()
    donor_country = CountryCode(load_default=None, allow_none=True)
    theme = Code(THEMES, retired=True, required=True)
    kind = Code(KINDS, retired=True, required=True)
    quantity = Quantity(load_default=None, allow_none=True)
    window = Window()
    status = choice(*ASSISTANCE.states, default=ASSISTANCE.initial)
    partners = BoundedList(Code(PARTNERS, retired=True), MAX_SHORT)
    public = _public()
    external_id = fields.Nested(ExternalIdSchema, load_default=None, allow_none=True)


class ActivityView(SignedView, ActivityBody):
    """An activity as it is shown."""


class ActivityQuery(RecordQuery):
    """Which activities to list."""

    id = listed_ids()
    country = CountryCode(load_default=None)
    donor_country = CountryCode(load_default=None)
    status = fields.String(validate=validate.OneOf(ASSISTANCE.states), load_default=None)


class OrganisationBody(ContactsSchema):
    """A donor, an implementer or a regional body, and its points of contact."""

    name = Text(200, single_line=True, required=True)
    type = Code(DONOR_TYPES, retired=True, required=True)
    country = CountryCode(load_default=None, allow_none=True)


class OrganisationView(ContactedView, OrganisationBody):
    """An organisation as it is shown."""


class OrganisationQuery(DueQuery):
    """Which organisations to list."""

    id = listed_ids()
    type = Code(DONOR_TYPES, retired=True, load_default=None)
    country = CountryCode(load_default=None)
    q = Text(200, single_line=True, load_default=None, metadata={"description": "In the name."})


class EntryBody(TextsSchema):
    """What calls, experts and lessons have alike."""

    organisation = _organisation_id()
    themes = _codes(Code(THEMES, retired=True))
    kinds = _codes(Code(KINDS, retired=True))
    links = BoundedList(fields.Nested(ReportSchema), 20)
    external_id = fields.Nested(ExternalIdSchema, load_default=None, allow_none=True)


class CallBody(EntryBody):
    """A trust fund's call for projects.

    `ceiling` is the most that one project may get, `fund` all that the call has to give.
    """

    organisation = _organisation_id(required=True)
    window = Window()
    ceiling = fields.Nested(MoneySchema, load_default=None, allow_none=True)
    fund = fields.Nested(MoneySchema, load_default=None, allow_none=True)
    eligibility = fields.Nested(
        EligibilitySchema, load_default=lambda: EligibilitySchema().load({})
    )


class KnowledgeBody(EntryBody):
    """An entry of the roster of experts (a team or office), or a lesson learned.

    It belongs to an organisation or to a State: one of `organisation` and `country`.
    """

    country = CountryCode(load_default=None, allow_none=True)
    used_in = _codes(CountryCode())
    languages = spoken_languages()


class CallView(RecordView, CallBody):
    """A call as it is shown."""


class ExpertView(RecordView, KnowledgeBody):
    """An expert as it is shown."""


class LessonView(RecordView, KnowledgeBody):
    """A lesson as it is shown."""


class EntryQuery(PageQuery):
    """Which calls, experts or lessons to list."""

    organisation = _organisation_id()
    country = CountryCode(load_default=None)
    theme = Code(THEMES, retired=True, load_default=None)
    kind = Code(KINDS, retired=True, load_default=None)
    language = spoken_language()
    q = Text(200, single_line=True, load_default=None, metadata={"description": "Full text."})


class KnowledgeQuery(EntryQuery):
    """Which experts or lessons to list."""

    used_in = CountryCode(load_default=None)
    languages = fields.String(
        validate=validate.OneOf(LANGUAGES),
        load_default=None,
        metadata={"description": "Only those that know this language."},
    )
