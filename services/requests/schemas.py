"""What crosses the wire of the register of requests."""

from typing import Any

from marshmallow import fields, validate, validates_schema

from services.requests.documents import DEFAULT_NO_OBJECTION_DAYS, WEEKDAYS
from shared.lifecycle import REQUEST
from shared.registers.inferred_schemas import InferredNeedsView, LineEdits, chosen_lines
from shared.registers.schemas import (
    MAX_LINES,
    MAX_SHORT,
    ContactedView,
    ContactsSchema,
    ExternalIdSchema,
    LinkSchema,
    MeasuresMixin,
    MergeableView,
    ReportSchema,
    SourcedView,
    TextsSchema,
    TransitionView,
    choice,
    listed_ids,
    optional_text,
    spoken_language,
    web_address,
)
from shared.vocabulary import LANGUAGES
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import (
    CHANNELS,
    GENDER_MARKERS,
    PARTNERS,
    PRIORITIES,
    SUSTAINABILITY_MEASURES,
)
from shared.vocabulary.themes import THEMES
from shared.web.bounds import BoundedList, Moment, Pattern
from shared.web.field_errors import coded_error
from shared.web.paging import PageQuery
from shared.web.schemas import (
    Amount,
    Code,
    CountryCode,
    Day,
    OptionalBody,
    Quantity,
    StrictSchema,
    Text,
    Window,
)
from shared.web.visibility import LEVELS, Sight

LINE_LEVELS = (Sight.PARTIES.level, Sight.COORDINATORS.level)
_LEVELS = (
    "public: everybody; restricted: every donor; parties: donors whose offers were endorsed for "
    "it; coordinators: those alone who oversee both sides."
)
OBJECTIONS = ("content", "timing", "sensitive", "other")
RETURNS = ("unconfirmed", "content", "other")
ENDS = ("met", "no-longer-needed", "mistaken", "other")
_REMARK = {"description": "In your own words: for the State and those who oversee, nobody else."}
MAX_REMARK = 2_000
MAX_DAYS = 100
INITIATIVE = Pattern("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")

# Codes of bodies are read with `retired=True`: a record may hold one that was retired since, and
# the rules refuse it where it is new (`shared.registers.lines.check_codes`).


class ObjectiveSchema(StrictSchema):
    """What is to be reached, by which measure."""

    text = Text(2_000, required=True)
    indicator = optional_text(500)
    baseline = optional_text(500)
    target = optional_text(500)
    date = Day(load_default=None, allow_none=True)


class NeedSchema(MeasuresMixin, StrictSchema):
    """One thing needed. Leave `line` out for a new line; send it to keep the line's number."""

    line = fields.Integer(strict=True, load_default=None, allow_none=True)
    theme = Code(THEMES, retired=True, required=True)
    kind = Code(KINDS, retired=True, required=True)
    quantity = Quantity(load_default=None, allow_none=True)
    priority = Code(PRIORITIES, retired=True, load_default=None, allow_none=True)
    window = Window()
    objectives = BoundedList(fields.Nested(ObjectiveSchema), 20)
    sites = BoundedList(
        Text(200, single_line=True),
        MAX_SHORT,
        metadata={"description": "Where it is needed, in your own words."},
    )
    confidential = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    visibility = fields.String(
        validate=validate.OneOf(LINE_LEVELS),
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Who sees the line beside its State, where not all do who see the "
            "request: `parties` or `coordinators`, which `confidential` alone stands for too."
        },
    )
    sustainability = BoundedList(Code(SUSTAINABILITY_MEASURES, retired=True), MAX_SHORT)


class EvidenceSchema(StrictSchema):
    """What shows the need."""

    text = Text(2_000, required=True)
    url = web_address()


class RequestBody(TextsSchema):
    """A request for assistance, as its State writes it."""

    country = CountryCode(required=True)
    needs = BoundedList(fields.Nested(NeedSchema), MAX_LINES)
    priority = Code(PRIORITIES, retired=True, load_default=None, allow_none=True)
    window = Window()
    channel = Code(CHANNELS, retired=True, load_default=None, allow_none=True)
    source_report = fields.Nested(ReportSchema, load_default=None, allow_none=True)
    action_plan = fields.Nested(LinkSchema, load_default=None, allow_none=True)
    initiatives = BoundedList(
        fields.String(validate=INITIATIVE),
        20,
        metadata={"description": "Codes of regional initiatives: letters, digits, dots, hyphens."},
    )
    partners = BoundedList(Code(PARTNERS, retired=True), MAX_SHORT)
    objectives = BoundedList(
        fields.Nested(ObjectiveSchema),
        20,
        metadata={"description": "Those of the request as a whole; a need line has its own."},
    )
    evidence = BoundedList(fields.Nested(EvidenceSchema), 50)
    gender_marker = Code(GENDER_MARKERS, retired=True, load_default=None, allow_none=True)
    confidentiality = fields.String(
        validate=validate.OneOf(LEVELS),
        load_default=Sight.RESTRICTED.level,
        metadata={"description": f"Who sees it beside its State, once circulated. {_LEVELS}"},
    )
    external_id = fields.Nested(ExternalIdSchema, load_default=None, allow_none=True)


