"""The matcher's rules, without input or output: states of proposals and commitments, ledger lines.

Amounts in the ledger are integers in a line's own unit: thousandths of a unit of quantity, or
hundredths of a currency's major unit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Any, Literal

from shared.lifecycle import FILING, PARTY, Lifecycle, Step
from shared.registers.counting import Measure, counted
from shared.vocabulary.currencies import usd_per_unit

Side = Literal["request", "offer"]
LedgerSide = Literal["request", "offer", "call", "project", "alliance"]
"""What a ledger line is of; `project` is what a call gives to one project (calls.py)."""
SOURCE = "/entraide/matcher"
"""The source of the matcher's events."""

THOUSANDTHS = 1000
CENTS = 100
SCALES: Mapping[str, int] = MappingProxyType({"quantity": THOUSANDTHS, "money": CENTS})
"""How many of the ledger's integers make one of a line's unit."""

_WAITING = ("endorsed", "donor-agreed", "state-agreed")
_UNCOMMITTED = ("proposed", *_WAITING, "agreed", "lapsed", "released")


def _step(action: str, target: str, *sources: str) -> Step:
    return Step(action, frozenset(sources), target)


PROPOSAL = Lifecycle(
    "proposed",
    (
        _step("endorse", "endorsed", "proposed", "rejected", "lapsed", "released"),
        _step("reject", "rejected", *_UNCOMMITTED),
        _step("donor-agree", "donor-agreed", "endorsed"),
        _step("state-agree", "state-agreed", "endorsed"),
        _step("agree", "agreed", "donor-agreed", "state-agreed"),
        _step("decline", "declined", *_WAITING, "agreed", "released"),
        _step("lapse", "lapsed", *_WAITING),
        _step("reconsider", "endorsed", "state-agreed"),
        _step("reconsider-agreed", "donor-agreed", "agreed"),
        _step("fall", "fallen", *_UNCOMMITTED),
        _step("reopen", "proposed", "rejected", "declined", "fallen"),
        _step("commit", "committed", "agreed", "released"),
        _step("release", "released", "committed", "delivering"),
        _step("start", "delivering", "committed"),
        _step("deliver", "delivered", "delivering"),
        _step("follow-up", "follow-up", "delivered"),
        _step("close", "closed", "delivered", "follow-up"),
    ),
)
"""A proposal that somebody acted on: endorsed, agreed to by both sides, held in the ledger,
delivered, and asked about afterwards.

Of the two sides that have to agree the first takes `donor-agree` or `state-agree`, the second
`agree`; `reconsider` and `reconsider-agreed` take back the State's yes once the offer's conditions
are others. It is `committed` while at least one commitment holds and `released` when none does any
more. It `fall`s when either record is withdrawn, closed or merged before anything is committed.
"""

STAYING: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "remind": frozenset({*_WAITING, "follow-up"}),
        "accept": frozenset({"agreed", "committed", "delivering", "released"}),
        "report": frozenset({"delivering", "delivered", "follow-up"}),
        "ask": frozenset({"follow-up"}),
        "assess": frozenset({"follow-up"}),
        "reply": frozenset({"follow-up", "closed"}),
        "message": PARTY - {"closed"},
        **dict.fromkeys(FILING, PARTY - {"closed"}),
        "strike": frozenset(PROPOSAL.states),
        "erase-name": frozenset(PROPOSAL.states),
        "warn": frozenset({*_WAITING, "agreed", "committed", "delivering", "released"}),
    }
)
"""What a proposal's history tells besides the steps, by the states in which it may happen: it stays
in its state. `ask` is a question to the State, `assess` its answer and `reply` the donor's to that.
A `message` of the thread was written, `strike` took its text out, `erase-name` its author's name;
`attach` put a file beside it, `detach` took one away. `warn` says that an exemption
which it stands under ends soon.
"""

OF_THREAD = frozenset({"message", "strike", "erase-name", *FILING})
"""What the history tells of thread and files, which tell their readers of themselves."""

WAITING = frozenset(_WAITING)
"""States in which an answer of the donor or of the State is waited for."""
SPOKEN_FOR = WAITING | {"agreed"}
"""States in which a proposal speaks for a need, though nothing of it has to be held."""
DECLINED = frozenset({"rejected", "declined"})
"""States in which the pair is not proposed: somebody said no."""
KEPT = frozenset({"committed", "delivering", "delivered", "follow-up", "closed"})
"""States that follow from what is committed: what is held then stays, whatever the records do."""

COMMITMENT = Lifecycle(
    "reserving",
    (
        Step("hold", frozenset({"reserving"}), "held"),
        Step("undo", frozenset({"reserving"}), "undoing"),
        Step("refuse", frozenset({"undoing"}), "refused"),
        Step("release", frozenset({"held"}), "releasing"),
        Step("expire", frozenset({"held"}), "releasing"),
        Step("bar", frozenset({"held"}), "releasing"),
        Step("finish", frozenset({"releasing"}), "released"),
    ),
)
"""A commitment reserves its lines one by one, and gives them back one by one; `bar` is an embargo's
doing."""

