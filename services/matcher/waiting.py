"""How much waits for coordinators, as far as one of them may decide on it."""

from collections.abc import Mapping
from typing import Any

from services.matcher.alliance_documents import Alliance
from services.matcher.coverage_documents import CoverageCase
from services.matcher.documents import Match, Shortlist, entries_of
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.existence import known_duplicates
from services.matcher.rights import oversees
from shared.web.identity import Identity, covered_countries
from shared.web.waiting import MOST

_COUNTED = {"request": 1, "offers": 1, "entries": 1}
_BATCH = 10


def waiting(identity: Identity, best: int | None = None) -> dict[str, int]:
    """How many proposals, duplicates, coverage cases and alliances wait; MOST for that or more.

    Of each request the `best` proposals count, all by default.
    """
    everywhere = oversees(identity, None)
    held = {} if everywhere else {"$in": covered_countries(identity)}
    country, states = ({}, {}) if everywhere else ({"country": held}, {"states": held})
    return {
        "proposals": _proposals(country, best),
        "duplicates": _count(DuplicateCase, {"status": "open", **known_duplicates(identity)}),
        "coverage": _count(CoverageCase, {"status": "open", **country}),
        "alliances": _count(Alliance, {"status": "proposed", **states}),
    }


def _count(kind: Any, condition: Mapping[str, Any]) -> int:
    return int(kind._get_collection().count_documents(condition, limit=MOST))


def _proposals(country: Mapping[str, Any], best: int | None) -> int:
    """Listed pairs that nobody acted on and that others do not supersede."""
    found, batch = 0, []
    for shortlist in Shortlist._get_collection().find(dict(country), _COUNTED):
        batch.append(shortlist)
        if len(batch) == _BATCH:
            found += _undecided(batch, best)
            batch = []
        if found >= MOST:
            return MOST
    return min(MOST, found + _undecided(batch, best))


def _undecided(shortlists: list[dict[str, Any]], best: int | None) -> int:
    if not shortlists:
        return 0
    requests = [one["request"] for one in shortlists]
    acted = Match.objects(request__in=requests, status__ne="proposed").scalar("request", "offer")
    decided = set(acted)
    return sum(
        (shortlist["request"], entry["offer"]) not in decided
        and (entry.get("displaced") or {}).get("code") != "superseded"
        for shortlist in shortlists
        for entry in list(entries_of(shortlist))[:best]
    )
