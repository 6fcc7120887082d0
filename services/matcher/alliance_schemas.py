"""What crosses the wire of alliances."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.matcher.alliance_rules import ALLIANCE
from services.matcher.schemas import MAX_ID, MAX_REASON, TransitionView
from shared.vocabulary.countries import AREAS
from shared.web.field_errors import coded_error
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, Code, CountryCode, Quantity, StrictSchema, Text


class AllianceQuery(PageQuery, LanguageQuery):
    """Which alliances; without `status` those that are neither dissolved nor dismissed."""

    status = fields.String(load_default=None, validate=validate.OneOf(ALLIANCE.states))
    state = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    request = fields.String(load_default=None, validate=validate.Length(1, MAX_ID))


class AllianceDecisionBody(StrictSchema):
    """A coordinator's decision; a dismissal needs its reason."""

    decision = fields.String(required=True, validate=validate.OneOf(("endorse", "dismiss")))
    reason = Text(MAX_REASON, load_default=None, allow_none=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_reason(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["decision"] == "dismiss" and data["reason"] is None:
            raise coded_error("required", "A dismissal needs its reason.", "reason")


class AllianceAnswerBody(StrictSchema):
    """A State's answer for its request; a no needs its reason, and is for good."""

    answer = fields.String(required=True, validate=validate.OneOf(("agree", "decline")))
    reason = Text(MAX_REASON, load_default=None, allow_none=True)

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_reason(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["answer"] == "decline" and data["reason"] is None:
            raise coded_error("required", "A no needs its reason.", "reason")


class AddedLineView(StrictSchema):
    """A need line that nobody else in the alliance asks for."""

    line = fields.Integer(required=True, allow_none=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)


class AllianceMemberView(StrictSchema):
    """A request in the alliance, or one that was; `adds` is what only it brings.

    `standing` is `proposed`, `agreed`, `declined` or `left`; `cause` says why it left. `reason` is
    the State's for declining, for itself and those who oversee. `confidential_lines` are not told
    and count in nothing. Another State's `request` and its lines' numbers are null until all have
    agreed.
    """

    request = fields.String(required=True, allow_none=True)
    country = fields.String(required=True)
    standing = fields.String(required=True)
    since = fields.AwareDateTime(required=True)
    cause = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    adds = fields.List(fields.Nested(AddedLineView), required=True)
    sentence = fields.String(required=True, allow_none=True)
    confidential_lines = fields.Integer(required=True)


class QuantityView(StrictSchema):
    """How much of a unit."""

    quantity = Quantity(required=True)
    unit = fields.String(required=True)


class CommonRequestView(StrictSchema):
    """A need line that is part of a common one."""

    request = fields.String(required=True)
    line = fields.Integer(required=True)


class CommonLineView(StrictSchema):
    """What requests of several States ask for; `amount` in US dollars, of the lines that say it.

    Until all have agreed a State sees of `lines` its own, and neither quantities nor amounts.
    """

    theme = fields.String(required=True)
    kind = fields.String(required=True)
    states = fields.List(fields.String(), required=True)
    lines = fields.List(fields.Nested(CommonRequestView), required=True)
    quantities = fields.List(fields.Nested(QuantityView), required=True)
    amount = Amount(required=True, allow_none=True)
    unpriced_lines = fields.Integer(required=True, allow_none=True)
    sentence = fields.String(required=True)


class SavingView(StrictSchema):
    """In US dollars, by a stated model: what the common lines cost apart and together."""

    apart = Amount(required=True)
    together = Amount(required=True)
    saved = Amount(required=True)
    unpriced_lines = fields.Integer(required=True)
    sentence = fields.String(required=True)


class CodeView(StrictSchema):
    """A theme and a kind."""

    theme = fields.String(required=True)
    kind = fields.String(required=True)


class JointOfferView(StrictSchema):
    """An offer in every member's shortlist that serves what they have in common.

    `part` is how much of what they need together is left of it, null where it cannot be told;
    `whole` whether it serves every member and is enough for all; `worth` orders them. Until all
    have agreed a State is not told these three, from which others' figures could be reckoned.
    """

    offer = fields.String(required=True)
    organisation = fields.String(required=True, allow_none=True)
    states = fields.List(fields.String(), required=True)
    common = fields.List(fields.Nested(CodeView), required=True)
    part = fields.Float(required=True, allow_none=True)
    whole = fields.Boolean(required=True, allow_none=True)
    worth = fields.Float(required=True, allow_none=True)
    sentence = fields.String(required=True)


class AllianceSummaryView(StrictSchema):
    """A proposed joint project of several States' requests."""

    id = fields.String(required=True)
    status = fields.String(required=True)
    states = fields.List(fields.String(), required=True)
    members = fields.List(fields.Nested(AllianceMemberView), required=True)
    common = fields.List(fields.Nested(CommonLineView), required=True)
    saving = fields.Nested(
        SavingView,
        required=True,
        allow_none=True,
        metadata={"description": "Null for a State until all have agreed."},
    )
    sentence = fields.String(
        required=True, metadata={"description": "What binds the States, or why it is dissolved."}
    )
    cause = fields.String(required=True, allow_none=True)
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "For dismissing it; for those who oversee."},
    )
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class JointLineView(StrictSchema):
    """What the joint project may take of something in all, in `unit`: what the members that have
    agreed ask for together, and how much of it commitments hold."""

    theme = fields.String(required=True)
    kind = fields.String(required=True)
    unit = fields.String(required=True)
    limit = fields.Float(required=True)
    held = fields.Float(required=True)
    free = fields.Float(required=True)


class AllianceView(AllianceSummaryView):
    """The same with the offers that could serve it, its lines in the ledger, and its history.

    A State is told of the ledger once all have agreed.
    """

    ledger = fields.List(fields.Nested(JointLineView), required=True)
    offers = fields.List(fields.Nested(JointOfferView), required=True)
    commitments = fields.List(fields.String(), required=True)
    history = fields.List(fields.Nested(TransitionView), required=True)
