"""What crosses the wire of what texts seem to say: shown, and confirmed."""

from marshmallow import fields, validate

from shared.language.inferred_lines import MOST_LINES
from shared.registers.schemas import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    MAX_UNIT,
    optional_text,
    spoken_language,
)
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES
from shared.web.bounds import BoundedList
from shared.web.schemas import Amount, Code, CurrencyCode, Quantity, StrictSchema, Text

INDEX = "Its place among `inferred.lines`, from 0, in the version that If-Match names."


class SpanView(StrictSchema):
    """A stretch of the text: characters of a field, `end` the first one after it."""

    field = fields.String()
    start = fields.Integer()
    end = fields.Integer()


class _Told(StrictSchema):
    probability = fields.Float(metadata={"minimum": 0, "maximum": 1})
    spans = fields.List(
        fields.Nested(SpanView),
        metadata={"description": "What speaks for it; all of the text where no word alone does."},
    )


class InferredCodeView(_Told):
    """A theme, a kind of help, a country or an area that the text seems to speak of."""

    code = fields.String()


class InferredQuantityView(_Told):
    """A quantity that the text tells."""

    quantity = Quantity()
    unit = fields.String(allow_none=True)


class InferredAmountView(_Told):
    """A sum of money that the text tells."""

    amount = Amount()
    currency = fields.String()


class InferredDatesView(_Told):
    """A day or a period that the text tells, its first and its last day."""

    start = fields.Date(data_key="from", attribute="from")
    end = fields.Date(data_key="to", attribute="to")


class LineSpanView(SpanView):
    """A stretch that speaks for a part of a line, and how probable that part is."""

    of = fields.String(
        validate=validate.OneOf(("theme", "kind", "quantity", "amount")),
        metadata={"description": "`quantity` is an offer's capacity too."},
    )
    probability = fields.Float(metadata={"minimum": 0, "maximum": 1})


class InferredLineView(StrictSchema):
    """A line that the text seems to describe: no line of the record until it is confirmed."""

    index = fields.Integer(metadata={"description": "By which it is confirmed, from 0."})
    inferred = fields.Boolean(metadata={"description": "Always true: nobody wrote this line."})
    line = fields.Integer(
        allow_none=True,
        metadata={"description": "The record's own line of this theme and kind, null without."},
    )
    theme = fields.String()
    kind = fields.String()
    probability = fields.Float(metadata={"minimum": 0, "maximum": 1})
    unit = fields.String(allow_none=True)
    amount = Amount(allow_none=True)
    currency = fields.String(allow_none=True)
    spans = fields.List(fields.Nested(LineSpanView))


class InferredNeedView(InferredLineView):
    """A need that the text seems to describe: no line of the request until it is confirmed."""

    quantity = Quantity(allow_none=True)


class InferredProvisionView(InferredLineView):
    """A provision that the text seems to describe: no line of the offer until it is confirmed."""

    capacity = Quantity(allow_none=True)


class ContradictionView(_Told):
    """Codes of the record's lines that its text does not bear out, and what it says instead."""

    of = fields.String(validate=validate.OneOf(("theme", "kind")))
    coded = fields.List(fields.String(), metadata={"description": "The codes of the lines."})
    code = fields.String(metadata={"description": "What the text says, as `probability` has it."})


class InferredView(StrictSchema):
    """What the text seems to say; codes are evidence, and so is this. Offsets are in characters."""

    themes = fields.List(fields.Nested(InferredCodeView))
    kinds = fields.List(fields.Nested(InferredCodeView))
    quantities = fields.List(fields.Nested(InferredQuantityView))
    amounts = fields.List(fields.Nested(InferredAmountView))
    places = fields.List(fields.Nested(InferredCodeView))
    dates = fields.List(fields.Nested(InferredDatesView))
    contradictions = fields.List(fields.Nested(ContradictionView))


class InferredNeedsView(InferredView):
    """What a request's text seems to say."""

    lines = BoundedList(fields.Nested(InferredNeedView), MOST_LINES)


class InferredProvisionsView(InferredView):
    """What an offer's text seems to say."""

    lines = BoundedList(fields.Nested(InferredProvisionView), MOST_LINES)


class DraftTexts(StrictSchema):
    """Texts that are still being written; any of them may be missing."""

    title = optional_text(MAX_TITLE, single_line=True)
    description = optional_text(MAX_DESCRIPTION)
    language = spoken_language()


class _AsRead(StrictSchema):
    title = fields.String(
        allow_none=True, metadata={"description": "As it was read: offsets are in this."}
    )
    description = fields.String(allow_none=True)


class DraftNeedsView(_AsRead, InferredNeedsView):
    """What the text of a request that is being written seems to say. Nothing was stored."""


class DraftProvisionsView(_AsRead, InferredProvisionsView):
    """What the text of an offer that is being written seems to say. Nothing was stored."""


class LineEdits(StrictSchema):
    """An inferred line to confirm; members that are sent replace what was inferred."""

    index = fields.Integer(
        strict=True,
        required=True,
        validate=validate.Range(0, MOST_LINES - 1),
        metadata={"description": INDEX},
    )
    theme = Code(THEMES, retired=True)
    kind = Code(KINDS, retired=True)
    unit = Text(MAX_UNIT, single_line=True, allow_none=True)
    amount = Amount(allow_none=True)
    currency = CurrencyCode(allow_none=True)


def chosen_lines(edits: type[LineEdits]) -> BoundedList:
    """A field for the inferred lines to confirm, one at least."""
    return BoundedList(
        fields.Nested(edits),
        MOST_LINES,
        required=True,
        validate=validate.Length(1),
        metadata={"minItems": 1},
    )
