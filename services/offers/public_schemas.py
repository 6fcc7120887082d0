"""What of the register of offers anybody may read, as it crosses the wire."""

from marshmallow import fields

from services.offers.schemas import EligibilitySchema, LeftView
from shared.registers.avoided import AvoidedView
from shared.web.schemas import Amount, MoneySchema, Quantity, StrictSchema, Window


class _PublicRecordView(StrictSchema):
    """What offers and activities that are public have alike; `donor` is the organisation's name."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    language = fields.String(required=True)
    status = fields.String(required=True)
    donor = fields.String(required=True, allow_none=True)
    donor_country = fields.String(allow_none=True)
    window = Window()
    partners = fields.List(fields.String())


class PublicProvisionView(StrictSchema):
    """A provision line and what is left of it."""

    line = fields.Integer(required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)
    capacity = Quantity(allow_none=True)
    unit = fields.String(allow_none=True)
    amount = Amount(allow_none=True)
    currency = fields.String(allow_none=True)
    left = fields.Nested(LeftView)


class PublicConditionView(StrictSchema):
    """What the donor asks for in return."""

    kind = fields.String(required=True)
    text = fields.String(required=True)


class PublicOfferView(_PublicRecordView):
    """A published offer that its donor made public."""

    donor_type = fields.String()
    gender_marker = fields.String(allow_none=True)
    ceiling = fields.Nested(MoneySchema, allow_none=True)
    eligibility = fields.Nested(EligibilitySchema)
    conditions = fields.List(fields.Nested(PublicConditionView))
    provisions = fields.List(fields.Nested(PublicProvisionView), required=True)


class PublicActivityView(_PublicRecordView):
    """Assistance under way that its owner made public."""

    country = fields.String(required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)
    quantity = Quantity(allow_none=True)
    unit = fields.String(allow_none=True)
    amount = Amount(allow_none=True)
    currency = fields.String(allow_none=True)


class OfferFiguresView(StrictSchema):
    """How many offers and activities are public."""

    as_of = fields.AwareDateTime(format="iso", required=True)
    offers = fields.Integer(required=True)
    activities = fields.Integer(
        required=True, metadata={"description": "Planned ones and ongoing ones."}
    )
    duplicates = fields.Nested(AvoidedView, required=True)
