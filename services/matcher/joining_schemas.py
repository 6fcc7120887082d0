"""What crosses the wire of organisations that join proposals."""

from marshmallow import fields, validate

from services.matcher.joining_rules import JOINING, ROLES
from shared.registers.schemas import TransitionView, optional_text
from shared.web.paging import PageQuery
from shared.web.schemas import StrictSchema, Text


class JoiningBody(StrictSchema):
    """Which proposal your organisation offers to join, as what, and why."""

    proposal = Text(
        200, single_line=True, required=True, metadata={"description": "`<request>.<offer>`"}
    )
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    text = Text(2_000, required=True)


class JoiningAnswerBody(StrictSchema):
    """Whether your side agrees that the organisation joins."""

    answer = fields.String(required=True, validate=validate.OneOf(("agree", "decline")))
    reason = optional_text(2_000)


class JoiningQuery(PageQuery):
    """Which to list."""

    proposal = Text(200, single_line=True, load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(JOINING.states))


class JoiningView(StrictSchema):
    """An organisation's offer to join a proposal; `reason` is of who declined it."""

    id = fields.String(required=True)
    proposal = fields.String(required=True)
    organisation = fields.String(required=True)
    role = fields.String(required=True)
    text = fields.String(required=True)
    status = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(required=True)
