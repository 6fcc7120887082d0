"""What crosses the wire of the requests that a donor's offers fit."""

from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID, ProposalView
from shared.vocabulary.countries import AREAS
from shared.vocabulary.themes import THEMES
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import Code, CountryCode, StrictSchema

MOST_TOLD = 3
"""Of so many proposals of a request all is told."""


class FittingQuery(PageQuery, LanguageQuery):
    """Which of the requests that any of the caller's open offers fits."""

    offer = fields.String(
        load_default=None,
        validate=validate.Length(1, MAX_ID),
        metadata={"description": "Only those that this offer of the caller's fits."},
    )
    state = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    theme = Code(
        THEMES,
        retired=True,
        load_default=None,
        metadata={"description": "Of a need line that the offer serves."},
    )


class FittingOtherView(StrictSchema):
    """A proposal of which no more is told here: all of it is at `/v1/proposals/{id}`."""

    id = fields.String(required=True)
    offer = fields.String(required=True)
    rank = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True)
    status = fields.String(required=True)


class FittingView(StrictSchema):
    """A request and the caller's offers that fit it, the best for it first."""

    request = fields.String(required=True)
    country = fields.String(required=True)
    proposals = fields.List(
        fields.Nested(ProposalView),
        required=True,
        metadata={"description": f"The best {MOST_TOLD} at most, with all that is told of them."},
    )
    others = fields.List(
        fields.Nested(FittingOtherView),
        required=True,
        metadata={"description": "Those that come after these, in short."},
    )
