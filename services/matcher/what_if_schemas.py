"""What crosses the wire of "what if": what is supposed, and what would be otherwise."""

from marshmallow import fields

from services.matcher.allocation_schemas import AllocationView, MeasuredView, identifier
from shared.registers.schemas import MAX_CODES, MAX_SHORT, MOST_LEFT_OUT, MeasuresMixin
from shared.vocabulary.countries import AREAS
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import CONDITION_KINDS, GROUPS, PRIORITIES
from shared.vocabulary.themes import THEMES
from shared.web.bounds import BoundedList
from shared.web.schemas import Code, CountryCode, MoneySchema, Quantity, StrictSchema, Window

MOST_SUPPOSED = 20
"""Requests and offers, each, that may be supposed at once."""
_MOST_LINES = 32


class SupposedNeed(MeasuresMixin, StrictSchema):
    """What a supposed request needs."""

    theme = Code(THEMES, required=True)
    kind = Code(KINDS, required=True)
    quantity = Quantity(load_default=None, allow_none=True)
    priority = Code(PRIORITIES, load_default=None, allow_none=True)
    window = Window()


class SupposedRequest(StrictSchema):
    """A request as a State might make it."""

    country = CountryCode(required=True)
    priority = Code(PRIORITIES, load_default=None, allow_none=True)
    window = Window()
    needs = BoundedList(fields.Nested(SupposedNeed), _MOST_LINES, required=True)


class SupposedProvision(MeasuresMixin, StrictSchema):
    """What a supposed offer gives."""

    quantity_name = "capacity"

    theme = Code(THEMES, required=True)
    kind = Code(KINDS, required=True)
    capacity = Quantity(load_default=None, allow_none=True)


class SupposedEligibility(StrictSchema):
    """Who may be served: any State that one of the lists names; all empty: anyone."""

    countries = BoundedList(CountryCode(), MAX_CODES)
    regions = BoundedList(Code(AREAS), MAX_CODES)
    groups = BoundedList(Code(GROUPS), MAX_CODES)


class SupposedOffer(StrictSchema):
    """An offer as a donor might make it; `call` is one that is there."""

    organisation = identifier(required=True)
    provisions = BoundedList(fields.Nested(SupposedProvision), _MOST_LINES, required=True)
    eligibility = fields.Nested(
        SupposedEligibility, load_default=lambda: SupposedEligibility().load({})
    )
    conditions = BoundedList(Code(CONDITION_KINDS), MAX_SHORT)
    window = Window()
    ceiling = fields.Nested(MoneySchema, load_default=None, allow_none=True)
    call = identifier(load_default=None, allow_none=True)


class SupposedRecords(StrictSchema):
    """Requests and offers as if they were there: stored nowhere, told to nobody."""

    requests = BoundedList(fields.Nested(SupposedRequest), MOST_SUPPOSED)
    offers = BoundedList(fields.Nested(SupposedOffer), MOST_SUPPOSED)


class WhatIfBody(StrictSchema):
    """What if some requests and offers were not there, and others were."""

    without = BoundedList(identifier(), MOST_LEFT_OUT)
    added = fields.Nested(
        SupposedRecords, data_key="with", load_default=lambda: SupposedRecords().load({})
    )


class SumView(MeasuredView):
    """So much in `unit`, which may be nothing."""

    quantity = Quantity(zero=True, required=True, allow_none=True)


class _ChangedView(StrictSchema):
    """How much before and after."""

    before = fields.Nested(SumView, required=True)
    after = fields.Nested(SumView, required=True)


class ChangedNeedView(_ChangedView):
    """What of a need line would be met."""

    request = fields.String(required=True)
    line = fields.Integer(required=True)
    country = fields.String(required=True)


class ChangedDonorView(_ChangedView):
    """What a donor would be asked for, in one unit."""

    organisation = fields.String(required=True)


class ChangesView(StrictSchema):
    """What would be otherwise than by the allocation `base` of what is there; the first of each."""

    base = fields.String(required=True)
    needs_changed = fields.Integer(required=True)
    donors_changed = fields.Integer(required=True)
    needs = fields.List(fields.Nested(ChangedNeedView), required=True)
    donors = fields.List(fields.Nested(ChangedDonorView), required=True)


class WhatIfView(AllocationView):
    """The allocation as it would be, and what changes by it.

    What is supposed has ids of its own here: `supposed-request-1`, `supposed-offer-1` and so on.
    """

    changes = fields.Nested(ChangesView, required=True)
