"""How far help has come, line by line: pledged, committed, given.

What is pledged, and what both sides say was given, comes from the matcher's match events
(matched.py), what is committed from the ledger's (commitments.py). A commitment is a pledge too:
of each match the greater of both counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from shared.lifecycle import GIVEN, PLEDGED
from shared.registers.commitments import holding
from shared.registers.counting import Counted
from shared.registers.matched import MatchCopy

Stored = Mapping[str, Any]
Side = Literal["request", "offer"]


@dataclass(frozen=True)
class Progress:
    """What is known of one record: its matches by id, and the commitments that hold its lines.

    Amounts are integers in what a line is counted in, which is `own`.
    """

    side: Side
    matches: dict[str, Stored]
    commitments: list[Stored]

    def pledged(self, line: int, own: Counted) -> int:
        """What is pledged of a line."""
        stands: Counter[str | None] = Counter()
        held: Counter[str | None] = Counter()
        for id_, match in self.matches.items():
            if match["status"] in PLEDGED:
                stands[id_] += _amount(match.get("pledged", ()), line, own, side=self.side)
        for one in self.commitments:
            held[one.get("match")] += _amount(one["lines"], line, own)
        return sum((stands | held).values())

    def pledged_otherwise(self, line: int) -> bool:
        """Whether something is pledged of a need line in what it is not counted in, of which no
        commitment says yet how much of the line it is."""
        told = {
            one.get("match")
            for one in self.commitments
            if any(taken["line"] == line for taken in one["lines"])
        }
        return any(
            line in match.get("pledged_otherwise", ())
            for id_, match in self.matches.items()
            if match["status"] in PLEDGED and id_ not in told
        )

    def committed(self, line: int, own: Counted) -> int:
        """What commitments hold of a line."""
        return sum(_amount(one["lines"], line, own) for one in self.commitments)

    def delivered(self, line: int, own: Counted) -> int:
        """What was given of a need line: of each commitment as much as of what it was met with.

        That is what the State says it received, or the donor that it disbursed where the State says
        nothing, or all once the match is delivered where neither does.
        """
        given = Fraction(0)
        for one in self.commitments:
            amount = _amount(one["lines"], line, own)
            match = self.matches.get(one.get("match") or "")
            if amount and match is not None:
                given += amount * self._part(one, match, own)
        return int(given)

    def reported(self, line: int, own: Counted, by: str) -> int | None:
        """What the side `by` (donor, state) says was given of an offer's line; None: nothing."""
        told = [
            one["amount"]
            for match in self.matches.values()
            for one in _lines(match.get("reported", ()), line, own, side=by)
        ]
        return sum(told) if told else None

    def _part(self, commitment: Stored, match: Stored, own: Counted) -> Fraction:
        """Which part of what meets a need line was given: of lines counted as it is, if any are."""
        met = commitment.get("met", ())
        same = [one for one in met if (one["measure"], one["unit"]) == (own.measure, own.unit)]
        parts = [(one["amount"] if same else 1, self._given(one, match)) for one in same or met]
        whole = sum(weight for weight, _ in parts)
        return sum((weight * part for weight, part in parts), Fraction(0)) / (whole or 1)

    def _given(self, met: Stored, match: Stored) -> Fraction:
        """Which part of what a match's commitments take from a line of the offer was given."""
        own = Counted(met["measure"], met["unit"], 0)
        for side in ("state", "donor"):
            told = list(_lines(match.get("reported", ()), met["line"], own, side=side))
            if told:
                taken = sum(
                    _amount(one.get("met", ()), met["line"], own)
                    for one in self.commitments
                    if one.get("match") == match["_id"]
                )
                return min(Fraction(1), Fraction(told[0]["amount"], taken or 1))
        return Fraction(match["status"] in GIVEN)


def progress_of(records: Iterable[str], side: Side) -> Mapping[str, Progress]:
    """How far help has come with these records of the register, by record."""
    found = {record: Progress(side, {}, []) for record in records}
    for match in _matches(found, side):
        found[match[side]].matches[match["_id"]] = match
    for commitment in holding(found):
        for record in {line["record"] for line in commitment["lines"]} & found.keys():
            found[record].commitments.append(commitment)
    return found


def _matches(records: Collection[str], side: str) -> Iterable[Stored]:
    query = {side: {"$in": list(records)}}
    return MatchCopy._get_collection().find(query) if records else ()


def _lines(lines: Iterable[Stored], line: int, own: Counted, **of: str) -> Iterable[Stored]:
    """Those of one number, counted as `own` is, with these members."""
    wanted = {"line": line, "measure": own.measure, "unit": own.unit, **of}
    return (one for one in lines if all(one[name] == value for name, value in wanted.items()))


def _amount(lines: Iterable[Stored], line: int, own: Counted, **of: str) -> int:
    return sum(one["amount"] for one in _lines(lines, line, own, **of))
