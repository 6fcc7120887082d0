"""What crosses the wire of ranking models."""

from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID
from shared.web.paging import page_schema
from shared.web.schemas import StrictSchema


class ModelFigureView(StrictSchema):
    """A figure of the model on decisions held back, and of the model in use then on the same."""

    own = fields.Float(required=True)
    in_use_then = fields.Float(required=True, allow_none=True)


class ModelFiguresView(StrictSchema):
    """How it did: none for a model set by hand.

    `log_loss` is better when lower, `order` (the share of pairs in the order of the coordinators)
    when higher, `ece` (expected calibration error) when lower.
    """

    log_loss = fields.Nested(ModelFigureView, required=True, allow_none=True)
    order = fields.Nested(ModelFigureView, required=True, allow_none=True)
    ece = fields.Nested(ModelFigureView, required=True, allow_none=True)


class ModelView(StrictSchema):
    """A ranking model; `usable` is whether this release can rank with it.

    `parent` is the version that was in use when it was learnt, from `decisions` decisions; none for
    a model set by hand.
    """

    version = fields.String(required=True)
    in_use = fields.Boolean(required=True)
    usable = fields.Boolean(required=True)
    parent = fields.String(required=True, allow_none=True)
    decisions = fields.Integer(required=True)
    learnt_until = fields.AwareDateTime(required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    figures = fields.Nested(ModelFiguresView, required=True)


class ModelsPage(page_schema(ModelView)):  # type: ignore[misc]
    """A page of models, and the version that ranks."""

    in_use = fields.String(required=True)


class UseBody(StrictSchema):
    """The version that was in use when it was decided to use another."""

    instead_of = fields.String(required=True, validate=validate.Length(1, MAX_ID))
