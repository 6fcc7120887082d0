"""What crosses the wire of cases of coverage."""

from marshmallow import fields, validate

from services.matcher.coverage_rules import COVERAGE
from services.matcher.schemas import MAX_ID, MAX_REASON, TransitionView, least_score
from shared.registers.schemas import listed_ids
from shared.vocabulary.countries import AREAS
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import Amount, Code, CountryCode, MoneyMixin, Quantity, StrictSchema, Text


class CoverageQuery(PageQuery, LanguageQuery):
    """Which cases. All conditions must hold."""

    id = listed_ids()
    request = fields.String(load_default=None, validate=validate.Length(1, MAX_ID))
    activity = fields.String(load_default=None, validate=validate.Length(1, MAX_ID))
    status = fields.String(
        load_default=None,
        validate=validate.OneOf(COVERAGE.states),
        metadata={
            "description": (
                "Unless given: open ones; with `id`, `request` or `activity` every status."
            )
        },
    )
    country = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    score = least_score()


class CoverageDecisionBody(MoneyMixin, StrictSchema):
    """What a coordinator decides of a case.

    `confirm`: the activity covers the line, by the `quantity` or the `amount` given (whichever the
    line is counted in), else by what the case says; never by more than is free. Of what is counted
    whole a share that is no whole number has to be said as a `quantity`. `dismiss`: it does not,
    for a reason; what it held is given back.
    """

    decision = fields.String(required=True, validate=validate.OneOf(("confirm", "dismiss")))
    reason = Text(MAX_REASON, load_default=None, allow_none=True)
    quantity = Quantity(load_default=None, allow_none=True)


class CoverageEvidenceView(StrictSchema):
    """One thing that speaks for or against coverage."""

    code = fields.String(required=True)
    sentence = fields.String(required=True)


class CoverageNoteView(StrictSchema):
    """What else to know of a case, with how much in the need line's unit.

    `ended`: the activity's last day has passed without its being completed, and the need is open
    again. `waiting`: what it still lacks of the line, for others hold it; it takes that once it is
    free. `beyond`: what the activity gives and the line does not ask for.
    """

    code = fields.String(required=True)
    sentence = fields.String(required=True)
    quantity = Quantity(required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)


class CoverageView(StrictSchema):
    """An activity that seems to cover a need line.

    `part` is of the line, by `basis`: `quantity` and `money` where both are counted alike, `share`
    where units differ or are unknown and money tells, `whole` where nothing does. Confirmed, it
    holds `quantity` or `amount` of the line in `unit`, by `commitments`, of which `commitment` is
    the first; they are null while it holds nothing. `ended`: it was confirmed, and the activity's
    last day has passed.
    """

    id = fields.String(required=True)
    request = fields.String(required=True)
    line = fields.Integer(required=True)
    activity = fields.String(required=True)
    country = fields.String(required=True)
    organisation = fields.String(required=True, allow_none=True)
    activity_status = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(COVERAGE.states))
    score = fields.Float(
        required=True, metadata={"description": "The probability that it covers the line."}
    )
    basis = fields.String(required=True)
    part = fields.Float(required=True)
    unit = fields.String(required=True, allow_none=True)
    quantity = Quantity(required=True, allow_none=True)
    amount = Amount(required=True, allow_none=True)
    commitment = fields.String(required=True, allow_none=True)
    commitments = fields.List(fields.String(), required=True)
    notes = fields.List(fields.Nested(CoverageNoteView), required=True)
    evidence = fields.List(fields.Nested(CoverageEvidenceView), required=True)
    possible = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What this reader may decide now: `confirm`, `dismiss`."},
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the latest decision; for those who oversee both sides."},
    )
    history = fields.List(fields.Nested(TransitionView), required=True)
    request_version = fields.String(required=True)
    activity_version = fields.String(required=True)
    version = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
