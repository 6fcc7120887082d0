"""What crosses the wire of applications to calls."""

from marshmallow import fields, validate

from services.matcher.application_rules import APPLICATION
from services.matcher.schemas import MAX_ID, MAX_REASON, TransitionView
from shared.web.bounds import BoundedList
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, CurrencyCode, Quantity, StrictSchema, Text

MAX_LINES = 200


def _identifier(**kwargs: object) -> fields.String:
    return fields.String(validate=validate.Length(1, MAX_ID), **kwargs)  # type: ignore[arg-type]


class ApplicationQuery(PageQuery):
    """Which applications."""

    call = _identifier(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(APPLICATION.states))


class AppliedLineBody(StrictSchema):
    """A need line, and the money asked of the call for it.

    `quantity` says how much of the line that is, for a line that is counted in a quantity.
    """

    request = _identifier(required=True)
    line = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000))
    quantity = Quantity(load_default=None, allow_none=True)
    amount = Amount(required=True)
    currency = CurrencyCode(required=True)


class ApplicationBody(StrictSchema):
    """What is asked of a call, of one State's requests or of several States'."""

    call = _identifier(required=True)
    lines = BoundedList(
        fields.Nested(AppliedLineBody), MAX_LINES, required=True, validate=validate.Length(min=1)
    )


class DeclineBody(StrictSchema):
    """Why the fund declines."""

    reason = Text(MAX_REASON, required=True)


class AppliedLineView(StrictSchema):
    """A line of an application, with what it is about."""

    request = fields.String(required=True)
    line = fields.Integer(required=True)
    country = fields.String(required=True, allow_none=True)
    theme = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    quantity = Quantity(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    amount = Amount(required=True)
    currency = fields.String(required=True)


class CallMoneyView(StrictSchema):
    """What the call allows, in its own currencies: `ceiling` for a project, `fund` in all.

    `left` is what is left of the fund now. Null where there is no such limit.
    """

    ceiling = Amount(required=True, allow_none=True)
    ceiling_currency = fields.String(required=True, allow_none=True)
    fund = Amount(required=True, allow_none=True)
    left = fields.Float(required=True, allow_none=True)
    fund_currency = fields.String(required=True, allow_none=True)


class ApplicationView(StrictSchema):
    """An application, what the call allows, and what was committed once it was approved.

    `refusal` says why the ledger could not take it when the fund approved it.
    """

    id = fields.String(required=True)
    call = fields.String(required=True)
    organisation = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf(APPLICATION.states))
    states = fields.List(fields.String(), required=True)
    agreed = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Nested(AppliedLineView), required=True)
    money = fields.Nested(CallMoneyView, required=True)
    commitments = fields.List(fields.String(), required=True)
    reason = fields.String(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
