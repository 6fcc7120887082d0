"""Currencies, their names, and dated exchange rates to the US dollar.

Amounts in the product are whole hundredths of a currency's major unit ("cents"), whatever the
currency: 1 yen is 100, although the yen has no smaller coin, and 1 dinar of Kuwait is 100 too,
although it has a thousand fils. `minor_units` is for showing amounts, never for reckoning.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from operator import itemgetter

import pycountry
from babel.numbers import get_currency_precision

from shared.vocabulary.errors import UnknownCode
from shared.vocabulary.languages import locale
from shared.vocabulary.tables import read_table


class NoRate(LookupError):  # noqa: N818 (the name that the other rooms catch)
    """There is no exchange rate of the currency for that day. Has `code` and `on`."""

    def __init__(self, code: str, on: date) -> None:
        super().__init__(
            f"There is no exchange rate of {code} for {on}; give the amount in US dollars."
        )
        self.code = code
        self.on = on


@dataclass(frozen=True)
class Currency:
    """A currency of ISO 4217; `minor_units` is the number of decimals it is usually shown with.

    ISO's codes for metals, units of account, tests and none are no currencies here.
    """

    code: str
    minor_units: int


@dataclass(frozen=True)
class _Rates:
    days: tuple[date, ...]
    usd_per_unit: tuple[Decimal, ...]

    def on(self, day: date) -> Decimal | None:
        """The latest rate on or before the day."""
        place = bisect_right(self.days, day)
        return self.usd_per_unit[place - 1] if place else None


@dataclass(frozen=True)
class _Parity:
    anchor: str
    units_per_anchor: Decimal
    since: date


@cache
def all_currencies() -> frozenset[str]:
    """The codes of all currencies."""
    no_money = {row["code"] for row in read_table("no_money.tsv")}
    return frozenset(entry.alpha_3 for entry in pycountry.currencies) - no_money


@cache
def _rates() -> Mapping[str, _Rates]:
    found: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in read_table("rates.tsv"):
        rate = (date.fromisoformat(row["date"]), Decimal(row["usd_per_unit"]))
        found[row["currency"]].append(rate)
    return {
        code: _Rates(
            tuple(day for day, _ in sorted(rates, key=itemgetter(0))),
            tuple(rate for _, rate in sorted(rates, key=itemgetter(0))),
        )
        for code, rates in found.items()
    }


@cache
def _parities() -> Mapping[str, _Parity]:
    return {
        row["currency"]: _Parity(
            row["anchor"], Decimal(row["units_per_anchor"]), date.fromisoformat(row["since"])
        )
        for row in read_table("parities.tsv")
    }


@cache
def currency(code: str) -> Currency:
    """The currency of an ISO 4217 code in capitals; UnknownCode."""
    if code not in all_currencies():
        raise UnknownCode("currencies", code, sorted(all_currencies()))
    return Currency(code, get_currency_precision(code))


def currency_name(code: str, language: str) -> str:
    """The currency's name in one of the six languages; UnknownCode for either."""
    names = locale(language).currencies
    return str(names.get(currency(code).code, code))


def minor_units(code: str) -> int:
    """The number of decimals the currency is usually shown with; UnknownCode."""
    return currency(code).minor_units


def has_rate(code: str) -> bool:
    """Whether what is said in the currency is worth something in US dollars; UnknownCode."""
    try:
        usd_per_unit(code, date.max)
    except NoRate:
        return False
    return True


def usd_per_unit(code: str, on: date) -> Decimal:
    """US dollars for one major unit: the latest rate on or before the day; UnknownCode, NoRate.

    A currency with a fixed parity follows its anchor. After the last day in the data the last
    rate holds, so the same question has the same answer as long as the data are the same.
    """
    if currency(code).code == "USD":
        return Decimal(1)
    parity = _parities().get(code)
    if parity is not None and on >= parity.since:
        try:
            return usd_per_unit(parity.anchor, on) / parity.units_per_anchor
        except NoRate:
            raise NoRate(code, on) from None
    rates = _rates().get(code)
    rate = rates.on(on) if rates else None
    if rate is None:
        raise NoRate(code, on)
    return rate


def to_usd_cents(amount_cents: int, code: str, on: date) -> int:
    """Hundredths of the currency's major unit as hundredths of a US dollar, half to even.

    UnknownCode for a code that is none, NoRate if no rate of it is known for that day.
    """
    if code == "USD":
        return amount_cents
    usd = Decimal(amount_cents) * usd_per_unit(code, on)
    return int(usd.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def from_usd_cents(usd_cents: int, code: str, on: date, like: Iterable[int] = ()) -> int:
    """Hundredths of the currency's major unit that are worth so many hundredths of a US dollar.

    In a weak currency many amounts are worth the same to the cent: the first of those in `like`,
    else the roundest one, as people write them. UnknownCode, NoRate as `to_usd_cents`.
    """
    if code == "USD":
        return usd_cents
    own = usd_cents / usd_per_unit(code, on)
    digits = range(own.adjusted(), 0, -1)
    rounded = (int(own.scaleb(-n).to_integral_value()) * 10**n for n in digits)
    found = (one for one in (*like, *rounded) if to_usd_cents(one, code, on) == usd_cents)
    return next(found, int(own.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)))
