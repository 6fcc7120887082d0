"""What crosses the wire of proposals, and what all the matcher's schemas share."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.matcher.domain import PROPOSAL
from shared.vocabulary.countries import AREAS
from shared.vocabulary.themes import THEMES
from shared.web.bounds import Moment
from shared.web.field_errors import coded_error
from shared.web.languages import LanguageQuery
from shared.web.paging import PageQuery
from shared.web.schemas import (
    Code,
    CountryCode,
    StrictSchema,
    Text,
)

MAX_ID = 128
MAX_LINES = 200
MAX_REASON = 2_000
MOST_BEST = 1_000
SIDES = ("request", "offer")


def _identifier(**kwargs: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, MAX_ID), **kwargs)


def least_score() -> fields.Float:
    """A field of a list's query: only what is at least as likely."""
    return fields.Float(
        load_default=None,
        validate=validate.Range(0, 1),
        metadata={"description": "Only those with this score or a higher one."},
    )


def best_of_each() -> fields.Integer:
    """A field of a query: of each request only so many proposals, the first of its list."""
    return fields.Integer(
        load_default=None,
        validate=validate.Range(1, MOST_BEST),
        metadata={"description": "Only so many of each request, those ranked first."},
    )


class WaitingQuery(StrictSchema):
    """What of the proposals counts."""

    best = best_of_each()


class ProposalQuery(PageQuery, LanguageQuery):
    """Which proposals; at least one of `request`, `offer`, `state`, `region` and `status`.

    A page of a long list of which little is as asked for may be short, or empty, and have a `next`.
    """

    request = _identifier(load_default=None)
    offer = _identifier(load_default=None)
    state = CountryCode(load_default=None)
    region = Code(AREAS, load_default=None)
    covered = fields.Boolean(
        load_default=False,
        metadata={"description": "Only those for States in the regions of this coordinator."},
    )
    status = fields.String(
        load_default=None,
        validate=validate.OneOf((*PROPOSAL.states, "superseded")),
        metadata={"description": "`proposed`: nobody acted on it."},
    )
    theme = Code(
        THEMES,
        retired=True,
        load_default=None,
        metadata={"description": "Of a need line that the offer serves."},
    )
    score = least_score()
    best = best_of_each()

    @ma.validates_schema(skip_on_field_errors=True)
    def _check_filter(self, data: Mapping[str, Any], **_: Any) -> None:
        if not any(data[name] for name in ("request", "offer", "state", "region", "status")):
            message = "Give `request`, `offer`, `state`, `region` or `status`."
            raise coded_error("required", message, "request")


class DecisionBody(StrictSchema):
    """A coordinator's decision; a rejection needs its reason.

    Donor and State have until `answer_by` to agree to what is endorsed.
    """

    decision = fields.String(required=True, validate=validate.OneOf(("endorse", "reject")))
    reason = Text(MAX_REASON, load_default=None, allow_none=True)
    answer_by = Moment(
        load_default=None,
        allow_none=True,
        metadata={"description": "When silence ends it; null: in 30 days."},
    )


class ServingView(StrictSchema):
    """What a provision does for a need; `quantity` it can give `of` what is needed.

    `amount` is what it can give of the `amount_of` that the need costs, in US dollars.
    """

    need = fields.Integer(required=True)
    provision = fields.Integer(required=True)
    theme = fields.String(required=True)
    kind = fields.String(required=True)
    quantity = fields.Float(required=True, allow_none=True)
    of = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    fit = fields.Float(required=True)
    amount = fields.Float(required=True, allow_none=True)
    amount_of = fields.Float(required=True, allow_none=True)


class PromisedLineView(StrictSchema):
    """A line of either side of which something is `pledged` or `committed`, both in `unit`: of
    quantity, or a currency's.

    `pledged` of a need line is what the pledges of the offer's lines are of it; null where that
    cannot be said, or the donor pledged nothing in numbers. `theme` and `kind` are null where the
    record does not state the line any more.
    """

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    line = fields.Integer(required=True)
    theme = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, allow_none=True)
    measure = fields.String(required=True)
    unit = fields.String(required=True)
    pledged = fields.Float(required=True, allow_none=True)
    committed = fields.Float(required=True)


class ReasonView(StrictSchema):
    """Why a pair has its score: a sentence, and what it adds to the score in log odds."""

    code = fields.String(required=True)
    sentence = fields.String(required=True)
    contribution = fields.Float(required=True)


class InferredSideView(StrictSchema):
    """A side that states no coded lines: what it needs or gives is inferred from its text, and its
    author has yet to confirm it. What is told of its lines counts as that."""

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    sentence = fields.String(required=True)


