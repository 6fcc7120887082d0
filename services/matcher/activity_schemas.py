"""What crosses the wire of committed matches as others' registers are told of them."""

from marshmallow import fields, validate

from services.matcher.commitment_schemas import TakenLineView
from services.matcher.life_schemas import PartnerView
from services.matcher.schemas import ServingView, TransitionView
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, Quantity, StrictSchema


class ActivityOfMatchQuery(PageQuery):
    """Which committed matches."""

    confidential = fields.Boolean(
        load_default=False,
        metadata={
            "description": (
                "Those of confidential requests and need lines too, as far as you may see them."
            )
        },
    )


class HeldView(StrictSchema):
    """A commitment that holds: since when, for which alliance's sake, what it takes."""

    id = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    alliance = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(TakenLineView), required=True)


class ToldOfLineView(StrictSchema):
    """So much of a line of the offer, in all, in the unit that it is counted in."""

    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    quantity = Quantity(required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)


class ToldOnView(StrictSchema):
    """What a side said was disbursed (`donor`) or received (`state`) in all up to a day."""

    side = fields.String(required=True, validate=validate.OneOf(("donor", "state")))
    up_to = fields.String(required=True)
    lines = fields.List(fields.Nested(ToldOfLineView), required=True)


class ReportedView(StrictSchema):
    """What the match adds to a figure of the report: `part` of `whole`, or a value alone."""

    name = fields.String(required=True)
    part = fields.Float(required=True)
    whole = fields.Float(required=True, allow_none=True)


class FunderView(StrictSchema):
    """A match of the same request that pays for the know-how which this one brings."""

    match = fields.String(required=True)
    organisation = fields.String(required=True)
    held = fields.List(fields.Nested(HeldView), required=True)


class AlliedView(StrictSchema):
    """A match of the same alliance, and whose it is."""

    match = fields.String(required=True)
    organisation = fields.String(required=True)


class ActivityOfMatchView(StrictSchema):
    """A match that is committed or further, with what an activity of another register holds.

    What its offer `serves`, and the `themes`, are those of lines that commitments take.
    `themes`, `year` (of the first commitment), `modality` and `language` (of the request) are what
    the report counts it under, `figures` what it counts; `allied` are matches committed for the
    sake of the same alliance. Need lines that the reader may not see are in none of it.
    """

    id = fields.String(required=True)
    request = fields.String(required=True)
    offer = fields.String(required=True)
    country = fields.String(required=True)
    organisation = fields.String(required=True)
    status = fields.String(required=True)
    serves = fields.List(fields.Nested(ServingView), required=True)
    history = fields.List(fields.Nested(TransitionView), required=True)
    held = fields.List(fields.Nested(HeldView), required=True)
    told = fields.List(fields.Nested(ToldOnView), required=True)
    partners = fields.List(fields.Nested(PartnerView), required=True)
    allied = fields.List(fields.Nested(AlliedView), required=True)
    funders = fields.List(fields.Nested(FunderView), required=True)
    themes = fields.List(fields.String(), required=True)
    year = fields.Integer(required=True, allow_none=True)
    modality = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, allow_none=True)
    figures = fields.List(fields.Nested(ReportedView), required=True)
