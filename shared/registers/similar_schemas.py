"""What crosses the wire of an author's own records that one of them looks like."""

from marshmallow import fields

from shared.web.schemas import StrictSchema


class SimilarReasonView(StrictSchema):
    """One thing that speaks for the same or, with a negative weight, for two different things.

    `own` and `other` are what this record and the other have of it, codes or numbers; null where
    nothing is told.
    """

    kind = fields.String(required=True)
    own = fields.Raw(required=True, allow_none=True)
    other = fields.Raw(required=True, allow_none=True)
    weight = fields.Float(required=True, metadata={"description": "In log odds."})
    sentence = fields.String(required=True)


class SimilarRecordView(StrictSchema):
    """A record of the same author that seems to be the same."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    channel = fields.String(required=True, allow_none=True)
    date = fields.Date(
        required=True, metadata={"description": "When it was submitted; of a draft, made."}
    )
    score = fields.Float(
        required=True, metadata={"description": "The probability that both are the same."}
    )
    sentence = fields.String(required=True)
    reasons = fields.List(fields.Nested(SimilarReasonView), required=True)


class SimilarView(StrictSchema):
    """What a record looks like, the likeliest first."""

    items = fields.List(fields.Nested(SimilarRecordView), required=True)