class LackView(StrictSchema):
    """One thing that the offer lacks for the request, as a sentence and in numbers.

    Of need line `need`: `quantity` and `money` (`given` of `needed`, in `unit`), `unserved` (no
    provision serves it) and `fit` (`provision` is of another theme or kind); `more` such lines,
    `given` of them; `no-lines` (the offer has none). `late`, `early` (`late-line`, `early-line` of
    one need line): by so many `days` the offer, on `date`, begins after the need or ends before
    it. `offer-excludes`, `request-excludes`: `concepts` that one text rules out and the other is
    about.
    """

    code = fields.String(required=True)
    sentence = fields.String(required=True)
    need = fields.Integer(required=True, allow_none=True)
    provision = fields.Integer(required=True, allow_none=True)
    given = fields.Float(required=True, allow_none=True)
    needed = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    days = fields.Integer(required=True, allow_none=True)
    date = fields.Date(required=True, allow_none=True)
    concepts = fields.List(fields.String(), required=True)


class SpanView(StrictSchema):
    """Where a text names something: characters from `start` up to, not including, `end`."""

    field = fields.String(required=True)
    start = fields.Integer(required=True)
    end = fields.Integer(required=True)


class ConceptView(StrictSchema):
    """A concept that both texts name, the weightiest first, and where each of them does.

    The spans are of the texts of `request_version` and `offer_version`.
    """

    concept = fields.String(required=True)
    label = fields.String(required=True)
    request = fields.List(fields.Nested(SpanView), required=True)
    offer = fields.List(fields.Nested(SpanView), required=True)


class RuledOutView(ConceptView):
    """A concept that the texts of one side, `by`, rule out, and that the other's are about.

    Where the other text only names a case of it, there are no spans in that one.
    """

    by = fields.String(required=True, validate=validate.OneOf(SIDES))


class ContradictionView(StrictSchema):
    """An author's `coded` themes, of which the text says nothing, and the `theme` that it is of."""

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    coded = fields.List(fields.String(), required=True)
    theme = fields.String(required=True)
    label = fields.String(required=True)
    probability = fields.Float(required=True)
    sentence = fields.String(required=True)


class LineContradictionView(StrictSchema):
    """What a record's lines say of kind, quantity or money, and its text says otherwise.

    `coded` are the lines' kinds, of which the text says nothing, and `kind` the one that it is of.
    Of a quantity or amount both are those of its `line`, which says `stated` of `unit` (a
    currency, of an amount) where the text says `told`. `probability` is the kind's by the text.
    `spans` are where that speaks of the kind.
    """

    side = fields.String(required=True, validate=validate.OneOf(SIDES))
    of = fields.String(required=True, validate=validate.OneOf(("kind", "quantity", "amount")))
    coded = fields.List(fields.String(), required=True)
    kind = fields.String(required=True)
    probability = fields.Float(required=True)
    spans = fields.List(fields.Nested(SpanView), required=True)
    line = fields.Integer(required=True, allow_none=True)
    stated = fields.Float(required=True, allow_none=True)
    told = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    sentence = fields.String(required=True)


class TransitionView(StrictSchema):
    """A step that was taken."""

    source = fields.String(required=True, allow_none=True)
    target = fields.String(required=True)
    action = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    role = fields.String(required=True)
    party = fields.String(required=True, allow_none=True)


class RivalView(StrictSchema):
    """What takes up need lines: a `proposal`, `by` an endorsement or a commitment of it, or, `by`
    coverage, an `activity` that covers them, with the `coverage` case. What it is not is null."""

    proposal = fields.String(required=True, allow_none=True)
    activity = fields.String(required=True, allow_none=True)
    coverage = fields.String(required=True, allow_none=True)
    by = fields.String(
        required=True, validate=validate.OneOf(("endorsement", "commitment", "coverage"))
    )
    needs = fields.List(fields.Integer(), required=True)


class DisplacedView(StrictSchema):
    """What others leave of a proposal: it is `superseded`, or it has `shrunk`.

    `needs` are the need lines that it would have served and that are taken up wholly, `lessened`
    those of which it could serve more. `rivals` are told to the State and to who oversees both
    sides; a donor is not told of other donors' proposals.
    """

    code = fields.String(required=True, validate=validate.OneOf(("superseded", "shrunk")))
    sentence = fields.String(required=True)
    needs = fields.List(fields.Integer(), required=True)
    lessened = fields.List(fields.Integer(), required=True)
    rivals = fields.List(fields.Nested(RivalView), required=True)


class SameDonorView(StrictSchema):
    """The same donor's other proposals for a need line of this one."""

    sentence = fields.String(required=True)
    proposals = fields.List(fields.String(), required=True)


