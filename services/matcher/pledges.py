"""What the donor pledges when it agrees: nothing above it is committed without being asked anew."""

from collections import Counter
from collections.abc import Iterable, Sequence

from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.domain import CENTS, THOUSANDTHS

_SCALES = {"quantity": THOUSANDTHS, "money": CENTS}


def above_pledge(match: Match, lines: Iterable[CommitmentLine], held: Sequence[str]) -> str | None:
    """Why these lines of the offer cannot be given beside what is held; None where they can.

    A donor that pledged nothing in numbers leaves it to the coordinator; of one that did, a line
    that it did not name gives nothing.
    """
    if not match.pledges:
        return None
    others = Commitment.objects(id__in=list(held)) if held else ()
    every = [*lines, *(line for other in others for line in other.lines)]
    total: Counter[tuple[int, str, str]] = Counter()
    for line in every:
        if line.side == "offer":
            total[line.line, line.measure, line.unit] += line.amount
    pledged = {one.key: one.amount for one in match.pledges}
    for key, amount in sorted(total.items()):
        most = pledged.get(key, 0)
        if amount > most:
            number, measure, unit = key
            scale = _SCALES[measure]
            return (
                f"the donor has pledged {most / scale:g} {unit} of its line {number}, and this "
                f"makes {amount / scale:g}"
            )
    return None
