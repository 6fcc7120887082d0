"""What crosses the wire of commitments and of the ledger."""

from marshmallow import fields, validate

from services.matcher.schemas import MAX_ID, MAX_LINES, MAX_REASON, SIDES, TransitionView
from shared.web.bounds import BoundedList, Moment
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, MoneyMixin, OptionalBody, Quantity, StrictSchema, Text


class CommitmentQuery(PageQuery):
    """Which commitments: those of one proposal, or all that the caller is party to or oversees."""

    proposal = fields.String(load_default=None, validate=validate.Length(1, 2 * MAX_ID + 1))


class LedgerQuery(PageQuery):
    """Which ledger lines: those of one request or offer."""

    record = fields.String(required=True, validate=validate.Length(1, MAX_ID))


class TakenLineSchema(MoneyMixin, StrictSchema):
    """What is taken from one line: its quantity or its money, whichever the line is counted in.

    Side `call`, line 1: what is drawn from the call that the offer is made under. It has to be said
    only where the offer's lines do not tell what they are worth.
    """

    side = fields.String(required=True, validate=validate.OneOf((*SIDES, "call")))
    line = fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000))
    quantity = Quantity(load_default=None, allow_none=True)


class CommitmentBody(StrictSchema):
    """What of an offer is committed to what of a request; both sides are named."""

    proposal = fields.String(required=True, validate=validate.Length(1, 2 * MAX_ID + 1))
    lines = BoundedList(
        fields.Nested(TakenLineSchema), MAX_LINES, required=True, validate=validate.Length(min=1)
    )
    expires_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When what is held is given back by itself; null: never."},
    )
    alliance = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, MAX_ID),
        metadata={
            "description": (
                "The alliance for whose sake it is: it takes from the joint project's lines too, "
                "and is given back when its member leaves or too few remain."
            )
        },
    )


class ReleaseBody(OptionalBody):
    """Why a commitment is given back; donor and State have to say it."""

    reason = Text(MAX_REASON, load_default=None, allow_none=True)


class TakenLineView(StrictSchema):
    """What a commitment takes from a line, in the line's own unit or currency."""

    side = fields.String(required=True)
    record = fields.String(required=True)
    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    quantity = Quantity(required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)
    given_amount = Amount(required=True, allow_none=True)
    given_currency = fields.String(required=True, allow_none=True)
    rate_date = fields.String(required=True, allow_none=True)


class BecauseView(StrictSchema):
    """Why nothing was committed, or was given back again: the `code` that a problem of that reason
    has.

    `above-pledge` names the `line` of the offer of which more was `asked`, together with what the
    proposal holds of it already, than its donor `pledged`; both are in `unit`.
    """

    code = fields.String(required=True)
    line = fields.Integer()
    measure = fields.String()
    unit = fields.String()
    pledged = fields.Float()
    asked = fields.Float()


class CommitmentView(StrictSchema):
    """A commitment and what became of it.

    One that stands for assistance under way (`coverage`), or that a call pays for by an
    `application`, has no proposal and no offer.
    """

    id = fields.String(required=True)
    proposal = fields.String(required=True, allow_none=True)
    request = fields.String(required=True)
    offer = fields.String(required=True, allow_none=True)
    country = fields.String(required=True)
    organisation = fields.String(required=True, allow_none=True)
    coverage = fields.String(required=True, allow_none=True)
    alliance = fields.String(required=True, allow_none=True)
    application = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    lines = fields.List(fields.Nested(TakenLineView), required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)
    because = fields.Nested(
        BecauseView,
        required=True,
        allow_none=True,
        metadata={"description": "The reason of the `refusal`, for programs."},
    )
    provisional = fields.Boolean(
        required=True,
        metadata={"description": "Held until both sides have agreed, and given back if not."},
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it was given back, in the words of who did."},
    )
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class HoldView(StrictSchema):
    """What one commitment holds."""

    commitment = fields.String(required=True)
    amount = fields.Float(required=True)


class LedgerLineView(StrictSchema):
    """A ledger line, in `unit`: a unit of quantity, or a currency's major unit.

    `free` is below 0 where its owner lowered the limit below what is held.
    """

    id = fields.String(required=True)
    side = fields.String(required=True)
    record = fields.String(required=True)
    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    limit = fields.Float(required=True)
    held = fields.Float(required=True)
    free = fields.Float(required=True)
    open = fields.Boolean(required=True)
    holds = fields.List(fields.Nested(HoldView), required=True)


class LedgerCaseView(StrictSchema):
    """A ledger line that holds more than its limit, for the coordinator."""

    id = fields.String(required=True)
    side = fields.String(required=True)
    record = fields.String(required=True)
    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    limit = fields.Float(required=True)
    held = fields.Float(required=True)
    status = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