class CameBackView(StrictSchema):
    """A declined pair that is proposed again, since the `sides` changed after the rejection."""

    sentence = fields.String(required=True)
    sides = fields.List(fields.String(validate=validate.OneOf(SIDES)), required=True)
    declined_at = fields.AwareDateTime(required=True)


class EmbargoNoticeView(StrictSchema):
    """What one embargo says of a proposal or a request.

    `bars-lines` bars the `kinds` of the need lines `needs`, `bars-kinds` kinds that the offer
    gives; `bars-unstated`: no kind of help is stated. `exempts` lets the `kinds` through by an
    exemption with a `reference`, which counts `until` a day. `allows`: it bars nothing here. The
    embargo's own last day is `to`, null while none is set.
    """

    embargo = fields.String(required=True)
    resolution = fields.String(required=True)
    to = fields.String(required=True, allow_none=True)
    code = fields.String(
        required=True,
        validate=validate.OneOf(("bars-lines", "bars-kinds", "bars-unstated", "exempts", "allows")),
    )
    sentence = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    needs = fields.List(fields.Integer(), required=True)
    exemption = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)


class TrackRecordView(StrictSchema):
    """What States said of the donor's earlier help, after 3 and 12 months.

    `judged` is the mean from 1 to 5, each of the `states` having one voice; `helped` how many
    proposals that is about, `in_time` which part of them was delivered in time, `received` the part
    of what was committed that States say they received. Those who oversee every State and the
    donor itself know all of it; a State is told in halves, of at least three States, and nothing
    that is null.
    """

    states = fields.Integer(required=True)
    judged = fields.Float(required=True)
    helped = fields.Integer(required=True, allow_none=True)
    in_time = fields.Float(required=True, allow_none=True)
    received = fields.Float(required=True, allow_none=True)
    sentence = fields.String(required=True)


class ProposalView(StrictSchema):
    """An offer proposed for a request; `rank` is null once it is no longer in the shortlist.

    `status` is `superseded` where nobody acted on it and others take up all that it would serve;
    it can be decided on all the same.
    """

    id = fields.String(required=True)
    request = fields.String(required=True)
    offer = fields.String(required=True)
    country = fields.String(required=True)
    priority = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The State's own for the request, by which lists go."},
    )
    organisation = fields.String(required=True)
    rank = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True)
    model = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    modality = fields.String(required=True)
    neighbour = fields.Boolean(
        required=True,
        metadata={"description": "Whether a State that borders on it offers its own know-how."},
    )
    proven = fields.Boolean(
        required=True,
        metadata={"description": "Whether such work was completed in that neighbour, or by it."},
    )
    cooperation = fields.String(required=True)
    conditions = fields.List(fields.String(), required=True)
    serves = fields.List(fields.Nested(ServingView), required=True)
    promised = fields.List(
        fields.Nested(PromisedLineView),
        required=True,
        metadata={
            "description": (
                "What is pledged and committed by it so far; what is committed wholly is no "
                "longer among what it `serves`."
            )
        },
    )
    reasons = fields.List(fields.Nested(ReasonView), required=True)
    against = fields.List(fields.Nested(ReasonView), required=True)
    inferred = fields.List(fields.Nested(InferredSideView), required=True)
    lacking = fields.List(fields.Nested(LackView), required=True)
    evidence = fields.List(fields.Nested(ConceptView), required=True)
    ruled_out = fields.List(fields.Nested(RuledOutView), required=True)
    contradictions = fields.List(
        fields.Nested(ContradictionView),
        required=True,
        metadata={"description": "Codes against text; for those who oversee both sides."},
    )
    line_contradictions = fields.List(
        fields.Nested(LineContradictionView),
        required=True,
        metadata={"description": "Kinds and measures against text; for the same readers."},
    )
    track_record = fields.Nested(TrackRecordView, required=True, allow_none=True)
    displaced = fields.Nested(DisplacedView, required=True, allow_none=True)
    same_donor = fields.Nested(SameDonorView, required=True, allow_none=True)
    came_back = fields.Nested(CameBackView, required=True, allow_none=True)
    embargoes = fields.List(
        fields.Nested(EmbargoNoticeView),
        required=True,
        metadata={"description": "What arms embargoes in force on the State say of it today."},
    )
    hidden_lines = fields.Integer(
        required=True, metadata={"description": "Need lines that this token may not see."}
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Of the latest decision; for those who oversee both sides."},
    )
    history = fields.List(fields.Nested(TransitionView), required=True)
    version = fields.String(required=True)
    request_version = fields.String(required=True)
    offer_version = fields.String(required=True)
