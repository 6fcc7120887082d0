"""How much waits for coordinators, as far as one of them may decide on it."""

from collections.abc import Collection, Sequence
from typing import Any

from services.matcher.alliance_documents import Alliance
from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Match, Shortlist
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.existence import known_duplicates
from services.matcher.proposal_lists import batches, in_parts, lists_for, waiting_lists
from services.matcher.rights import oversees
from shared.registers.conditions import Condition
from shared.registers.newest import count_up_to
from shared.web.identity import Identity, covered_countries
from shared.web.waiting import MOST

_COUNTED = {"request": 1, "turn": 1, "offers": 1, "superseded": 1}
_MANY = 3 * MOST
"""So many lists of which the best waits are enough: what was decided on a moment ago they do not
tell yet, but that is less."""


def waiting(identity: Identity, best: int | None = None) -> dict[str, int]:
    """How many proposals, duplicates, coverage cases and alliances wait; MOST for that or more.

    Of each request the `best` proposals count, all by default.
    """
    everywhere = oversees(identity, None)
    held = {} if everywhere else {"$in": covered_countries(identity)}
    country: Condition = {} if everywhere else {"country": held}
    states: Condition = {} if everywhere else {"states": held}
    return {
        "proposals": _proposals(country, best),
        "duplicates": count_up_to(
            DuplicateCase, {"status": "open", **known_duplicates(identity)}, MOST
        ),
        "coverage": count_up_to(CoverageCase, {"status": "open", **country}, MOST),
        "alliances": count_up_to(Alliance, {"status": "proposed", **states}, MOST),
    }


def _proposals(country: Condition, best: int | None) -> int:
    """Listed pairs that nobody acted on and that others do not supersede.

    Where many wait, an index says so alone.
    """
    if not country and count_up_to(Shortlist, {"waits_at": 1}, _MANY, ("turn", 1)) >= _MANY:
        return MOST
    found, first = 0, lists_for(MOST, best)
    wanted = {**country, **waiting_lists(best)}
    for batch in batches(in_parts(wanted, _COUNTED, first), first):
        found += _undecided(batch, best)
        if found >= MOST:
            return MOST
    return found


def _undecided(shortlists: list[dict[str, Any]], best: int | None) -> int:
    requests = [one["request"] for one in shortlists]
    acted = Match.objects(request__in=requests, status__ne="proposed").scalar("request", "offer")
    decided = set(acted)
    return sum(
        (one["request"], offer) not in decided
        for one in shortlists
        for offer in _not_superseded(one["offers"][:best], one.get("superseded", ()))
    )


def _not_superseded(offers: Sequence[str], superseded: Collection[str]) -> list[str]:
    return [offer for offer in offers if offer not in superseded]
