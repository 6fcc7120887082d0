"""Records of the matcher service, as its OpenAPI document has them.

Made by deploy/interfaces/typed.py from docs/interfaces; nobody edits it. What is not
`Required` may be missing.
"""

from typing import Any, Required, TypedDict


class CameBackView(TypedDict, total=False):
    sentence: Required[str]
    sides: Required[list[str]]
    declined_at: Required[str]


class SpanView(TypedDict, total=False):
    field: Required[str]
    start: Required[int]
    end: Required[int]


class ConceptView(TypedDict, total=False):
    concept: Required[str]
    label: Required[str]
    request: Required[list[SpanView]]
    offer: Required[list[SpanView]]


class ContradictionView(TypedDict, total=False):
    side: Required[str]
    coded: Required[list[str]]
    theme: Required[str]
    label: Required[str]
    probability: Required[float]
    sentence: Required[str]


class RivalView(TypedDict, total=False):
    proposal: Required[str | None]
    activity: Required[str | None]
    coverage: Required[str | None]
    by: Required[str]
    needs: Required[list[int]]


class DisplacedView(TypedDict, total=False):
    code: Required[str]
    sentence: Required[str]
    needs: Required[list[int]]
    lessened: Required[list[int]]
    rivals: Required[list[RivalView]]


class EmbargoNoticeView(TypedDict, total=False):
    embargo: Required[str]
    resolution: Required[str]
    code: Required[str]
    sentence: Required[str]
    kinds: Required[list[str]]
    needs: Required[list[int]]
    exemption: Required[str | None]
    reference: Required[str | None]
    until: Required[str | None]


class LackView(TypedDict, total=False):
    code: Required[str]
    sentence: Required[str]
    need: Required[int | None]
    provision: Required[int | None]
    given: Required[float | None]
    needed: Required[float | None]
    unit: Required[str | None]
    days: Required[int | None]
    date: Required[str | None]
    concepts: Required[list[str]]


class ReasonView(TypedDict, total=False):
    code: Required[str]
    sentence: Required[str]
    contribution: Required[float]


class RuledOutView(TypedDict, total=False):
    concept: Required[str]
    label: Required[str]
    request: Required[list[SpanView]]
    offer: Required[list[SpanView]]
    by: Required[str]


class SameDonorView(TypedDict, total=False):
    sentence: Required[str]
    proposals: Required[list[str]]


class ServingView(TypedDict, total=False):
    need: Required[int]
    provision: Required[int]
    theme: Required[str]
    kind: Required[str]
    quantity: Required[float | None]
    of: Required[float | None]
    unit: Required[str | None]
    fit: Required[float]
    amount: Required[float | None]
    amount_of: Required[float | None]


class TrackRecordView(TypedDict, total=False):
    states: Required[int]
    judged: Required[float]
    helped: Required[int | None]
    in_time: Required[float | None]
    received: Required[float | None]
    sentence: Required[str]


class TransitionView(TypedDict, total=False):
    source: Required[str | None]
    target: Required[str]
    action: Required[str]
    at: Required[str]
    role: Required[str]
    party: Required[str | None]


class ProposalView(TypedDict, total=False):
    id: Required[str]
    request: Required[str]
    offer: Required[str]
    country: Required[str]
    organisation: Required[str]
    rank: Required[int | None]
    score: Required[float]
    model: Required[str | None]
    status: Required[str]
    modality: Required[str]
    neighbour: Required[bool]
    proven: Required[bool]
    cooperation: Required[str]
    conditions: Required[list[str]]
    serves: Required[list[ServingView]]
    reasons: Required[list[ReasonView]]
    against: Required[list[ReasonView]]
    lacking: Required[list[LackView]]
    evidence: Required[list[ConceptView]]
    ruled_out: Required[list[RuledOutView]]
    contradictions: Required[list[ContradictionView]]
    track_record: Required[TrackRecordView | None]
    displaced: Required[DisplacedView | None]
    same_donor: Required[SameDonorView | None]
    came_back: Required[CameBackView | None]
    embargoes: Required[list[EmbargoNoticeView]]
    hidden_lines: Required[int]
    reason: Required[str | None]
    history: Required[list[TransitionView]]
    version: Required[str]
    request_version: Required[str]
    offer_version: Required[str]


