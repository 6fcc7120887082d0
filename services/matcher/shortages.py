"""What a ledger line could not give, in words, and in numbers for whoever says it in others."""

from collections.abc import Mapping
from typing import Any

from services.matcher.documents import Commitment
from services.matcher.domain import Take
from services.matcher.ledger import Outcome
from services.matcher.ledger_documents import LedgerLine
from services.matcher.refusing import Refused, in_unit
from shared.vocabulary.counts import quantity_text
from shared.vocabulary.errors import UnknownCode

NOT_ENOUGH_LEFT = "not-enough-left"
"""The problem's code where a line has less than was asked of it."""
REFUSED = "refused"
"""The problem's code of a commitment that was refused for anything else."""
_CODES: Mapping[Outcome, str] = {
    Outcome.INSUFFICIENT: NOT_ENOUGH_LEFT,
    Outcome.CLOSED: "not-open",
    Outcome.UNKNOWN: "unknown-line",
    Outcome.RELEASED: "finished",
}
_AMOUNTS = ("asked", "left")


def shortage_of(take: Take, outcome: Outcome) -> dict[str, Any] | None:
    """Which line has less than was asked of it; None for another outcome.

    With how much was asked and is left, as in the ledger, unless the line is confidential.
    """
    if outcome is not Outcome.INSUFFICIENT:
        return None
    line = LedgerLine.objects.only("free", "confidential").get(id=take.ledger_line)
    told = {"asked": take.amount, "left": max(0, line.free)}
    return {
        "side": take.side,
        "record": take.record,
        "line": take.line,
        "measure": take.measure,
        "unit": take.unit,
        **({} if line.confidential else told),
    }


def refusal_of(take: Take, outcome: Outcome) -> Refused:
    """Why a line did not give what was asked, as all who read of the commitment may know it."""
    return Refused(_CODES[outcome], f"{_named(take)}: {outcome.value}")


def whole_refusal(commitment: Commitment) -> str:
    """The same with what was asked and what is left, for who commits: no party is told of that."""
    short = commitment.shortage
    if not short or "left" not in short:
        return str(commitment.refusal)
    seen = shortage_view(short)
    asked, left = (_counted(seen[name], short["measure"], short["unit"]) for name in _AMOUNTS)
    return f"{commitment.refusal}; {asked} asked, {left} left"


def refusal_code(commitment: Commitment) -> str:
    """The code of why a commitment was refused."""
    return NOT_ENOUGH_LEFT if commitment.shortage else REFUSED


def shortage_view(shortage: Mapping[str, Any]) -> dict[str, Any]:
    """The same with `asked` and `left` in the line's unit."""
    return in_unit(shortage, _AMOUNTS)


def _named(take: Take) -> str:
    if take.side == "call":
        return f"the fund of call {take.record}"
    if take.side == "project":
        call, _, project = take.record.partition(".")
        return f"what call {call} may give to one project, here {project}"
    if take.side == "alliance":
        return f"line {take.line} of what alliance {take.record} needs in common"
    return f"line {take.line} of {take.side} {take.record}"


def _counted(number: float, measure: str, unit: str) -> str:
    if measure == "money":
        return f"{number:,.2f} {unit}"
    try:
        return quantity_text(number, unit, "en")
    except UnknownCode:
        return f"{number:g} {unit}"
