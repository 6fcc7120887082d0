"""Records of the requests service, as its OpenAPI document has them.

Made by deploy/interfaces/typed.py from docs/interfaces; nobody edits it. What is not
`Required` may be missing.
"""

from typing import Required, TypedDict


class Evidence(TypedDict, total=False):
    text: Required[str]
    url: str | None


class ExternalId(TypedDict, total=False):
    source: Required[str]
    id: Required[str]


class Link(TypedDict, total=False):
    title: Required[str]
    url: str | None


class Objective(TypedDict, total=False):
    text: Required[str]
    indicator: str | None
    baseline: str | None
    target: str | None
    date: str | None


Window = TypedDict(
    "Window",
    {
        "from": Required[str],
        "to": Required[str],
    },
    total=False,
)


class Need(TypedDict, total=False):
    amount: float | None
    currency: str | None
    unit: str | None
    line: int | None
    theme: Required[str]
    kind: Required[str]
    quantity: float | None
    priority: str | None
    window: Window | None
    objectives: list[Objective]
    sites: list[str]
    confidential: bool
    visibility: str | None
    sustainability: list[str]


class Report(TypedDict, total=False):
    title: Required[str]
    url: str | None
    year: int | None


class RequestBody(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    country: Required[str]
    needs: list[Need]
    priority: str | None
    window: Window | None
    channel: str | None
    source_report: Report | None
    action_plan: Link | None
    initiatives: list[str]
    partners: list[str]
    objectives: list[Objective]
    evidence: list[Evidence]
    gender_marker: str | None
    confidentiality: str
    external_id: ExternalId | None


class CreatorView(TypedDict, total=False):
    role: str
    party: str | None


class EndorsementView(TypedDict, total=False):
    organisation: Required[str]
    text: Required[str | None]
    at: Required[str]
    shown: Required[bool]


class SpanView(TypedDict, total=False):
    field: str
    start: int
    end: int


class ContradictionView(TypedDict, total=False):
    probability: float
    spans: list[SpanView]
    of: str
    coded: list[str]
    code: str


class InferredAmountView(TypedDict, total=False):
    probability: float
    spans: list[SpanView]
    amount: float
    currency: str


class InferredCodeView(TypedDict, total=False):
    probability: float
    spans: list[SpanView]
    code: str


InferredDatesView = TypedDict(
    "InferredDatesView",
    {
        "probability": float,
        "spans": list[SpanView],
        "from": str,
        "to": str,
    },
    total=False,
)


class LineSpanView(TypedDict, total=False):
    field: str
    start: int
    end: int
    of: str
    probability: float


class InferredNeedView(TypedDict, total=False):
    index: int
    inferred: bool
    line: int | None
    theme: str
    kind: str
    probability: float
    unit: str | None
    amount: float | None
    currency: str | None
    spans: list[LineSpanView]
    quantity: float | None


class InferredQuantityView(TypedDict, total=False):
    probability: float
    spans: list[SpanView]
    quantity: float
    unit: str | None


class InferredNeedsView(TypedDict, total=False):
    themes: list[InferredCodeView]
    kinds: list[InferredCodeView]
    quantities: list[InferredQuantityView]
    amounts: list[InferredAmountView]
    places: list[InferredCodeView]
    dates: list[InferredDatesView]
    contradictions: list[ContradictionView]
    lines: list[InferredNeedView]


class CommittedView(TypedDict, total=False):
    quantity: float | None
    amount: float | None
    whole: bool


class LineSourceView(TypedDict, total=False):
    record: Required[str]
    line: Required[int]


NeedView = TypedDict(
    "NeedView",
    {
        "amount": float | None,
        "currency": str | None,
        "unit": str | None,
        "line": int | None,
        "theme": Required[str],
        "kind": Required[str],
        "quantity": float | None,
        "priority": str | None,
        "window": Window | None,
        "objectives": list[Objective],
        "sites": list[str],
        "confidential": bool,
        "visibility": str | None,
        "sustainability": list[str],
        "from": LineSourceView | None,
        "pledged": CommittedView,
        "committed": CommittedView,
        "delivered": CommittedView,
    },
    total=False,
)


class RemarkView(TypedDict, total=False):
    action: str
    at: str
    role: str
    text: str


class RequestTransitionView(TypedDict, total=False):
    action: str
    source: str | None
    target: str
    at: str
    role: str
    party: str | None
    reason: str | None
    subject: str | None


class ConceptView(TypedDict, total=False):
    id: str
    field: str
    start: int
    end: int


class SignatureView(TypedDict, total=False):
    method: str
    language: str
    language_probability: float
    concepts: list[ConceptView]


class RequestView(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    country: Required[str]
    needs: list[NeedView]
    priority: str | None
    window: Window | None
    channel: str | None
    source_report: Report | None
    action_plan: Link | None
    initiatives: list[str]
    partners: list[str]
    objectives: list[Objective]
    evidence: list[Evidence]
    gender_marker: str | None
    confidentiality: str
    external_id: ExternalId | None
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    created_by: CreatorView
    history: list[RequestTransitionView]
    status: Required[str]
    signature: SignatureView
    merged_into: str | None
    merged_from: list[str]
    consent: str | None
    circulates_at: str | None
    remarks: list[RemarkView]
    introduced_by: str | None
    hidden_lines: int
    endorsements: list[EndorsementView]
    inferred: InferredNeedsView


class Contact(TypedDict, total=False):
    office: Required[str]
    email: str | None
    phone: str | None
    languages: list[str]


class StateBody(TypedDict, total=False):
    contacts: list[Contact]
    last_confirmed: str | None
    no_objection_days: int
    weekend: list[str] | None
    days_off: list[str]
    days_worked: list[str]


class CalendarView(TypedDict, total=False):
    weekend: Required[list[str]]
    days_off: Required[list[str]]


class TransitionView(TypedDict, total=False):
    action: str
    source: str | None
    target: str
    at: str
    role: str
    party: str | None
    reason: str | None


class StateView(TypedDict, total=False):
    contacts: list[Contact]
    last_confirmed: str | None
    no_objection_days: int
    weekend: list[str] | None
    days_off: list[str]
    days_worked: list[str]
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    confirmation_due: bool
    history: list[TransitionView]
    calendar: CalendarView


class FigureView(TypedDict, total=False):
    name: Required[str]
    form: Required[str]
    value: Required[float | None]
    part: Required[float | None]
    whole: Required[float | None]
    lower: Required[float | None]
    upper: Required[float | None]
    count: Required[int]


class ReportGroupView(TypedDict, total=False):
    by: Required[str | None]
    code: Required[str | None]
    figures: Required[list[FigureView]]


class ReportView(TypedDict, total=False):
    as_of: Required[str]
    groups: Required[list[ReportGroupView]]


class RequestViewPage(TypedDict, total=False):
    items: Required[list[RequestView]]
    next: Required[str | None]


class StateViewPage(TypedDict, total=False):
    items: Required[list[StateView]]
    next: Required[str | None]