class MatchView(TypedDict, total=False):
    id: Required[str]
    request: Required[str]
    offer: Required[str]
    country: Required[str]
    organisation: Required[str]
    status: Required[str]
    serves: Required[list[ServingView]]
    waits: Required[list[str]]
    answer_by: Required[str | None]
    asks_at: Required[str | None]
    shows_request: Required[bool]
    version: Required[str]
    created_at: Required[str]
    updated_at: Required[str]


class ConditionView(TypedDict, total=False):
    kind: Required[str]
    hash: Required[str | None]
    current: Required[bool]
    accepted_at: Required[str | None]


class FiguresView(TypedDict, total=False):
    line: Required[int]
    measure: Required[str]
    unit: Required[str]
    pledged: Required[float | None]
    committed: Required[float]
    disbursed: Required[float | None]
    received: Required[float | None]
    difference: Required[float | None]


class FollowUpView(TypedDict, total=False):
    months: Required[int]
    due_at: Required[str]
    asked_at: Required[str | None]
    answered_at: Required[str | None]
    adequate: Required[int | None]
    effective: Required[int | None]
    sustainable: Required[int | None]
    text: Required[str | None]
    replied_at: Required[str | None]
    reply: Required[str | None]


class PartnerView(TypedDict, total=False):
    organisation: Required[str]
    role: Required[str]


class ToldView(TypedDict, total=False):
    line: Required[int]
    unit: Required[str]
    quantity: Required[float | None]
    amount: Required[float | None]
    given_amount: Required[float | None]
    given_currency: Required[str | None]
    rate_date: Required[str | None]


class ReportView(TypedDict, total=False):
    side: Required[str]
    up_to: Required[str]
    at: Required[str]
    text: Required[str | None]
    lines: Required[list[ToldView]]


class StepView(TypedDict, total=False):
    source: Required[str | None]
    target: Required[str]
    action: Required[str]
    at: Required[str]
    role: Required[str]
    party: Required[str | None]
    reason: Required[str | None]
    said: Required[str | None]
    subject: Required[str | None]


class LifeView(TypedDict, total=False):
    id: Required[str]
    status: Required[str]
    waiting_for: Required[list[str]]
    answer_by: Required[str | None]
    possible: Required[list[str]]
    conditions: Required[list[ConditionView]]
    figures: Required[list[FiguresView]]
    reports: Required[list[ReportView]]
    follow_ups: Required[list[FollowUpView]]
    partners: Required[list[PartnerView]]
    history: Required[list[StepView]]
    version: Required[str]


class AlliedView(TypedDict, total=False):
    match: Required[str]
    organisation: Required[str]


class TakenLineView(TypedDict, total=False):
    side: Required[str]
    record: Required[str]
    line: Required[int]
    measure: Required[str]
    unit: Required[str]
    quantity: Required[float | None]
    amount: Required[float | None]
    given_amount: Required[float | None]
    given_currency: Required[str | None]
    rate_date: Required[str | None]


class HeldView(TypedDict, total=False):
    id: Required[str]
    at: Required[str]
    alliance: Required[str | None]
    lines: Required[list[TakenLineView]]


class FunderView(TypedDict, total=False):
    match: Required[str]
    organisation: Required[str]
    held: Required[list[HeldView]]


class JoinedView(TypedDict, total=False):
    organisation: Required[str]
    role: Required[str]


class ReportedView(TypedDict, total=False):
    name: Required[str]
    part: Required[float]
    whole: Required[float | None]


class ToldOfLineView(TypedDict, total=False):
    line: Required[int]
    measure: Required[str]
    unit: Required[str]
    quantity: Required[float | None]
    amount: Required[float | None]


class ToldOnView(TypedDict, total=False):
    side: Required[str]
    up_to: Required[str]
    lines: Required[list[ToldOfLineView]]


class ActivityOfMatchView(TypedDict, total=False):
    id: Required[str]
    request: Required[str]
    offer: Required[str]
    country: Required[str]
    organisation: Required[str]
    status: Required[str]
    serves: Required[list[ServingView]]
    history: Required[list[TransitionView]]
    held: Required[list[HeldView]]
    told: Required[list[ToldOnView]]
    partners: Required[list[JoinedView]]
    allied: Required[list[AlliedView]]
    funders: Required[list[FunderView]]
    themes: Required[list[str]]
    year: Required[int | None]
    modality: Required[str | None]
    figures: Required[list[ReportedView]]


