"""What crosses the wire of allocations."""

from typing import Any

from marshmallow import fields, validate

from services.matcher.commitment_schemas import BecauseView
from services.matcher.schemas import MAX_ID
from services.matcher.unmet import REASONS
from shared.registers.schemas import MOST_LEFT_OUT
from shared.vocabulary import LANGUAGES
from shared.web.bounds import BoundedList, Moment
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, Quantity, StrictSchema

MOST_CHOSEN = 200


def identifier(**kwargs: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, MAX_ID), **kwargs)


class AllocationQuery(StrictSchema):
    """What to leave out."""

    without = fields.List(
        identifier(),
        load_default=list,
        validate=validate.Length(max=MOST_LEFT_OUT),
        metadata={"description": "Requests or offers to leave out; may be given several times."},
    )


class AcceptBody(StrictSchema):
    """Which allocation to accept, and when what it holds is given back by itself."""

    id = identifier(required=True)
    expires_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When the holds end; thirty days from now unless given."},
    )


class AcceptChosenBody(StrictSchema):
    """Which proposals of an allocation to accept, and when what they hold is given back."""

    proposals = BoundedList(
        identifier(), MOST_CHOSEN, required=True, validate=validate.Length(min=1)
    )
    expires_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When the holds end; thirty days from now unless given."},
    )


class ShortageView(StrictSchema):
    """A line that had less than was asked of it; without amounts where it is confidential."""

    side = fields.String(required=True)
    record = fields.String(required=True)
    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    asked = fields.Float()
    left = fields.Float()


class RefusedView(StrictSchema):
    """A proposal of which nothing is held; `code` says why for programs, `detail` in words.

    The code is that of the problem which a decision or a commitment by itself is answered with:
    `not-enough-left` has a `shortage`. `because` tells what `refused` stands for.
    """

    proposal = fields.String(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    shortage = fields.Nested(ShortageView, required=True, allow_none=True)
    because = fields.Nested(BecauseView, required=True, allow_none=True)


class ChosenView(StrictSchema):
    """What came of it: proposals endorsed and `held`, `refused`, and `left` for want of time.

    Send those that are left again.
    """

    held = fields.List(fields.String(), required=True)
    refused = fields.List(fields.Nested(RefusedView), required=True)
    left = fields.List(fields.String(), required=True)


class AllocationPageQuery(PageQuery):
    """A page of an allocation, with sentences in a language."""

    language = fields.String(load_default=None, validate=validate.OneOf(LANGUAGES))


class MeasuredView(StrictSchema):
    """So much in `unit`: `quantity`, or `amount` of a currency."""

    unit = fields.String(required=True)
    quantity = Quantity(required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)


class AllocatedLineView(MeasuredView):
    """What is taken of a line, as `POST /v1/commitments` takes it."""

    side = fields.String(required=True)
    line = fields.Integer(required=True)
    theme = fields.String(required=True, allow_none=True)


class AllocatedPairView(StrictSchema):
    """A commitment that is proposed; `priority` is the most urgent of its need lines'."""

    proposal = fields.String(required=True)
    commitment = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The id that accepting gives the commitment; none where something is "
            "only supposed."
        },
    )
    request = fields.String(required=True)
    offer = fields.String(required=True)
    country = fields.String(required=True)
    organisation = fields.String(required=True)
    priority = fields.String(required=True, allow_none=True)
    alliance = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The alliance for whose sake it is, where the offer serves a joint "
            "project whole; accepted, it takes from the alliance's lines too."
        },
    )
    conditions = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Nested(AllocatedLineView), required=True)


class MetView(StrictSchema):
    """Need lines that are open, how many are met whole or in part, and what share of 1 is met.

    A line counts by the State's own priority in the share; half met, half of it.
    """

    lines = fields.Integer(required=True)
    whole = fields.Integer(required=True)
    part = fields.Integer(required=True)
    share = fields.Float(required=True)


class MetOfThemeView(MetView):
    """The same of one theme."""

    theme = fields.String(required=True)


class AskedView(StrictSchema):
    """What one donor would be asked for in all; `share` of all open need is met by it."""

    organisation = fields.String(required=True)
    commitments = fields.Integer(required=True)
    share = fields.Float(required=True)
    asked = fields.List(fields.Nested(MeasuredView), required=True)


class UnmetView(StrictSchema):
    """What is left of a need line and why; `offers` are some of those that are meant."""

    request = fields.String(required=True)
    line = fields.Integer(required=True)
    country = fields.String(required=True)
    priority = fields.String(required=True, allow_none=True)
    theme = fields.String(required=True, allow_none=True)
    unmet = fields.Nested(MeasuredView, required=True)
    open = fields.Nested(MeasuredView, required=True)
    reason = fields.String(required=True, validate=validate.OneOf(REASONS))
    sentence = fields.String(required=True)
    offers = fields.List(fields.String(), required=True)


class AllocationView(StrictSchema):
    """Which commitments would meet most need, by the States' own priorities.

    `value` is the sum, over need lines, of the priority's weight times the part met times the
    pair's score; `greedy_value` is what choosing by hand, best first, would reach. No allocation
    is above `bound`; `gap` is the part of it that may be missing. The first commitments and unmet
    needs are told here, all of them under `/v1/allocations/{id}/…`. `status`: `computed`,
    `accepting` (repeat the acceptance to go on), `accepted`, or `undoing` and `refused`.

    After an event a large allocation is repaired around what changed: `repairs` is how often since
    it was solved as a whole, as the allocation `whole` at `whole_at`. `greedy_value` is null then,
    `solvers` are those of the last repair, and `bound` holds as ever.
    """

    id = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "None where something is only supposed: it is not kept."},
    )
    status = fields.String(required=True)
    on = fields.Date(required=True)
    without = fields.List(fields.String(), required=True)
    computed_at = fields.AwareDateTime(required=True)
    value = fields.Float(required=True)
    greedy_value = fields.Float(required=True, allow_none=True)
    bound = fields.Float(required=True)
    gap = fields.Float(required=True)
    solvers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    repairs = fields.Integer(required=True)
    whole = fields.String(required=True, allow_none=True)
    whole_at = fields.AwareDateTime(required=True, allow_none=True)
    commitments = fields.Integer(required=True)
    unmet = fields.Integer(required=True)
    held = fields.Integer(required=True)
    expires_at = fields.AwareDateTime(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)
    needs = fields.Nested(MetView, required=True)
    themes = fields.List(fields.Nested(MetOfThemeView), required=True)
    donors = fields.List(fields.Nested(AskedView), required=True)
    first_commitments = fields.List(fields.Nested(AllocatedPairView), required=True)
    first_unmet = fields.List(fields.Nested(UnmetView), required=True)
