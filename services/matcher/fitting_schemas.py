"""What crosses the wire of the requests that a donor's offers fit."""

from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID, ProposalView
from shared.vocabulary.countries import AREAS
from shared.vocabulary.themes import THEMES
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import Code, CountryCode, StrictSchema


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


class FittingView(StrictSchema):
    """A request and the caller's offers that fit it, as proposals, the best for it first."""

    request = fields.String(required=True)
    country = fields.String(required=True)
    proposals = fields.List(fields.Nested(ProposalView), required=True)
