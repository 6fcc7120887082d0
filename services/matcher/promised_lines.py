"""What a proposal promises of both sides' lines: what its donor pledged, what commitments hold.

A proposal's `serves` is what it may still do: what is committed wholly is no longer among that. So
who wants to know what a match is about reads both.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from services.matcher.documents import Commitment, Match
from services.matcher.domain import SCALES
from services.matcher.embargo_checks import stated_lines
from services.matcher.life_documents import LineKey
from services.matcher.proposals import Proposal
from services.matcher.record_views import View

Held = Mapping[str, Sequence[Commitment]]
"""The commitments that hold for matches, the earliest first, by match."""


_MEASURES = ("quantity", "of", "unit", "amount", "amount_of")


def held_by(matches: Iterable[Match]) -> Held:
    """What commitments hold for these matches; one look at the store."""
    ids = [id_ for match in matches for id_ in match.holds]
    found: dict[str, list[Commitment]] = defaultdict(list)
    for one in Commitment.objects(id__in=ids).order_by("created_at") if ids else ():
        found[one.match].append(one)
    return found


def taken_of(held: Iterable[Commitment], side: str) -> Counter[LineKey]:
    """What commitments take from the lines of one side, in the order in which they were made."""
    total: Counter[LineKey] = Counter()
    for line in (line for one in held for line in one.lines):
        if line.side == side:
            total[line.line, line.measure, line.unit] += line.amount
    return total


def taken_serves(
    serves: Iterable[Mapping[str, Any]],
    held: Sequence[Commitment],
    request: View | None,
    hidden: Collection[int] = (),
) -> list[Mapping[str, Any]]:
    """What commitments take of what an offer was to do for a request, what is served best first:
    lines of both sides.

    A need line that was committed without being among what was served is there as the request
    states it, unless it is one of the `hidden`. All is where nothing of it can be told.
    """
    needs, gives = (_numbers(held, side) for side in ("request", "offer"))
    every = sorted(serves, key=lambda one: (-one["fit"], one["need"]))
    taken = [
        one
        for one in every
        if (not needs or one["need"] in needs) and (not gives or one["provision"] in gives)
    ]
    others = needs - {one["need"] for one in taken} - set(hidden)
    stated = stated_lines(request) if request is not None and others else {}
    beside = [
        {
            "need": number,
            "provision": min(gives, default=number),
            "fit": 0.0,
            "theme": stated[number].theme,
            "kind": stated[number].kind,
            **dict.fromkeys(_MEASURES),
        }
        for number in sorted(others & stated.keys())
        if stated[number].theme is not None and stated[number].kind is not None
    ]
    return [*taken, *beside] or every


def themes_of(serves: Iterable[Mapping[str, Any]]) -> list[str]:
    """The themes of what is served, each once, in that order."""
    return list(dict.fromkeys(one["theme"] for one in serves))


def _numbers(held: Iterable[Commitment], side: str) -> set[int]:
    return {line.line for one in held for line in one.lines if line.side == side}


def promised_lines(proposal: Proposal, held: Sequence[Commitment]) -> list[dict[str, Any]]:
    """The lines of both sides of which something is pledged or held, as a reader may see them.

    Of need lines `pledged` is what the pledges of the offer's lines are of them; None where that
    cannot be said, or nobody pledged in numbers.
    """
    match = proposal.match
    if match is None or not (held or match.pledges):
        return []
    found = []
    for view, pledges, rest in (
        (proposal.request, match.pledged_needs, None),
        (proposal.offer, match.pledges, 0 if match.pledges else None),
    ):
        taken, pledged = taken_of(held, view.side), {one.key: one.amount for one in pledges}
        stated = stated_lines(view)
        for key in sorted({*taken, *pledged}):
            number, measure, unit = key
            if view.side == "request" and number in proposal.hidden:
                continue
            line, most = stated.get(number), pledged.get(key, rest)
            found.append(
                {
                    "side": view.side,
                    "line": number,
                    "theme": None if line is None else line.theme,
                    "kind": None if line is None else line.kind,
                    "measure": measure,
                    "unit": unit,
                    "pledged": None if most is None else most / SCALES[measure],
                    "committed": taken[key] / SCALES[measure],
                }
            )
    return found
