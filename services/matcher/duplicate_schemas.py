"""What crosses the wire of cases of two records that seem to be the same."""

from collections.abc import Mapping, Sequence

from marshmallow import fields, validate

from services.matcher.domain import DUPLICATE
from services.matcher.schemas import MAX_ID, MAX_REASON, SIDES, TransitionView, least_score
from shared.registers.newest import LIKELIEST
from shared.vocabulary.countries import AREAS
from shared.web.languages import LanguageQuery
from shared.web.paging import DEFAULT_SORT, PageQuery
from shared.web.schemas import Code, CountryCode, StrictSchema, Text

SORTS: Mapping[str, Sequence[str]] = {"newest": DEFAULT_SORT, "likeliest": LIKELIEST}
"""The orders that lists of cases come in."""


class DuplicateQuery(PageQuery, LanguageQuery):
    """Which cases. All conditions must hold."""

    side = fields.String(load_default=None, validate=validate.OneOf(SIDES))
    record = fields.String(
        load_default=None,
        validate=validate.Length(1, MAX_ID),
        metadata={"description": "Only cases of this request or offer."},
    )
    status = fields.String(
        load_default=None,
        validate=validate.OneOf(DUPLICATE.states),
        metadata={
            "description": "Unless given: open ones, or with `record` those of every status."
        },
    )
    country = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    score = least_score()
    sort = fields.String(
        load_default="newest",
        validate=validate.OneOf(SORTS),
        metadata={
            "description": "What comes first: the newest cases, or those with the highest score, "
            "of one score the newest. A cursor goes on in the order in which it began."
        },
    )


class DuplicateDecisionBody(StrictSchema):
    """What a coordinator decides of a pair, and why. To merge one into the other, ask its register.

    `link`: they are related and not the same. `dismiss`: they have nothing to do with one another.
    """

    decision = fields.String(required=True, validate=validate.OneOf(("link", "dismiss")))
    reason = Text(MAX_REASON, required=True)


class DuplicateEvidenceView(StrictSchema):
    """One thing that speaks for the same or, with a negative weight, for two different things.

    `left` and `right` are what each record has of it, codes or numbers; null where nothing is told.
    """

    kind = fields.String(required=True)
    left = fields.Raw(required=True, allow_none=True)
    right = fields.Raw(required=True, allow_none=True)
    weight = fields.Float(required=True, metadata={"description": "In log odds."})
    sentence = fields.String(required=True)


class DuplicateRecordView(StrictSchema):
    """One of the two records: `version` is what it is at now, `read_version` what was compared."""

    id = fields.String(required=True)
    owner = fields.String(required=True)
    status = fields.String(required=True, allow_none=True)
    version = fields.String(required=True, allow_none=True)
    read_version = fields.String(required=True)


class DuplicateView(StrictSchema):
    """Two requests, or two offers, that seem to be the same."""

    id = fields.String(required=True)
    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    left = fields.Nested(DuplicateRecordView, required=True)
    right = fields.Nested(DuplicateRecordView, required=True)
    status = fields.String(required=True, validate=validate.OneOf(DUPLICATE.states))
    score = fields.Float(
        required=True, metadata={"description": "The probability that both are the same."}
    )
    evidence = fields.List(
        fields.Nested(DuplicateEvidenceView),
        required=True,
        metadata={"description": "Side by side, the weightiest first."},
    )
    possible = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "What this reader may decide now: `link`, `dismiss`; `merge` at the "
            "register of either record."
        },
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the latest decision; for those who oversee both sides."},
    )
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(
        required=True, metadata={"description": "Of the case and both records together."}
    )
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)
