"""Records of the offers service, as its OpenAPI document has them.

Made by deploy/interfaces/typed.py from docs/interfaces; nobody edits it. What is not
`Required` may be missing.
"""

from typing import Required, TypedDict


class Condition(TypedDict, total=False):
    kind: str
    text: Required[str]


class Eligibility(TypedDict, total=False):
    countries: list[str]
    regions: list[str]
    groups: list[str]


class ExternalId(TypedDict, total=False):
    source: Required[str]
    id: Required[str]


class Money(TypedDict, total=False):
    amount: float | None
    currency: str | None


class Provision(TypedDict, total=False):
    amount: float | None
    currency: str | None
    unit: str | None
    line: int | None
    theme: Required[str]
    kind: Required[str]
    capacity: float | None


Window = TypedDict(
    "Window",
    {
        "from": Required[str],
        "to": Required[str],
    },
    total=False,
)


class OfferBody(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    organisation: Required[str]
    provisions: list[Provision]
    eligibility: Eligibility
    conditions: list[Condition]
    window: Window | None
    ceiling: Money | None
    call: str | None
    partners: list[str]
    gender_marker: str | None
    public: bool | None
    external_id: ExternalId | None


class ConditionView(TypedDict, total=False):
    kind: str
    text: Required[str]
    hash: str | None


class CreatorView(TypedDict, total=False):
    role: str
    party: str | None


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


class InferredProvisionView(TypedDict, total=False):
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
    capacity: float | None


class InferredQuantityView(TypedDict, total=False):
    probability: float
    spans: list[SpanView]
    quantity: float
    unit: str | None


class InferredProvisionsView(TypedDict, total=False):
    themes: list[InferredCodeView]
    kinds: list[InferredCodeView]
    quantities: list[InferredQuantityView]
    amounts: list[InferredAmountView]
    places: list[InferredCodeView]
    dates: list[InferredDatesView]
    contradictions: list[ContradictionView]
    lines: list[InferredProvisionView]


class LeftView(TypedDict, total=False):
    capacity: float | None
    amount: float | None
    whole: bool


class LineSourceView(TypedDict, total=False):
    record: Required[str]
    line: Required[int]


class ProvisionFiguresView(TypedDict, total=False):
    pledged: LeftView
    committed: LeftView
    disbursed: LeftView | None
    received: LeftView | None


ProvisionView = TypedDict(
    "ProvisionView",
    {
        "amount": float | None,
        "currency": str | None,
        "unit": str | None,
        "line": int | None,
        "theme": Required[str],
        "kind": Required[str],
        "capacity": float | None,
        "from": LineSourceView | None,
        "left": LeftView,
        "figures": ProvisionFiguresView,
    },
    total=False,
)


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


class TransitionView(TypedDict, total=False):
    action: str
    source: str | None
    target: str
    at: str
    role: str
    party: str | None
    reason: str | None


class OfferView(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    organisation: Required[str]
    provisions: list[ProvisionView]
    eligibility: Eligibility
    conditions: list[ConditionView]
    window: Window | None
    ceiling: Money | None
    call: str | None
    partners: list[str]
    gender_marker: str | None
    public: bool | None
    external_id: ExternalId | None
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    created_by: CreatorView
    history: list[TransitionView]
    status: Required[str]
    signature: SignatureView
    merged_into: str | None
    merged_from: list[str]
    donor_type: str
    donor_country: str | None
    inferred: InferredProvisionsView


class ActivityBody(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    amount: float | None
    currency: str | None
    unit: str | None
    country: Required[str]
    organisation: str | None
    donor_country: str | None
    theme: Required[str]
    kind: Required[str]
    quantity: float | None
    window: Window | None
    status: str
    partners: list[str]
    public: bool | None
    external_id: ExternalId | None


class ActivityView(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    amount: float | None
    currency: str | None
    unit: str | None
    country: Required[str]
    organisation: str | None
    donor_country: str | None
    theme: Required[str]
    kind: Required[str]
    quantity: float | None
    window: Window | None
    status: Required[str]
    partners: list[str]
    public: bool | None
    external_id: ExternalId | None
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    created_by: CreatorView
    history: list[TransitionView]
    signature: SignatureView


class BreakView(TypedDict, total=False):
    code: str
    message: str
    line: int | None


class ImportedView(TypedDict, total=False):
    number: int
    identifier: str
    country: str
    outcome: str
    id: str
    title: str
    language: str
    theme: str
    kind: str
    status: str
    amount: float | None
    currency: str | None
    notes: list[str]


class RefusalView(TypedDict, total=False):
    number: int
    identifier: str | None
    country: str | None
    field: str
    code: str
    message: str


class ImportReportView(TypedDict, total=False):
    preview: bool
    read: int
    created: int
    changed: int
    unchanged: int
    outside: int
    refused: int
    activities: list[ImportedView]
    refusals: list[RefusalView]
    incomplete: BreakView | None


class Contact(TypedDict, total=False):
    office: Required[str]
    email: str | None
    phone: str | None
    languages: list[str]


class OrganisationBody(TypedDict, total=False):
    contacts: list[Contact]
    last_confirmed: str | None
    name: Required[str]
    type: Required[str]
    country: str | None


class OrganisationView(TypedDict, total=False):
    contacts: list[Contact]
    last_confirmed: str | None
    name: Required[str]
    type: Required[str]
    country: str | None
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    confirmation_due: bool
    history: list[TransitionView]


class Report(TypedDict, total=False):
    title: Required[str]
    url: str | None
    year: int | None


class CallBody(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    organisation: Required[str]
    themes: list[str]
    kinds: list[str]
    links: list[Report]
    external_id: ExternalId | None
    window: Window | None
    ceiling: Money | None
    fund: Money | None
    eligibility: Eligibility


class CallView(TypedDict, total=False):
    title: Required[str]
    description: Required[str]
    language: str | None
    organisation: Required[str]
    themes: list[str]
    kinds: list[str]
    links: list[Report]
    external_id: ExternalId | None
    window: Window | None
    ceiling: Money | None
    fund: Money | None
    eligibility: Eligibility
    id: Required[str]
    version: Required[str]
    created_at: str
    updated_at: str
    created_by: CreatorView
    history: list[TransitionView]


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


class OfferViewPage(TypedDict, total=False):
    items: Required[list[OfferView]]
    next: Required[str | None]


class ActivityViewPage(TypedDict, total=False):
    items: Required[list[ActivityView]]
    next: Required[str | None]


class OrganisationViewPage(TypedDict, total=False):
    items: Required[list[OrganisationView]]
    next: Required[str | None]


class CallViewPage(TypedDict, total=False):
    items: Required[list[CallView]]
    next: Required[str | None]
