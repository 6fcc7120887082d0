"""What an activity costs, as one amount in one currency."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from xml.etree.ElementTree import Element

from services.offers.iati.facts import code_of, day, decimal
from services.offers.iati.faults import Fault
from shared.vocabulary.currencies import NoRate, currency, usd_per_unit
from shared.vocabulary.errors import UnknownCode
from shared.web.schemas import MAX_AMOUNT

CENT = Decimal("0.01")
_REVISED = "2"
_COMMITMENT = frozenset({"2"})  # outgoing
_SPENT = frozenset({"3", "4"})  # disbursement, expenditure
_DOLLAR = "USD"


@dataclass(frozen=True)
class Money:
    """An amount in major units; US dollars, at the value dates' rates, where currencies differ."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class _Value:
    amount: Decimal
    currency: str
    on: date


def money_of(activity: Element) -> Money | None:
    """What is budgeted: else what is committed, else what was spent; None where nothing is told.

    A revised budget takes the place of the original one of the same period. Raises Fault, for a
    negative budget too; a negative transaction takes back an earlier one.
    """
    default = activity.get("default-currency", "").strip().upper()
    budgets = activity.findall("budget")
    if budgets:
        values = [_value(budget, "budget", default) for budget in _valid(budgets)]
        if any(value.amount < 0 for value in values):
            raise Fault("budget", "negative", "A budget is less than nothing.")
        return _sum(values, "budget")
    for types in (_COMMITMENT, _SPENT):
        values = [
            _value(transaction, "transaction", default)
            for transaction in activity.findall("transaction")
            if code_of(transaction.find("transaction-type")) in types
        ]
        if values:
            return _sum(values, "transaction")
    return None


def commitments(activity: Element) -> Iterator[tuple[int, str]]:
    """Each outgoing commitment in hundredths of its currency; raises Fault."""
    default = activity.get("default-currency", "").strip().upper()
    for transaction in activity.findall("transaction"):
        if code_of(transaction.find("transaction-type")) in _COMMITMENT:
            value = _value(transaction, "transaction", default)
            if not abs(value.amount) <= MAX_AMOUNT:
                raise Fault("transaction/value", "too_large", f"{value.amount} is too much.")
            yield int(value.amount * 100), value.currency


def share(money: Money | None, percentage: Decimal | None) -> Money | None:
    """A part of the money, to the cent; None where either is not known."""
    if money is None or percentage is None:
        return None
    part = (money.amount * percentage / 100).quantize(CENT, ROUND_HALF_EVEN)
    return Money(part, money.currency)


def _valid(budgets: Sequence[Element]) -> list[Element]:
    revised = {_period(budget) for budget in budgets if budget.get("type") == _REVISED}
    return [
        budget
        for budget in budgets
        if budget.get("type") == _REVISED or _period(budget) not in revised
    ]


def _period(budget: Element) -> tuple[date, date]:
    ends = []
    for name in ("period-start", "period-end"):
        element = budget.find(name)
        if element is None:
            raise Fault("budget", "required", f"A budget has no {name}.")
        ends.append(day(element, f"budget/{name}"))
    return ends[0], ends[1]


def _value(element: Element, field: str, default: str) -> _Value:
    value = element.find("value")
    if value is None:
        raise Fault(field, "required", f"A {field} has no value.")
    amount = decimal(value.text or "", f"{field}/value")
    code = value.get("currency", "").strip().upper() or default
    if not code:
        message = "An amount has no currency, and the activity no default-currency."
        raise Fault(f"{field}/value", "required", message)
    try:
        currency(code)
    except UnknownCode:
        message = f"There is no currency '{code[:20]}' in ISO 4217."
        raise Fault(f"{field}/value", "unknown-code", message) from None
    return _Value(amount, code, day(value, f"{field}/value", "value-date"))


def _sum(values: Iterable[_Value], field: str) -> Money | None:
    told = list(values)
    codes = {value.currency for value in told}
    if len(codes) == 1:
        (code,) = codes
        total = sum((value.amount for value in told), Decimal(0))
    else:
        code, total = _DOLLAR, Decimal(0)
        for value in told:
            try:
                total += value.amount * usd_per_unit(value.currency, value.on)
            except NoRate as error:
                raise Fault(f"{field}/value", "no-rate", str(error)) from None
    if total < 0:
        raise Fault(field, "negative", f"The {field}s add up to less than nothing.")
    if total > MAX_AMOUNT:
        raise Fault(field, "too_large", f"The {field}s add up to more than {MAX_AMOUNT:f}.")
    return Money(total.quantize(CENT, ROUND_HALF_EVEN), code) if total else None