class TakenLine(TypedDict, total=False):
    amount: float | None
    currency: str | None
    side: Required[str]
    line: Required[int]
    quantity: float | None


class CommitmentBody(TypedDict, total=False):
    proposal: Required[str]
    lines: Required[list[TakenLine]]
    expires_at: str | None
    alliance: str | None


class CommitmentView(TypedDict, total=False):
    id: Required[str]
    proposal: Required[str | None]
    request: Required[str]
    offer: Required[str | None]
    country: Required[str]
    organisation: Required[str | None]
    coverage: Required[str | None]
    alliance: Required[str | None]
    application: Required[str | None]
    status: Required[str]
    lines: Required[list[TakenLineView]]
    expires_at: Required[str | None]
    refusal: Required[str | None]
    provisional: Required[bool]
    reason: Required[str | None]
    history: Required[list[TransitionView]]
    version: Required[str]
    created_at: Required[str]
    updated_at: Required[str]


class HoldView(TypedDict, total=False):
    commitment: Required[str]
    amount: Required[float]


class LedgerLineView(TypedDict, total=False):
    id: Required[str]
    side: Required[str]
    record: Required[str]
    line: Required[int]
    measure: Required[str]
    unit: Required[str]
    limit: Required[float]
    held: Required[float]
    free: Required[float]
    open: Required[bool]
    holds: Required[list[HoldView]]


class DuplicateEvidenceView(TypedDict, total=False):
    kind: Required[str]
    left: Required[Any]
    right: Required[Any]
    weight: Required[float]
    sentence: Required[str]


class DuplicateRecordView(TypedDict, total=False):
    id: Required[str]
    owner: Required[str]
    status: Required[str | None]
    version: Required[str | None]
    read_version: Required[str]


class DuplicateView(TypedDict, total=False):
    id: Required[str]
    side: Required[str]
    left: Required[DuplicateRecordView]
    right: Required[DuplicateRecordView]
    status: Required[str]
    score: Required[float]
    evidence: Required[list[DuplicateEvidenceView]]
    possible: Required[list[str]]
    reason: Required[str | None]
    history: Required[list[TransitionView]]
    version: Required[str]
    created_at: Required[str]
    updated_at: Required[str]


class CoverageEvidenceView(TypedDict, total=False):
    code: Required[str]
    sentence: Required[str]


class CoverageNoteView(TypedDict, total=False):
    code: Required[str]
    sentence: Required[str]
    quantity: Required[float | None]
    amount: Required[float | None]
    unit: Required[str | None]


class CoverageView(TypedDict, total=False):
    id: Required[str]
    request: Required[str]
    line: Required[int]
    activity: Required[str]
    country: Required[str]
    organisation: Required[str | None]
    activity_status: Required[str]
    status: Required[str]
    score: Required[float]
    basis: Required[str]
    part: Required[float]
    unit: Required[str | None]
    quantity: Required[float | None]
    amount: Required[float | None]
    commitment: Required[str | None]
    commitments: Required[list[str]]
    notes: Required[list[CoverageNoteView]]
    evidence: Required[list[CoverageEvidenceView]]
    possible: Required[list[str]]
    reason: Required[str | None]
    history: Required[list[TransitionView]]
    request_version: Required[str]
    activity_version: Required[str]
    version: Required[str]
    created_at: Required[str]
    updated_at: Required[str]


class AddedLineView(TypedDict, total=False):
    line: Required[int | None]
    theme: Required[str]
    kind: Required[str]


class AllianceMemberView(TypedDict, total=False):
    request: Required[str | None]
    country: Required[str]
    standing: Required[str]
    since: Required[str]
    cause: Required[str | None]
    reason: Required[str | None]
    adds: Required[list[AddedLineView]]
    sentence: Required[str | None]
    confidential_lines: Required[int]


class CommonRequestView(TypedDict, total=False):
    request: Required[str]
    line: Required[int]


class QuantityView(TypedDict, total=False):
    quantity: Required[float]
    unit: Required[str]


