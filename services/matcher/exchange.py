"""How lines that are counted differently are held against one another, in whole numbers."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from math import gcd

from services.matcher.domain import THOUSANDTHS, convert
from services.matcher.record_views import Line
from shared.registers.counting import UNNAMED_UNIT, WHOLE_UNIT
from shared.vocabulary import units
from shared.vocabulary.currencies import NoRate, usd_per_unit
from shared.vocabulary.errors import UnknownCode

_SHARED_OUT = frozenset({WHOLE_UNIT, UNNAMED_UNIT})
"""Quantities of these are shares of the line, or of nobody knows what."""
_LARGEST = 10**6


@dataclass(frozen=True)
class Measured:
    """A line as allocations count it.

    `limit` and `free` are in thousandths or, for money, in US cents; `usd` is what one cent of the
    line's currency is in US cents, 1 for quantities. `worth` is what the whole line is worth in US
    cents, None where nobody said. `grain` is what cannot be split.
    """

    line: Line
    limit: int
    free: int
    own_free: int
    usd: Decimal
    worth: int | None
    grain: int

    @property
    def cost(self) -> tuple[int, int] | None:
        """What is given of the line counts for in money: (US cents, for so much of the line).

        None where nobody said what it is worth.
        """
        if self.line.measure == "money":
            return 1, 1
        return (self.worth, self.limit) if self.worth and self.limit else None

    @property
    def is_converted(self) -> bool:
        """Whether its money is in another currency, so that US cents are rounded."""
        is_money = self.line.measure == "money"
        currency: str | None = self.line.unit if is_money else self.line.worth_currency
        return currency != "USD"

    def own(self, amount: int) -> int:
        """An amount in the line's own unit again, never above what is free of it."""
        if amount >= self.free:
            return self.own_free
        return min(self.own_free, _floor(Decimal(amount) / self.usd))


def measured(line: Line, free: int, on: date) -> Measured | None:
    """A line of which so much is free, at the rates of a day; None where there is no rate."""
    try:
        if line.measure == "money":
            usd = usd_per_unit(line.unit, on)
            limit = _floor(line.limit * usd)
            grain = max(1, limit // line.portions) if line.portions else 1
            return Measured(line, limit, _floor(free * usd), free, usd, limit, grain)
        worth = None
        if line.worth_cents and line.worth_currency:
            worth = _floor(line.worth_cents * usd_per_unit(line.worth_currency, on))
    except (NoRate, UnknownCode):
        return None
    grain = 1 if line.unit in units.DIVISIBLE else THOUSANDTHS
    return Measured(line, line.limit, free, free, Decimal(1), worth, grain)


def is_counted_whole(unit: str) -> bool:
    """Whether a part of one of this unit of quantity is nothing that anybody gives or receives."""
    return unit not in _SHARED_OUT and units.is_counted_whole(unit)


def rate(need: Measured, provision: Measured) -> tuple[int, int] | None:
    """So much of the provision meets so much of the need; None where they cannot be compared.

    One for one in one unit; else by what both are worth.
    """
    ones, others = need.line, provision.line
    if ones.measure == others.measure and (
        ones.measure == "money" or ones.unit == others.unit != UNNAMED_UNIT
    ):
        return 1, 1
    if WHOLE_UNIT in (ones.unit, others.unit):
        return None
    if not (need.worth and provision.worth and need.limit and provision.limit):
        return None
    give, meet = need.worth * provision.limit, need.limit * provision.worth
    common = gcd(give, meet)
    give, meet = give // common, meet // common
    if max(give, meet) > _LARGEST * THOUSANDTHS:
        # Rounded so that never less is given than the need is worth.
        shrink = -(-max(give, meet) // (_LARGEST * THOUSANDTHS))
        give, meet = -(-give // shrink), max(1, meet // shrink)
    return give, meet


def in_need(amount: int, provision: Line, need: Line, on: date) -> int | None:
    """So much of an offer's line in what a need line is counted in, as the ledger has both.

    One for one in one unit, money at the rate of the day `on`; what is counted in another unit, or
    in one that is not known, by what both lines are worth, as where commitments are allocated, and
    to the nearest one that can be given. None where that cannot be said, as of money for machines.
    """
    if provision.measure != need.measure:
        return None
    if provision.unit == need.unit != UNNAMED_UNIT:
        return amount
    if need.measure == "money":
        try:
            return convert(amount, provision.unit, need.unit, on)
        except (NoRate, UnknownCode):
            return None
    asked, given = measured(need, need.limit, on), measured(provision, provision.limit, on)
    exchange = None if asked is None or given is None else rate(asked, given)
    if asked is None or exchange is None:
        return None
    give, meet = exchange
    grains = Decimal(amount * meet) / (give * asked.grain)
    return int(grains.to_integral_value(ROUND_HALF_UP)) * asked.grain


def _floor(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_FLOOR))
