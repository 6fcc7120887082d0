"""What a ledger line could not give, in words, and in numbers for whoever says it in others."""

from collections.abc import Mapping
from typing import Any

from services.matcher.domain import CENTS, THOUSANDTHS, Take
from services.matcher.ledger import Outcome
from services.matcher.ledger_documents import LedgerLine
from shared.vocabulary.counts import quantity_text
from shared.vocabulary.errors import UnknownCode

NOT_ENOUGH_LEFT = "not-enough-left"
"""The problem's code where a line has less than was asked of it."""


def shortage_of(take: Take, outcome: Outcome) -> dict[str, Any] | None:
    """What was asked of a line, and what is left of it, as in the ledger; None for another outcome.

    Nor for a confidential line, whose amounts are not for all who read of the refusal.
    """
    if outcome is not Outcome.INSUFFICIENT:
        return None
    line = LedgerLine.objects(id=take.ledger_line).only("free", "confidential").first()
    if line is None or line.confidential:
        return None
    return {
        "side": take.side,
        "record": take.record,
        "line": take.line,
        "measure": take.measure,
        "unit": take.unit,
        "asked": take.amount,
        "left": max(0, line.free),
    }


def refusal_text(take: Take, outcome: Outcome, shortage: Mapping[str, Any] | None) -> str:
    """Why a line did not give what was asked: which line of which record, what is left of it."""
    reason = f"{_named(take)}: {outcome.value}"
    if shortage is None:
        return reason
    seen = shortage_view(shortage)
    asked, left = (_counted(seen[name], take) for name in ("asked", "left"))
    return f"{reason}; {asked} asked, {left} left"


def shortage_view(shortage: Mapping[str, Any]) -> dict[str, Any]:
    """The same with `asked` and `left` in the line's unit, a unit of quantity or a currency."""
    scale = CENTS if shortage["measure"] == "money" else THOUSANDTHS
    return {**shortage, **{name: shortage[name] / scale for name in ("asked", "left")}}


def _named(take: Take) -> str:
    if take.side == "call":
        return f"the fund of call {take.record}"
    if take.side == "project":
        call, _, project = take.record.partition(".")
        return f"what call {call} may give to one project, here {project}"
    if take.side == "alliance":
        return f"line {take.line} of what alliance {take.record} needs in common"
    return f"line {take.line} of {take.side} {take.record}"


def _counted(number: float, take: Take) -> str:
    if take.measure == "money":
        return f"{number:,.2f} {take.unit}"
    try:
        return quantity_text(number, take.unit, "en")
    except UnknownCode:
        return f"{number:g} {take.unit}"