DUPLICATE = Lifecycle(
    "open",
    (
        Step("link", frozenset({"open", "dismissed"}), "linked"),
        Step("dismiss", frozenset({"open", "linked"}), "dismissed"),
        Step("merge", frozenset({"open", "linked", "dismissed", "closed"}), "merged"),
        Step("close", frozenset({"open", "merged"}), "closed"),
        Step("reopen", frozenset({"linked", "dismissed", "merged", "closed"}), "open"),
    ),
)
"""Two records that seem to be the same: a coordinator links or dismisses them, or merges one into
the other in their register; the rest follows from what becomes of the records."""

SETTLED = frozenset({"linked", "dismissed"})
"""States of a pair that a coordinator has decided on."""

HOLDING = frozenset({"held", "releasing"})
"""States in which a commitment counts as taken from its lines."""
COMMITTABLE = frozenset({"agreed", "committed", "delivering", "released"})
"""States of a proposal that may take a (further) commitment: both sides have agreed."""


@dataclass(frozen=True)
class LineLimit:
    """The most that may be held of a line of a record, in the line's own unit.

    `worth_cents` of `worth_currency`: the money that a line counted otherwise states beside that.
    """

    line: int
    measure: Measure
    unit: str
    limit: int
    confidential: bool = False
    worth_cents: int | None = None
    worth_currency: str | None = None


@dataclass(frozen=True)
class Take:
    """What a commitment takes from one ledger line; `amount` as in the ledger."""

    side: LedgerSide
    record: str
    line: int
    measure: Measure
    unit: str
    amount: int

    @property
    def ledger_line(self) -> str:
        """The identifier of the ledger line that it is taken from."""
        return ledger_line_id(self.side, self.record, self.line, self.measure, self.unit)


def ledger_line_id(side: str, record: str, line: int, measure: str, unit: str) -> str:
    """The identifier of a ledger line: a line whose unit changes is another ledger line."""
    return f"{side}:{record}:{line}:{measure}:{unit}"


def proposal_id(request: str, offer: str) -> str:
    """The identifier of the proposal of an offer for a request."""
    return f"{request}.{offer}"


def split_proposal_id(proposal: str) -> tuple[str, str] | None:
    """Request and offer of a proposal's identifier; None if it is none."""
    request, dot, offer = proposal.partition(".")
    return (request, offer) if request and dot and offer else None


def line_limits(side: LedgerSide, data: Mapping[str, Any]) -> tuple[LineLimit, ...]:
    """The limits of a record's lines, from the data of its event.

    A line is counted in one unit only, its own: see `shared.registers.counting`, by which the
    registers show what is committed too.
    """
    if side == "request":
        return tuple(_limit(line, line["quantity"], line["confidential"]) for line in data["needs"])
    if side == "call":
        return _fund(data["fund_cents"], data["fund_currency"])
    return tuple(_limit(line, line["capacity"], False) for line in data["provisions"])


def line_numbers(side: LedgerSide, data: Mapping[str, Any]) -> frozenset[int] | None:
    """The numbers of a record's lines, where its owner gives no number twice
    (shared/registers/lines.py); None of a call, whose one fund comes and goes."""
    if side == "call":
        return None
    lines = data["needs" if side == "request" else "provisions"]
    return frozenset(line["line"] for line in lines)


def _fund(cents: int | None, currency: str | None) -> tuple[LineLimit, ...]:
    """The one line of a call that has a fund."""
    return () if cents is None or currency is None else (LineLimit(1, "money", currency, cents),)


def _limit(line: Mapping[str, Any], quantity: float | None, confidential: bool) -> LineLimit:
    cents, currency = line["amount_cents"], line["currency"]
    stored = None if quantity is None else thousandths(quantity)
    own = counted(line["kind"], stored, line["unit"], cents, currency)
    worth = (cents, currency) if own.measure == "quantity" else (None, None)
    return LineLimit(line["line"], own.measure, own.unit, own.amount, confidential, *worth)


def thousandths(quantity: float | Decimal) -> int:
    """A quantity with at most three decimals, in thousandths."""
    return int((Decimal(str(quantity)) * THOUSANDTHS).to_integral_value(ROUND_HALF_EVEN))


def convert(cents: int, currency: str, into: str, on: date) -> int:
    """Money in another currency at the rate of a day, half to even; UnknownCode, NoRate."""
    if currency == into:
        return cents
    rate = usd_per_unit(currency, on) / usd_per_unit(into, on)
    return int((cents * rate).to_integral_value(ROUND_HALF_EVEN))


def reserving_order(takes: Iterable[Take]) -> list[Take]:
    """The order in which every commitment reserves: that of the ledger lines' identifiers.

    One order for all, so that of commitments that compete for the same lines one comes through.
    """
    return sorted(takes, key=lambda take: take.ledger_line)


def visible_serves(
    serves: Sequence[Mapping[str, Any]], hidden: frozenset[int]
) -> list[Mapping[str, Any]]:
    """What a proposal serves, without the need lines that the reader may not see."""
    return [serving for serving in serves if serving["need"] not in hidden]


def due_step(status: str, *, merged: bool, alike: bool, changed: Callable[[], bool]) -> str | None:
    """The step that the case of two records has to take for what they are now; None for none.

    `merged`: one of them is merged into the other. `alike`: both are open and seem to be the same.
    `changed` tells whether either changed materially since the pair was settled: only then is it
    shown again.
    """
    if merged:
        return None if status == "merged" else "merge"
    if status in SETTLED:
        return "reopen" if alike and changed() else None
    if alike:
        return None if status == "open" else "reopen"
    return None if status == "closed" else "close"
