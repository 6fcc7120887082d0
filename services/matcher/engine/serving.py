"""Which provision meets which need, and how much of it: what a reader wants to see of a pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

from services.matcher.engine.codes import KIND_CODES, THEME_CODES
from services.matcher.engine.entries import UNKNOWN, EntryLine
from services.matcher.engine.lines import fit_of

_LEAST_FIT = 0.3
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True)
class Serving:
    """A need line and the provision line that serves it best.

    `theme` and `kind` are the need's. `quantity` is what the provision can give `of` what is
    needed, both in `unit`; None where the two cannot be compared. `fit` is from 0 to 1. `amount` is
    what it can give of the `amount_of` that the need costs, both in US cents; None where either
    does not state it.
    """

    need: int
    provision: int
    theme: str
    kind: str
    quantity: float | None
    of: float | None
    unit: str | None
    fit: float
    amount: int | None = None
    amount_of: int | None = None


def servings(
    needs: Sequence[EntryLine], provisions: Sequence[EntryLine], today: int
) -> tuple[Serving, ...]:
    """The needs that are served, by line number; lines inferred from texts are not told."""
    own = [provision for provision in provisions if provision.number]
    served = []
    for need in needs:
        if not (need.number and own):
            continue
        fits = [(fit_of(need, provision, today), -provision.number, provision) for provision in own]
        fit, _, provision = max(fits, key=itemgetter(0, 1))
        if fit >= _LEAST_FIT:
            served.append(_serving(need, provision, fit))
    return tuple(sorted(served, key=lambda serving: serving.need))


def _serving(need: EntryLine, provision: EntryLine, fit: float) -> Serving:
    comparable = (
        need.unit is not None
        and need.unit == provision.unit
        and UNKNOWN not in (need.quantity, provision.quantity)
    )
    priced = need.amount > 0 and provision.amount != UNKNOWN
    return Serving(
        need=need.number,
        provision=provision.number,
        theme=THEME_CODES[need.theme],
        kind=KIND_CODES[need.kind],
        quantity=min(need.quantity, provision.quantity) / _THOUSANDTHS if comparable else None,
        of=need.quantity / _THOUSANDTHS if comparable else None,
        unit=need.unit if comparable else None,
        fit=round(fit, 6),
        amount=min(need.amount, provision.amount) if priced else None,
        amount_of=need.amount if priced else None,
    )