class CommittedView(StrictSchema):
    """How much of a line is pledged, committed or delivered, in the measure that it is counted in.

    That is money for funding, else the quantity where there is one, else money.
    """

    quantity = Quantity(zero=True, allow_none=True)
    amount = Amount(allow_none=True)
    whole = fields.Boolean(
        metadata={
            "description": "Whether the line gives neither measure and so is counted as one whole: "
            "then `quantity` is a share of 1."
        }
    )


class NeedView(SourcedView, NeedSchema):
    """A need line as it is shown."""

    pledged = fields.Nested(
        CommittedView,
        metadata={
            "description": "What donors that agreed said they would give, counted as the line is, "
            "and whatever else is committed."
        },
    )
    pledged_otherwise = fields.Boolean(
        metadata={
            "description": "Whether donors pledged more that cannot be said in what the line is "
            "counted in, such as money for machines: the commitment says how much of it that is."
        },
    )
    committed = fields.Nested(CommittedView)
    delivered = fields.Nested(
        CommittedView,
        metadata={
            "description": "Of what is committed, the part that the State says it received, or its "
            "donor that it disbursed where the State says nothing; all of it once delivered where "
            "neither does."
        },
    )


class RequestTransitionView(TransitionView):
    """A step in a request's life."""

    subject = fields.String(
        allow_none=True,
        metadata={"description": "The account; shown to its State and those who oversee."},
    )


class RemarkView(StrictSchema):
    """What somebody said about a step."""

    action = fields.String()
    at = fields.AwareDateTime(format="iso")
    role = fields.String()
    text = fields.String()


class EndorsementView(StrictSchema):
    """That an organisation endorses a request, and why."""

    organisation = fields.String(required=True)
    text = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why. null in an answer that is kept for its Idempotency-Key, which "
            "would keep what is taken back: read the request for it."
        },
    )
    at = fields.AwareDateTime(format="iso", required=True)
    shown = fields.Boolean(
        required=True, metadata={"description": "False where the State does not show it."}
    )


class RequestView(MergeableView, RequestBody):
    """A request as it is shown; `hidden_lines` counts need lines that this reader may not see."""

    needs = BoundedList(fields.Nested(NeedView), MAX_LINES)
    consent = fields.String(allow_none=True)
    circulates_at = fields.AwareDateTime(
        format="iso",
        allow_none=True,
        metadata={
            "description": "When the State's time to object is over: an authenticated request is "
            "circulated then, unless the State consents before."
        },
    )
    history = fields.List(
        fields.Nested(RequestTransitionView),
        metadata={
            "description": "The steps of its life; to others than its State and those who oversee, "
            "those since it was circulated."
        },
    )
    remarks = fields.List(
        fields.Nested(RemarkView),
        metadata={"description": "Shown to its State, coordinators, auditors and operators."},
    )
    introduced_by = fields.String(
        allow_none=True,
        metadata={
            "description": "The coordinator who invited the account that submitted it, where "
            "another could authenticate it. Shown to whom `remarks` are."
        },
    )
    hidden_lines = fields.Integer()
    endorsements = fields.List(
        fields.Nested(EndorsementView),
        metadata={
            "description": "Organisations that endorse it, shown to those who see what they saw. "
            "What the State does not show is told to it, to overseers, to the organisation."
        },
    )
    inferred = fields.Nested(
        InferredNeedsView,
        metadata={
            "description": "What the text seems to say: for its author to confirm or to put right. "
            "Shown with one record, not in lists, to its State, coordinators, auditors, operators."
        },
    )


class NeedEdits(LineEdits):
    """An inferred need to confirm; members that are sent replace what was inferred."""

    quantity = Quantity(allow_none=True)
    priority = Code(PRIORITIES, retired=True, load_default=None, allow_none=True)
    window = Window()
    confidential = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    sustainability = BoundedList(Code(SUSTAINABILITY_MEASURES, retired=True), MAX_SHORT)


class AdviceQuery(StrictSchema):
    """The language of the sentences."""

    language = fields.String(
        load_default=None,
        validate=validate.OneOf(LANGUAGES),
        metadata={"description": "Language of the sentences; else the request's own."},
    )


