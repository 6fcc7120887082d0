"""What crosses the wire alike in every register."""

from collections.abc import Mapping
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields, validate

from shared.vocabulary import LANGUAGES
from shared.web.bounds import BoundedList, Pattern
from shared.web.field_errors import coded_error
from shared.web.paging import PageQuery
from shared.web.schemas import FIRST_YEAR, Day, MoneyMixin, OptionalBody, StrictSchema, Text

MAX_TITLE = 300
MAX_DESCRIPTION = 20_000
MAX_LINES = 100
MAX_UNIT = 60
MAX_CODES = 300
MAX_SHORT = 50
"""Items of a list that chooses from a short vocabulary."""
MOST_LEFT_OUT = 200
"""Requests and offers, together, that an allocation leaves out at once. With each as `without=` and
an id of 24 characters that is an address of 6,600 bytes: see shared/web/addresses.py."""
MAX_YEAR = 2100
MAX_ID = 128
_URL_SCHEMES = {"http", "https"}
_PRINTABLE = Pattern(
    "^[!-~]{1,100}$", error="Use 1 to 100 printable ASCII characters without spaces."
)


def web_address(**options: object) -> fields.Url:
    """A field for an absolute http or https address; null where there is none."""
    return fields.Url(
        schemes=_URL_SCHEMES,
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=1000),
        **options,  # type: ignore[arg-type]
    )


def choice(*values: str, default: str | None = None) -> fields.String:
    """A field for one of a few words; `default` (null unless given) where there is none."""
    return fields.String(
        validate=validate.OneOf(values), load_default=default, allow_none=default is None
    )


def listed_ids() -> BoundedList:
    """A field of a list's query: only records with these identifiers."""
    return BoundedList(
        fields.String(validate=validate.Length(1, MAX_ID)),
        MAX_CODES,
        metadata={"description": "Only those with these identifiers; may be given several times."},
    )


def spoken_language() -> fields.String:
    """A field for one of the six languages, null where the text is to tell."""
    return choice(*LANGUAGES)


def spoken_languages() -> BoundedList:
    """A field for several of the six languages."""
    return BoundedList(fields.String(validate=validate.OneOf(LANGUAGES)), MAX_SHORT)


def optional_text(max_length: int, *, single_line: bool = False, **options: Any) -> Text:
    """A field for text that may be missing."""
    return Text(max_length, single_line=single_line, load_default=None, allow_none=True, **options)


class MeasuresMixin(MoneyMixin):
    """Adds `unit`, `amount` and `currency` to a schema that has a quantity.

    A quantity may stand without a unit (some are counted in nothing that has a name), a unit
    without a quantity says nothing. `quantity_name` is the quantity's field.
    """

    quantity_name: ClassVar[str] = "quantity"
    unit = optional_text(MAX_UNIT, single_line=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_unit(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.get("unit") is not None and data.get(self.quantity_name) is None:
            raise coded_error("required", "A unit needs a quantity.", self.quantity_name)


class StepBody(OptionalBody):
    """A step of a record's life: nothing needs to be said."""


class ExternalIdSchema(StrictSchema):
    """The record's name in the system that it came from."""

    source = fields.String(required=True, validate=_PRINTABLE)
    id = fields.String(required=True, validate=_PRINTABLE)


class LinkSchema(StrictSchema):
    """A document elsewhere."""

    title = Text(MAX_TITLE, single_line=True, required=True)
    url = web_address()


class ReportSchema(LinkSchema):
    """A document elsewhere, of a year."""

    year = fields.Integer(
        strict=True,
        load_default=None,
        allow_none=True,
        validate=validate.Range(FIRST_YEAR, MAX_YEAR),
    )


class TextsSchema(StrictSchema):
    """A record's title and description, in one of the six languages."""

    title = Text(MAX_TITLE, single_line=True, required=True)
    description = Text(MAX_DESCRIPTION, required=True)
    language = spoken_language()


class ContactSchema(StrictSchema):
    """An office to write to."""

    office = Text(200, single_line=True, required=True)
    email = fields.Email(load_default=None, allow_none=True, validate=validate.Length(max=254))
    phone = fields.String(
        load_default=None,
        allow_none=True,
        validate=Pattern(r"^\+?[0-9 ()./-]{4,40}$", error="Not a telephone number."),
    )
    languages = spoken_languages()


class ContactsSchema(StrictSchema):
    """Points of contact; sending them confirms them, today unless `last_confirmed` says when."""

    contacts = BoundedList(fields.Nested(ContactSchema), 20)
    last_confirmed = Day(load_default=None, allow_none=True)


class DueQuery(PageQuery):
    """Which parties to list, by whether their contacts have to be confirmed."""

    due = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Only those whose contacts are missing or confirmed over a year ago."
        },
    )


class VersionedView(StrictSchema):
    """What every answer with a record has."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(format="iso")
    updated_at = fields.AwareDateTime(format="iso")


class ContactedView(VersionedView):
    """What every answer with a party that has points of contact has."""

    confirmation_due = fields.Boolean(
        metadata={"description": "Whether contacts are missing, or confirmed over a year ago."}
    )
    history = fields.List(
        fields.Nested(lambda: TransitionView()),
        metadata={"description": "When contacts were confirmed, removed or erased, and by whom."},
    )


class CreatorView(StrictSchema):
    """Who registered the record."""

    role = fields.String()
    party = fields.String(allow_none=True)


class TransitionView(StrictSchema):
    """A step in the record's life."""

    action = fields.String()
    source = fields.String(allow_none=True)
    target = fields.String()
    at = fields.AwareDateTime(format="iso")
    role = fields.String()
    party = fields.String(allow_none=True)
    reason = fields.String(
        allow_none=True, metadata={"description": "A code, where a reason was given."}
    )


class ConceptView(StrictSchema):
    """A concept of the thesaurus, and where the text names it: characters of a field."""

    id = fields.String()
    field = fields.String()
    start = fields.Integer()
    end = fields.Integer()


class SignatureView(StrictSchema):
    """What the text was found to say."""

    method = fields.String()
    language = fields.String()
    language_probability = fields.Float()
    concepts = fields.List(fields.Nested(ConceptView))


class RecordView(VersionedView):
    """What every answer with a record that has a text has."""

    created_by = fields.Nested(CreatorView)
    history = fields.List(fields.Nested(TransitionView))


class SignedView(RecordView):
    """What every answer with a signed record has."""

    status = fields.String(required=True)
    signature = fields.Nested(
        SignatureView, metadata={"description": "Shown with one record, not in lists."}
    )


class LineSourceView(StrictSchema):
    """The line of a merged record that a line was taken over from."""

    record = fields.String(required=True)
    line = fields.Integer(required=True)


class SourcedView:
    """What every answer with a line of a mergeable record has."""

    taken_from = fields.Nested(
        LineSourceView,
        data_key="from",
        allow_none=True,
        metadata={"description": "Null for a line that was this record's own from the first."},
    )


class MergeableView(SignedView):
    """What every answer with a request or an offer has."""

    merged_into = fields.String(
        allow_none=True,
        metadata={"description": "The record that stays, where this one was merged into it."},
    )
    merged_from = fields.List(
        fields.String(), metadata={"description": "The records that were merged into this one."}
    )


class MergeBody(StrictSchema):
    """Into which record of the same owner one is merged, and which of its lines go along."""

    into = fields.String(required=True, validate=validate.Length(1, MAX_ID))
    lines = BoundedList(
        fields.Integer(strict=True),
        MAX_LINES,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Numbers of the lines that the other record takes over; without it those"
            " of which the other has none of the same theme and kind."
        },
    )
