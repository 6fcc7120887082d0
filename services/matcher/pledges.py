"""What the donor pledges when it agrees: nothing above it is committed without being asked anew.

It pledges of its offer's lines, no more than they have left. What that is of the need lines that
these serve is reckoned once, so that the register of requests can show it before anything is
committed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import SCALES, ledger_line_id
from services.matcher.exchange import in_need
from services.matcher.ledger_documents import LedgerLine
from services.matcher.life_documents import LineKey, ToldLine
from services.matcher.record_views import Line, View
from services.matcher.refusing import Refused
from shared.web.problems import FieldError


def above_pledge(
    match: Match, lines: Iterable[CommitmentLine], held: Sequence[str]
) -> Refused | None:
    """Why these lines of the offer cannot be given beside what is held; None where they can.

    A donor that pledged nothing in numbers leaves it to the coordinator; of one that did, a line
    that it did not name gives nothing.
    """
    if not match.pledges:
        return None
    others = Commitment.objects(id__in=list(held)) if held else ()
    every = [*lines, *(line for other in others for line in other.lines)]
    total: Counter[LineKey] = Counter()
    for line in every:
        if line.side == "offer":
            total[line.line, line.measure, line.unit] += line.amount
    pledged = {one.key: one.amount for one in match.pledges}
    for key, amount in sorted(total.items()):
        most = pledged.get(key, 0)
        if amount > most:
            number, measure, unit = key
            scale = SCALES[measure]
            words = (
                f"the donor has pledged {most / scale:g} {unit} of its line {number}, and this "
                f"makes {amount / scale:g}"
            )
            line = {"line": number, "measure": measure, "unit": unit}
            return Refused("above-pledge", words, {**line, "pledged": most, "asked": amount})
    return None


def above_left(
    match: Match, offer: View, pledges: Sequence[ToldLine], field: str
) -> list[FieldError]:
    """What is wrong with pledges of more than their lines have left, in the order of `field`.

    What this match holds of a line already is left for it. A line that the ledger has not heard of
    has all that the offer states of it.
    """
    stated = {line.line: line.limit for line in offer.lines}
    ids = [_ledger_line(offer, one) for one in pledges]
    known = {line.id: line for line in LedgerLine.objects(id__in=ids)} if ids else {}
    errors = []
    for index, (id_, pledge) in enumerate(zip(ids, pledges, strict=True)):
        line = known.get(id_)
        most = stated[pledge.line] if line is None else max(0, line.free) + _own(line, match)
        if pledge.amount > most:
            name = "amount" if pledge.measure == "money" else "quantity"
            left = f"{most / SCALES[pledge.measure]:.12g} {pledge.unit}"
            message = f"Of line {pledge.line} of the offer {left} are left for this proposal."
            errors.append(FieldError(f"{field}[{index}].{name}", message, "more-than-left"))
    return errors


def _ledger_line(offer: View, pledge: ToldLine) -> str:
    return ledger_line_id("offer", offer.record, pledge.line, pledge.measure, pledge.unit)


def _own(line: LedgerLine, match: Match) -> int:
    """What the match's own commitments hold of a line of the ledger."""
    return sum(hold.amount for hold in line.holds if hold.commitment in match.holds)


def pledged_needs(
    request: View,
    offer: View,
    serves: Iterable[Mapping[str, Any]],
    pledges: Sequence[ToldLine],
    on: date,
) -> list[ToldLine]:
    """What pledges of the offer's lines are of the need lines that these serve, in their units.

    A pledge goes to the needs that its line serves, in the order in which `serves` (of the
    proposal's entry) names them, up to what each needs, in the need's unit as `in_need` has it at
    the rates of the day `on`. What cannot be said in that (dollars for machines) is left out
    (pledged_otherwise): how much of the need it is, the commitment says.
    """
    found: Counter[LineKey] = Counter()
    for pledge, line, served in _pledged(request, offer, serves, pledges):
        left = pledge.amount
        for need in served:
            key = (need.line, need.measure, need.unit)
            share = in_need(left, line, need, on) or 0
            given = min(share, need.limit - found[key])
            if given > 0:
                found[key] += given
                left -= left * given // share
    return [
        ToldLine(line=line, measure=measure, unit=unit, amount=amount)
        for (line, measure, unit), amount in sorted(found.items())
    ]


def pledged_otherwise(
    request: View,
    offer: View,
    serves: Iterable[Mapping[str, Any]],
    pledges: Iterable[ToldLine],
    on: date,
) -> list[int]:
    """The need lines of which something is pledged that cannot be said in what they are counted in,
    such as dollars for machines."""
    return sorted(
        {
            need.line
            for pledge, line, served in _pledged(request, offer, serves, pledges)
            for need in served
            if pledge.amount and in_need(pledge.amount, line, need, on) is None
        }
    )


def _pledged(
    request: View,
    offer: View,
    serves: Iterable[Mapping[str, Any]],
    pledges: Iterable[ToldLine],
) -> Iterator[tuple[ToldLine, Line, list[Line]]]:
    """Each pledge with its line of the offer and the need lines that this serves."""
    provisions = {line.line: line for line in offer.lines}
    needs = {line.line: line for line in request.lines}
    pairs = list(serves)
    for pledge in pledges:
        yield pledge, provisions[pledge.line], _served(pairs, needs, pledge.line)


def _served(
    serves: Iterable[Mapping[str, Any]], needs: Mapping[int, Line], provision: int
) -> list[Line]:
    """The need lines that a line of the offer serves, each once."""
    numbers = dict.fromkeys(one["need"] for one in serves if one["provision"] == provision)
    return [needs[number] for number in numbers if number in needs]
