"""Pledged, committed, disbursed, received: both sides' figures, line by line of the offer.

Both sides tell of the lines of the offer, in the unit that each is counted in, whatever they meet:
so the two can be compared, and a donor learns of no need line that it may not see. What is told is
the whole up to a day, so that the same thing told twice counts once and a slip is put right by
telling it again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.matcher.documents import Match
from services.matcher.life_documents import LineKey, ToldLine, newest_told
from services.matcher.promised_lines import held_by, taken_of
from services.matcher.promises import has_part, part_error, taken_line
from services.matcher.record_views import Line, View
from shared.web.problems import FieldError, invalid


@dataclass(frozen=True)
class Figures:
    """Of one line of the offer, in its unit as the ledger counts it; None: nobody has told."""

    line: int
    measure: str
    unit: str
    pledged: int | None
    committed: int
    disbursed: int | None
    received: int | None

    @property
    def difference(self) -> int | None:
        """How much more the donor says to have given than the State to have been given."""
        if self.disbursed is None or self.received is None:
            return None
        return self.disbursed - self.received


def figures(match: Match) -> list[Figures]:
    """Both sides' figures of each line that is pledged, committed or told of, by line."""
    committed = _committed(match)
    pledged = {one.key: one.amount for one in match.pledges}
    told = newest_told(match.reports)
    keys = {*committed, *pledged, *told["donor"], *told["state"]}
    return [
        Figures(
            line=number,
            measure=measure,
            unit=unit,
            pledged=pledged.get((number, measure, unit), 0 if pledged else None),
            committed=committed.get((number, measure, unit), 0),
            disbursed=told["donor"].get((number, measure, unit)),
            received=told["state"].get((number, measure, unit)),
        )
        for number, measure, unit in sorted(keys)
    ]


def received_part(match: Match) -> float | None:
    """The part of what is committed that the State says it received, from 0 to 1: the mean over
    the lines that it told of. None for none."""
    parts = [
        min(one.received / one.committed, 1.0)
        for one in figures(match)
        if one.received is not None and one.committed
    ]
    return round(sum(parts) / len(parts), 4) if parts else None


def committed_lines(match: Match) -> dict[int, Line]:
    """The lines of the offer that commitments hold, by number, as the newest one counts each.

    `limit` is how much they hold of it.
    """
    found = {}
    for (number, measure, unit), amount in _committed(match).items():
        found[number] = Line(line=number, measure=measure, unit=unit, limit=amount)
    return found


def _committed(match: Match) -> Counter[LineKey]:
    return taken_of(held_by([match]).get(match.id, ()), "offer")


def told_lines(
    view: View,
    known: Mapping[int, Line],
    sent: Sequence[Mapping[str, Any]],
    on: date,
    field: str,
) -> list[ToldLine]:
    """What a body says of lines of the offer `view`, each in the unit that it is counted in.

    Money in another currency is reckoned at the rate of the day `on`. Of units that are counted
    whole there is no part, unless that is all of a line that has one. Raises the 422 problem that
    names each field that is wrong.
    """
    errors: list[FieldError] = []
    told: list[ToldLine] = []
    for index, one in enumerate(sent):
        name = f"{field}[{index}]"
        line = known.get(one["line"])
        if line is None:
            message = f"There is no line {one['line']} of the offer to tell of."
            errors.append(FieldError(f"{name}.line", message, "unknown-line"))
        elif any(one["line"] == other.line for other in told):
            errors.append(FieldError(f"{name}.line", "This line was sent twice.", "repeated-line"))
        else:
            found = _told(view, line, one, on, name, errors)
            if found is not None:
                told.append(found)
    if errors:
        raise invalid(errors)
    return told


def _told(
    view: View,
    known: Line,
    sent: Mapping[str, Any],
    on: date,
    field: str,
    errors: list[FieldError],
) -> ToldLine | None:
    own, other = ("quantity", "amount") if known.measure == "quantity" else ("amount", "quantity")
    if sent[own] == 0 and sent[other] is None:  # nothing so far: no rate is needed for it
        return ToldLine(line=known.line, measure=known.measure, unit=known.unit, amount=0)
    taken = taken_line(view, known, sent, on, field, errors)
    if taken is None:
        return None
    if has_part(known.measure, known.unit, taken.amount) and taken.amount != known.limit:
        errors.append(part_error(known.unit, field))  # all of a line that has a part may be told
        return None
    names = ("line", "measure", "unit", "amount", "given_cents", "given_currency", "rate_date")
    return ToldLine(**{name: taken[name] for name in names})
