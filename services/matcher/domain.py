"""The matcher's rules, without input or output: states of proposals and commitments, ledger lines.

Amounts in the ledger are integers in a line's own unit: thousandths of a unit of quantity, or
hundredths of a currency's major unit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal

from shared.lifecycle import Lifecycle, Step
from shared.registers.counting import Measure, counted
from shared.vocabulary.currencies import usd_per_unit

Side = Literal["request", "offer"]
LedgerSide = Literal["request", "offer", "call", "project", "alliance"]
"""What a ledger line is of; `project` is what a call gives to one request (calls.py)."""
SOURCE = "/entraide/matcher"
"""The source of the matcher's events."""

THOUSANDTHS = 1000
CENTS = 100

PROPOSAL = Lifecycle(
    "proposed",
    (
        Step("endorse", frozenset({"proposed", "rejected", "released"}), "endorsed"),
        Step("reject", frozenset({"proposed", "endorsed", "released"}), "rejected"),
        Step("reopen", frozenset({"rejected"}), "proposed"),
        Step("commit", frozenset({"endorsed", "released"}), "committed"),
        Step("release", frozenset({"committed"}), "released"),
    ),
)
"""A proposal that somebody acted on; `committed` while at least one commitment holds."""

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
COMMITTABLE = frozenset({"endorsed", "committed", "released"})
"""States of a proposal that may take a (further) commitment: somebody has reviewed it."""


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
