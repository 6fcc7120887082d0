"""In what a line is counted: one measure in one unit, so that nothing can be given twice.

The ledger holds lines by this rule and the registers show by it what is committed and left.
"""

from dataclasses import dataclass
from typing import Any, Literal

from shared.registers.measures import THOUSANDTHS, event_unit

Measure = Literal["quantity", "money"]

WHOLE_UNIT = "whole"
"""Unit of a line that gives neither quantity nor money: it is shared out as one whole."""
UNNAMED_UNIT = "unspecified"
"""Unit of a quantity whose unit is not known to the vocabulary."""


@dataclass(frozen=True)
class Counted:
    """What a line is counted in, and how much of that it has.

    `amount` is in thousandths of the unit, or in hundredths of a currency's major unit.
    """

    measure: Measure
    unit: str
    amount: int


def counted(
    kind: str, quantity: int | None, unit: str | None, cents: int | None, currency: str | None
) -> Counted:
    """What a line is counted in: `quantity` in thousandths of the vocabulary's `unit`.

    One unit only, so that what it asks for cannot be given once in machines and once more in
    money. That unit is money for funding; else the quantity where one is given, else money; a line
    with neither counts as one whole.
    """
    if cents is not None and currency is not None and (kind == "funding" or quantity is None):
        return Counted("money", currency, cents)
    if quantity is None:
        return Counted("quantity", WHOLE_UNIT, THOUSANDTHS)
    return Counted("quantity", unit or UNNAMED_UNIT, quantity)


def counted_line(line: Any, quantity: str) -> Counted:
    """What a stored line is counted in; `quantity` names its field."""
    unit = event_unit(line.unit)
    return counted(line.kind, getattr(line, quantity), unit, line.amount, line.currency)
