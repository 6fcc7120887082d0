"""What crosses the wire of forms of cooperation."""

from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID
from shared.web.languages import LanguageQuery
from shared.web.schemas import StrictSchema


class TriangularQuery(LanguageQuery):
    """Of which request."""

    request = fields.String(required=True, validate=validate.Length(1, MAX_ID))


class TrioPartView(StrictSchema):
    """One of the two offers of a trio, and the need lines that it serves or could pay for."""

    proposal = fields.String(required=True)
    offer = fields.String(required=True)
    organisation = fields.String(required=True)
    country = fields.String(required=True, allow_none=True)
    needs = fields.List(fields.Integer(), required=True)
    score = fields.Float(required=True)


class TrioView(StrictSchema):
    """A Southern State's know-how, and who could pay for it; each is decided on as a proposal."""

    modality = fields.String(required=True)
    neighbour = fields.Boolean(required=True)
    proven = fields.Boolean(
        required=True,
        metadata={
            "description": "Such work was completed in the State with the know-how, or by it."
        },
    )
    score = fields.Float(required=True)
    expertise = fields.Nested(TrioPartView, required=True)
    funder = fields.Nested(TrioPartView, required=True)
    sentence = fields.String(required=True)


class TriangularView(StrictSchema):
    """The trios for a request."""

    items = fields.List(fields.Nested(TrioView), required=True)
