"""Which provision meets which need, and how much of it: what a reader wants to see of a pair."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import TypedDict

from services.matcher.engine.codes import KIND_CODES, THEME_CODES, closeness_rows, serves_rows
from services.matcher.engine.entries import UNKNOWN
from services.matcher.engine.index import LeftLine

LEAST_FIT = 0.3
THOUSANDTHS = 1000
_DECIMALS = 6


class Serving(TypedDict):
    """A need line and the provision line that serves it best, as it is stored too.

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
    amount: int | None
    amount_of: int | None


def thousandths(count: int) -> float:
    """So many thousandths as a quantity."""
    return count / THOUSANDTHS


@lru_cache(maxsize=4_096)
def rounded(fit: float) -> float:
    """A fit as it is told; there are not many of them."""
    return round(fit, _DECIMALS)


def servings(
    needs: Sequence[LeftLine],
    provisions: Sequence[LeftLine],
    today: int,
    unit: Callable[[int], str | None],
) -> tuple[Serving, ...]:
    """The needs that are served, by line number; lines inferred from texts are not told.

    `unit` gives the name of a line's unit.
    """
    own = [provision for provision in provisions if provision.number]
    served = []
    for need in needs:
        if not (need.number and own):
            continue
        near, serve = closeness_rows()[need.theme], serves_rows()[need.kind]
        best, fit = own[0], -1.0
        for provision in own:
            this = near[provision.theme] * provision.strength * serve[provision.kind]
            if min(need.last, provision.last) < max(need.first, provision.first, today):
                this = 0.0
            if this > fit or (this == fit and provision.number < best.number):
                best, fit = provision, this
        if fit >= LEAST_FIT:
            served.append(_serving(need, best, fit, unit))
    return tuple(sorted(served, key=itemgetter("need")))


def _serving(
    need: LeftLine, provision: LeftLine, fit: float, unit: Callable[[int], str | None]
) -> Serving:
    comparable = (
        need.unit != 0
        and need.unit == provision.unit
        and UNKNOWN not in (need.quantity, provision.quantity)
    )
    priced = need.amount > 0 and provision.amount != UNKNOWN
    return Serving(
        need=need.number,
        provision=provision.number,
        theme=THEME_CODES[need.theme],
        kind=KIND_CODES[need.kind],
        quantity=thousandths(min(need.quantity, provision.quantity)) if comparable else None,
        of=thousandths(need.quantity) if comparable else None,
        unit=unit(need.unit) if comparable else None,
        fit=rounded(fit),
        amount=min(need.amount, provision.amount) if priced else None,
        amount_of=need.amount if priced else None,
    )
