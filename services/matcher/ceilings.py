"""An offer's ceiling: the most of its money that one project may be given.

A project is a request, or what several of them are together by an alliance.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction

from services.matcher.documents import Commitment, CommitmentLine
from services.matcher.domain import CENTS, convert
from services.matcher.record_views import View
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode


def above_ceiling(
    offer: View, lines: Iterable[CommitmentLine], held: Sequence[str], on: date
) -> str | None:
    """Why the offer cannot give a project these lines beside what it gives it already.

    None where it can. `held` are the ids of the commitments that it gives already; money is
    reckoned in the ceiling's currency at the rate of the day `on`. What is counted otherwise than
    in money takes its part of the money that its line is worth, and nothing where none is stated.
    """
    if offer.ceiling is None:
        return None
    ceiling, currency = offer.ceiling
    others = Commitment.objects(id__in=list(held)) if held else ()
    every = [*lines, *(line for other in others for line in other.lines)]
    try:
        total = sum(
            cents_given(offer, line, currency, on) for line in every if line.side == "offer"
        )
    except (NoRate, UnknownCode) as error:
        return f"the offer's ceiling for one project cannot be checked ({error})"
    if total <= ceiling:
        return None
    return (
        f"the offer gives a project {ceiling / CENTS:.2f} {currency} at most, and with this "
        f"commitment it would be {total / CENTS:.2f}"
    )


def ceiling_left(offer: View, held: Iterable[Commitment], on: date) -> int:
    """What an offer's ceiling leaves beside what it gives by these, in its currency's hundredths.

    0 where that cannot be reckoned, or the offer has no ceiling.
    """
    if offer.ceiling is None:
        return 0
    ceiling, currency = offer.ceiling
    lines = [line for one in held for line in one.lines if line.side == "offer"]
    try:
        given = sum(cents_given(offer, line, currency, on) for line in lines)
        return int(max(0, ceiling - given))
    except (NoRate, UnknownCode):
        return 0


def cents_given(offer: View, taken: CommitmentLine, currency: str, on: date) -> int:
    """What is taken of an offer's line, as its ceiling counts it; NoRate, UnknownCode."""
    return worth(offer, taken, currency, on) or 0


def worth(offer: View, taken: CommitmentLine, currency: str, on: date) -> int | None:
    """What is taken of an offer's line, in hundredths of a currency at the rate of a day.

    None for a quantity of a line that states no money. Raises NoRate and UnknownCode.
    """
    if taken.measure == "money":
        return convert(taken.amount, taken.unit, currency, on)
    for line in offer.lines:
        if (line.line, line.measure, line.unit) != (taken.line, taken.measure, taken.unit):
            continue
        if line.worth_cents is not None and line.worth_currency is not None and line.limit:
            part = round(Fraction(line.worth_cents * taken.amount, line.limit))
            return convert(part, line.worth_currency, currency, on)
    return None
