"""What crosses the wire of a proposal's life: answers, steps of delivery, figures, follow-ups."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from services.matcher.schemas import MAX_LINES, MAX_REASON, TransitionView
from shared.web.bounds import BoundedList, Pattern
from shared.web.schemas import Amount, Day, MoneyMixin, Quantity, StrictSchema, Text

MAX_CONDITIONS = 50
MAX_OBJECTIVES = 1_000
_REACHED = "objectives_reached"
_HASH = Pattern("^[0-9a-f]{32}$", error="Not the hash of a condition.")


def _said(**kwargs: Any) -> Text:
    return Text(MAX_REASON, load_default=None, allow_none=True, **kwargs)


def _line() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(1, 100_000))


def _score() -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 5),
        metadata={"description": "1 (not at all) to 5 (wholly)."},
    )


def _count(least: int) -> fields.Integer:
    range_ = validate.Range(least, MAX_OBJECTIVES)
    return fields.Integer(load_default=None, allow_none=True, strict=True, validate=range_)


class PledgeSchema(MoneyMixin, StrictSchema):
    """So much of a line of the offer: its quantity or its money, whichever it is counted in."""

    line = _line()
    quantity = Quantity(load_default=None, allow_none=True)


class FigureSchema(MoneyMixin, StrictSchema):
    """As a pledge; 0 where nothing was given so far."""

    line = _line()
    quantity = Quantity(zero=True, load_default=None, allow_none=True)


class AnswerBody(StrictSchema):
    """The donor's or the State's answer to an endorsed proposal; a no needs its reason.

    The State accepts each of the offer's conditions by the hash of its text, as the offer and
    `conditions` show it; a no may say which of them it `refuses`. A donor that agrees may say how
    much it `pledges`: then no more is committed.
    """

    answer = fields.String(required=True, validate=validate.OneOf(("agree", "decline")))
    reason = _said()
    accepts = BoundedList(fields.String(validate=_HASH), MAX_CONDITIONS)
    refuses = BoundedList(fields.String(validate=_HASH), MAX_CONDITIONS)
    pledges = BoundedList(fields.Nested(PledgeSchema), MAX_LINES)


class DeliveryBody(StrictSchema):
    """A step of delivery: it starts, all is delivered, or the proposal is closed for good."""

    step = fields.String(required=True, validate=validate.OneOf(("start", "deliver", "close")))
    reason = _said()


class FiguresBody(StrictSchema):
    """What was given in all up to a day: disbursed, as the donor says, or received by the State.

    Lines are the offer's. What is told later replaces what was told of a line before.
    """

    lines = BoundedList(
        fields.Nested(FigureSchema), MAX_LINES, required=True, validate=validate.Length(min=1)
    )
    up_to = Day(load_default=None, allow_none=True)
    text = _said()


class AssessmentBody(StrictSchema):
    """What the State says of assistance some months after it was delivered.

    How many of the `objectives` of the need lines that it served were reached is told by both
    numbers, or by none.
    """

    adequate = _score()
    effective = _score()
    sustainable = _score()
    objectives = _count(least=1)
    objectives_reached = _count(least=0)
    text = _said()

    @validates_schema
    def check_objectives(self, data: dict[str, Any], **_: Any) -> None:
        """Both or none, and no more reached than there were."""
        of, reached = data["objectives"], data["objectives_reached"]
        if (of is None) != (reached is None):
            raise ValidationError("Say both or none.", "objectives" if of is None else _REACHED)
        if of is not None and reached > of:
            raise ValidationError("There were not as many objectives.", _REACHED)


class ReplyBody(StrictSchema):
    """The donor's answer to that."""

    text = Text(MAX_REASON, required=True)


class StepView(TransitionView):
    """A step, with why: a code, or the words of who took it.

    What a coordinator said, and whose account took a step, is shown to those who oversee both
    sides.
    """

    reason = fields.String(required=True, allow_none=True)
    said = fields.String(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)


class ConditionView(StrictSchema):
    """A condition of the offer, or one that was; its text is the offer's to show.

    `current`: the offer still has it. `accepted_at`: when the State accepted just this text.
    """

    kind = fields.String(required=True)
    hash = fields.String(required=True, allow_none=True)
    current = fields.Boolean(required=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)


class FiguresView(StrictSchema):
    """Both sides' figures of a line of the offer, in `unit`: of quantity, or a currency's.

    `difference`: how much more the donor says to have given than the State to have received. null:
    nobody has told.
    """

    line = fields.Integer(required=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    pledged = fields.Float(required=True, allow_none=True)
    committed = fields.Float(required=True)
    disbursed = fields.Float(required=True, allow_none=True)
    received = fields.Float(required=True, allow_none=True)
    difference = fields.Float(required=True, allow_none=True)


class ToldView(StrictSchema):
    """What a report says of a line."""

    line = fields.Integer(required=True)
    unit = fields.String(required=True)
    quantity = Quantity(zero=True, required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)
    given_amount = Amount(required=True, allow_none=True)
    given_currency = fields.String(required=True, allow_none=True)
    rate_date = fields.String(required=True, allow_none=True)


class ReportView(StrictSchema):
    """What one side told of both sides' figures, and when."""

    side = fields.String(required=True, validate=validate.OneOf(("donor", "state")))
    up_to = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    text = fields.String(required=True, allow_none=True)
    lines = fields.List(fields.Nested(ToldView), required=True)


class FollowUpView(StrictSchema):
    """What the State was asked so many months after delivery, said, and the donor's reply."""

    months = fields.Integer(required=True)
    due_at = fields.AwareDateTime(required=True)
    asked_at = fields.AwareDateTime(required=True, allow_none=True)
    answered_at = fields.AwareDateTime(required=True, allow_none=True)
    adequate = fields.Integer(required=True, allow_none=True)
    effective = fields.Integer(required=True, allow_none=True)
    sustainable = fields.Integer(required=True, allow_none=True)
    objectives = fields.Integer(required=True, allow_none=True)
    objectives_reached = fields.Integer(required=True, allow_none=True)
    text = fields.String(required=True, allow_none=True)
    replied_at = fields.AwareDateTime(required=True, allow_none=True)
    reply = fields.String(required=True, allow_none=True)


class PartnerView(StrictSchema):
    """An organisation that takes part in a proposal, as both sides agreed."""

    organisation = fields.String(required=True)
    role = fields.String(required=True)


class LifeView(StrictSchema):
    """The life of a proposal: who took which step, consent, figures and follow-ups.

    `waiting_for` are the sides whose answer is waited for, until `answer_by`. `possible` are the
    steps of delivery that this reader may take now.
    """

    id = fields.String(required=True)
    status = fields.String(required=True)
    waiting_for = fields.List(fields.String(), required=True)
    answer_by = fields.AwareDateTime(required=True, allow_none=True)
    possible = fields.List(fields.String(), required=True)
    conditions = fields.List(fields.Nested(ConditionView), required=True)
    figures = fields.List(fields.Nested(FiguresView), required=True)
    reports = fields.List(fields.Nested(ReportView), required=True)
    follow_ups = fields.List(fields.Nested(FollowUpView), required=True)
    partners = fields.List(
        fields.Nested(PartnerView),
        required=True,
        metadata={"description": "Organisations that take part, as both sides agreed."},
    )
    history = fields.List(fields.Nested(StepView), required=True)
    version = fields.String(required=True)