class CommonLineView(TypedDict, total=False):
    theme: Required[str]
    kind: Required[str]
    states: Required[list[str]]
    lines: Required[list[CommonRequestView]]
    quantities: Required[list[QuantityView]]
    amount: Required[float | None]
    unpriced_lines: Required[int | None]
    sentence: Required[str]


class JointLineView(TypedDict, total=False):
    theme: Required[str]
    kind: Required[str]
    unit: Required[str]
    limit: Required[float]
    held: Required[float]
    free: Required[float]


class CodeView(TypedDict, total=False):
    theme: Required[str]
    kind: Required[str]


class JointOfferView(TypedDict, total=False):
    offer: Required[str]
    organisation: Required[str | None]
    states: Required[list[str]]
    common: Required[list[CodeView]]
    part: Required[float | None]
    whole: Required[bool | None]
    worth: Required[float | None]
    sentence: Required[str]


class SavingView(TypedDict, total=False):
    apart: Required[float]
    together: Required[float]
    saved: Required[float]
    unpriced_lines: Required[int]
    sentence: Required[str]


class AllianceView(TypedDict, total=False):
    id: Required[str]
    status: Required[str]
    states: Required[list[str]]
    members: Required[list[AllianceMemberView]]
    common: Required[list[CommonLineView]]
    saving: Required[SavingView | None]
    sentence: Required[str]
    cause: Required[str | None]
    reason: Required[str | None]
    version: Required[str]
    created_at: Required[str]
    updated_at: Required[str]
    ledger: Required[list[JointLineView]]
    offers: Required[list[JointOfferView]]
    commitments: Required[list[str]]
    history: Required[list[TransitionView]]


ExemptionBody = TypedDict(
    "ExemptionBody",
    {
        "number": str | None,
        "reference": Required[str],
        "kinds": Required[list[str]],
        "request": str | None,
        "from": Required[str],
        "to": Required[str],
    },
    total=False,
)


EmbargoBody = TypedDict(
    "EmbargoBody",
    {
        "country": Required[str],
        "resolution": Required[str],
        "allowed": list[str],
        "from": Required[str],
        "to": str | None,
        "source": Required[str],
        "stated_on": Required[str],
        "review_by": str | None,
        "exemptions": list[ExemptionBody],
        "reason": Required[str],
    },
    total=False,
)


class EmbargoChangeView(TypedDict, total=False):
    action: Required[str]
    at: Required[str]
    role: Required[str]
    subject: Required[str]
    reason: Required[str]


ExemptionView = TypedDict(
    "ExemptionView",
    {
        "number": Required[str],
        "reference": Required[str],
        "kinds": Required[list[str]],
        "request": Required[str | None],
        "from": Required[str],
        "to": Required[str],
    },
    total=False,
)


EmbargoView = TypedDict(
    "EmbargoView",
    {
        "id": Required[str],
        "country": Required[str],
        "resolution": Required[str],
        "status": Required[str],
        "in_force": Required[bool],
        "allowed": Required[list[str]],
        "from": Required[str],
        "to": Required[str | None],
        "source": Required[str],
        "stated_on": Required[str],
        "review_by": Required[str | None],
        "exemptions": Required[list[ExemptionView]],
        "changes": Required[list[EmbargoChangeView]],
        "history": Required[list[TransitionView]],
        "version": Required[str],
        "created_at": Required[str],
        "updated_at": Required[str],
    },
    total=False,
)


class ProposalViewPage(TypedDict, total=False):
    items: Required[list[ProposalView]]
    next: Required[str | None]


class MatchViewPage(TypedDict, total=False):
    items: Required[list[MatchView]]
    next: Required[str | None]


class ActivityOfMatchViewPage(TypedDict, total=False):
    items: Required[list[ActivityOfMatchView]]
    next: Required[str | None]


class CommitmentViewPage(TypedDict, total=False):
    items: Required[list[CommitmentView]]
    next: Required[str | None]


class LedgerLineViewPage(TypedDict, total=False):
    items: Required[list[LedgerLineView]]
    next: Required[str | None]


class DuplicateViewPage(TypedDict, total=False):
    items: Required[list[DuplicateView]]
    next: Required[str | None]


class CoverageViewPage(TypedDict, total=False):
    items: Required[list[CoverageView]]
    next: Required[str | None]


class EmbargoViewPage(TypedDict, total=False):
    items: Required[list[EmbargoView]]
    next: Required[str | None]
