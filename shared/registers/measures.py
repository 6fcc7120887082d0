"""How much: decimals on the wire, whole numbers in the store and in events."""

from decimal import Decimal
from typing import Any

from shared.vocabulary.units import canonical_unit

THOUSANDTHS = 1000
HUNDREDTHS = 100


def thousandths(quantity: Decimal | None) -> int | None:
    """A quantity with at most three decimals as whole thousandths."""
    return None if quantity is None else int(quantity * THOUSANDTHS)


def hundredths(amount: Decimal | None) -> int | None:
    """An amount of money in major units, at most two decimals, as whole hundredths."""
    return None if amount is None else int(amount * HUNDREDTHS)


def quantity_of(stored: int | None) -> Decimal | None:
    """The quantity of whole thousandths."""
    return None if stored is None else Decimal(stored) / THOUSANDTHS


def amount_of(stored: int | None) -> Decimal | None:
    """The amount in major units of whole hundredths."""
    return None if stored is None else Decimal(stored) / HUNDREDTHS


def in_measure(measure: str, stored: int) -> dict[str, Decimal | None]:
    """What is counted in a measure, `money` or another, as `amount` or as `quantity`."""
    is_money = measure == "money"
    return {
        "quantity": None if is_money else quantity_of(stored),
        "amount": amount_of(stored) if is_money else None,
    }


def event_quantity(stored: int | None) -> int | float | None:
    """The quantity of whole thousandths as a JSON number, whole where it can be."""
    if stored is None:
        return None
    whole, rest = divmod(stored, THOUSANDTHS)
    return stored / THOUSANDTHS if rest else whole


def event_unit(unit: str | None) -> str | None:
    """The vocabulary's code for a unit as it was written; None where it is not understood.

    What was written stays with the owner: it is free text.
    """
    return canonical_unit(unit) if unit else None


def event_measures(line: Any, quantity: str) -> dict[str, Any]:
    """The measures of a stored line for its event; `quantity` names both field and member."""
    return {
        quantity: event_quantity(getattr(line, quantity)),
        "unit": event_unit(line.unit),
        "amount_cents": line.amount,
        "currency": line.currency,
    }
