"""What the matcher tells of money, which is in US dollars, in a line's own currency and back."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from shared.vocabulary.currencies import NoRate, from_usd_cents, to_usd_cents
from shared.vocabulary.errors import UnknownCode

_CENTS = 100


def in_currency(
    dollars: float, currency: str, on: date, like: Iterable[float] = ()
) -> float | None:
    """US dollars in a currency, at the rate of a day as the matcher has it; None without a rate.

    Amounts `like` it that are worth the same to the cent are taken for it: that part is rounded.
    """
    near = [_cents(one) for one in like]
    try:
        return from_usd_cents(_cents(dollars), currency, on, near) / _CENTS
    except (NoRate, UnknownCode):
        return None


def in_dollars(value: float, currency: str, on: date) -> float | None:
    """An amount of a currency in US dollars at the rate of a day; None without a rate."""
    try:
        return to_usd_cents(_cents(value), currency, on) / _CENTS
    except (NoRate, UnknownCode):
        return None


def _cents(value: float) -> int:
    return round(Decimal(str(value)) * _CENTS)