class AdviceItemView(StrictSchema):
    """One thing that is missing."""

    code = fields.String(required=True)
    field = fields.String(required=True, metadata={"description": "The field it belongs into."})
    lines = fields.List(
        fields.Integer(), required=True, metadata={"description": "Need lines without it."}
    )
    missing = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Parts of an objective: indicator, baseline, target, date."},
    )
    sentence = fields.String(required=True)


class AdviceView(StrictSchema):
    """What is missing for a donor to act on a request, what matters most first; never an error."""

    language = fields.String(required=True)
    summary = fields.String(required=True)
    items = fields.List(fields.Nested(AdviceItemView), required=True)


class ConfirmNeedsBody(StrictSchema):
    """Which inferred lines become needs of the request, numbered after those that it has."""

    lines = chosen_lines(NeedEdits)


class RequestQuery(PageQuery):
    """Which requests to list. All conditions must hold; theme and kind on the same line."""

    id = listed_ids()
    country = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    status = fields.String(validate=validate.OneOf(REQUEST.states), load_default=None)
    theme = Code(THEMES, retired=True, load_default=None)
    kind = Code(KINDS, retired=True, load_default=None)
    priority = Code(PRIORITIES, retired=True, load_default=None)
    channel = Code(CHANNELS, retired=True, load_default=None)
    confidentiality = choice(*LEVELS)
    initiative = fields.String(validate=INITIATIVE, load_default=None)
    partner = Code(PARTNERS, retired=True, load_default=None)
    language = spoken_language()
    gender_marker = Code(GENDER_MARKERS, retired=True, load_default=None)
    updated_since = Moment(load_default=None)
    external_source = fields.String(validate=validate.Length(1, 100), load_default=None)
    external_id = fields.String(validate=validate.Length(1, 100), load_default=None)
    q = Text(200, single_line=True, load_default=None, metadata={"description": "Full text."})


class SubmitBody(OptionalBody):
    """Whether the State consents expressly that it is circulated once it is authenticated."""

    consent = choice("express")


class CirculateBody(StrictSchema):
    """That the State consents expressly."""

    consent = fields.String(required=True, validate=validate.OneOf(["express"]))


class ObjectBody(StrictSchema):
    """Why the State does not want it circulated."""

    reason = fields.String(required=True, validate=validate.OneOf(OBJECTIONS))
    text = optional_text(MAX_REMARK, metadata=_REMARK)


class ReturnBody(StrictSchema):
    """Why it goes back to the State."""

    reason = fields.String(required=True, validate=validate.OneOf(RETURNS))
    text = optional_text(MAX_REMARK, metadata=_REMARK)


class EndBody(OptionalBody):
    """Why it ends; nothing needs to be said."""

    reason = choice(*ENDS)
    text = optional_text(MAX_REMARK, metadata=_REMARK)


class EndorseBody(StrictSchema):
    """Why your organisation endorses the request, in a sentence or two."""

    text = Text(1_000, required=True)


class ShowEndorsementBody(StrictSchema):
    """Whose endorsement the request shows, or does not."""

    organisation = Text(100, single_line=True, required=True)
    shown = fields.Boolean(required=True, truthy={True}, falsy={False})


class StateBody(ContactsSchema):
    """A State's points of contact, its working days to object to a circulation, when it works."""

    no_objection_days = fields.Integer(
        strict=True, load_default=DEFAULT_NO_OBJECTION_DAYS, validate=validate.Range(0, 60)
    )
    weekend = BoundedList(
        fields.String(validate=validate.OneOf(WEEKDAYS)),
        len(WEEKDAYS) - 1,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "The days of the week on which the State does not work; null for those "
            "that are usual in the country."
        },
    )
    days_off = BoundedList(
        Day(),
        MAX_DAYS,
        metadata={"description": "Days on which it does not work, beside public holidays."},
    )
    days_worked = BoundedList(
        Day(),
        MAX_DAYS,
        metadata={"description": "Days on which it works, holiday or weekend though they be."},
    )

    @validates_schema(skip_on_field_errors=True)
    def _one_or_the_other(self, data: dict[str, Any], **_: Any) -> None:
        if set(data["days_off"]) & set(data["days_worked"]):
            raise coded_error("contradiction", "A day is worked or it is not.", "days_worked")


class CalendarView(StrictSchema):
    """When a State works: by what it said, else by its country's weekend and public holidays."""

    weekend = fields.List(fields.String(), required=True)
    days_off = fields.List(
        fields.Date(),
        required=True,
        metadata={"description": "For a year from today, days of the weekend left out."},
    )


class StateView(ContactedView, StateBody):
    """A State's points of contact as they are shown; its `calendar` where it is asked for alone."""

    calendar = fields.Nested(CalendarView)
