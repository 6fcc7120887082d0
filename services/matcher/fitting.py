"""Requests that any of a donor's open offers fits, in one list: where they help most comes first.

Nothing is seen here that the lists of the single offers would not show (proposal_lists.py). A
request stands where the offer has it that it suits best, of those of which the donor may know that
it suits them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from services.matcher.documents import Match, RecordView, shortlist_id, view_id
from services.matcher.domain import DECLINED
from services.matcher.proposal_lists import (
    BEHIND,
    levels_of,
    proposals_of,
    rows_of,
    suited_lists,
)
from services.matcher.proposals import STORED, Place, Proposal, stored_lists
from shared.lifecycle import SHOWN
from shared.web.identity import Identity
from shared.web.visibility import CONFIDENTIAL

_PART = 10
"""Requests of which the lists and records are read at once."""

T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """Which requests: of which States (None: of all), for which theme, and which offer fits."""

    states: Collection[str] | None = None
    theme: str | None = None
    offer: str | None = None


@dataclass(frozen=True)
class _Own:
    """A donor, its offers that are open, and the states of its proposals that were acted on."""

    identity: Identity
    offers: frozenset[str]
    acted: Mapping[tuple[str, str], str]

    def may_be_shown(self, request: str, offer: str) -> bool:
        """Whether a proposal is of an open offer of this donor, and nobody said no to it."""
        return offer in self.offers and self.acted.get((request, offer)) not in DECLINED


def fitting(
    identity: Identity, asked: Asked, after: Place | None
) -> Iterator[tuple[Place, list[Proposal]]]:
    """Each request with the proposals of the donor's offers for it, the best first, after a place.

    A place is how far up a request belongs, and its id. Of a theme are those proposals alone that
    serve a need of it that the donor may see.
    """
    own = _own(identity, asked.offer)
    places = sorted(_places(own, asked))
    left = [place for place in places if after is None or place > after]
    for part in _parts(left):
        seen = _seen(own, [request for _, request in part])
        for place in part:
            shown = [one for one in seen.get(place[1], ()) if _is_of_theme(one, asked.theme)]
            if shown:
                yield place, shown


def _own(identity: Identity, offer: str | None) -> _Own:
    """What is the donor's: all of its open offers, or the one that is asked for."""
    wanted = {} if offer is None else {"id": view_id("offer", offer)}
    offers = RecordView.objects(
        owner=identity.organisation, side="offer", status__in=sorted(SHOWN), **wanted
    )
    acted = Match.objects(organisation=identity.organisation).scalar("request", "offer", "status")
    return _Own(
        identity,
        frozenset(offers.scalar("record")),
        {(request, offer): status for request, offer, status in acted},
    )


def _places(own: _Own, asked: Asked) -> Iterator[Place]:
    """Where each request stands of which something may be shown."""
    stored = suited_lists(own.identity, asked.offer, asked.states, None)
    acted = {request for request, _ in own.acted}
    ids = [view_id("request", one["request"]) for one in stored]
    known = RecordView.objects(id__in=ids, status__in=sorted(SHOWN))
    priorities = dict(known.scalar("record", "priority"))
    found: dict[str, dict[str, str]] = {}
    for one in stored:
        request = one["request"]
        # An earlier version's list does not say of which themes it is.
        is_of_theme = asked.theme is None or asked.theme in one.get("themes", (asked.theme,))
        if request in priorities and (is_of_theme or request in acted):
            levels = levels_of(one, own.offers, priorities[request])
            found[request] = {o: at for o, at in levels.items() if own.may_be_shown(request, o)}
    yield from _as_seen(own, found, _withheld(known, found))


def _withheld(known: Any, found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Of requests that several offers fit, those of which something is not for every donor."""
    several = {request for request, levels in found.items() if len(levels) > 1}
    some = known.filter(visibility__in=sorted(CONFIDENTIAL)).scalar("record")
    lines = known.filter(lines__confidential=True).scalar("record")
    return sorted(several & {*some, *lines})


def _as_seen(
    own: _Own, found: Mapping[str, Mapping[str, str]], withheld: Sequence[str]
) -> Iterator[Place]:
    """Their places. What the donor may not know of moves nothing up: those that are `withheld` in
    part are read for that."""
    for request in found.keys() - set(withheld):
        yield min(found[request].values(), default=BEHIND), request
    for part in _parts(withheld):
        for request, proposals in _seen(own, part).items():
            levels = [found[request].get(one.offer.record, BEHIND) for one in proposals]
            yield min(levels), request


def _seen(own: _Own, requests: Sequence[str]) -> dict[str, list[Proposal]]:
    """The proposals of the donor's offers that it may see, by their requests' turn and rank."""
    ids = [shortlist_id(request) for request in requests]
    rows = [
        row
        for row in rows_of(list(stored_lists().find({"_id": {"$in": ids}}, STORED)), None)
        if own.may_be_shown(row.request, row.offer)
    ]
    found: dict[str, list[Proposal]] = {}
    for one in proposals_of(rows, own.identity):
        if one is not None and one.is_open() and one.may_be_seen(own.identity):
            found.setdefault(one.request.record, []).append(one)
    return found


def _parts(every: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(every), _PART):
        yield every[start : start + _PART]


def _is_of_theme(one: Proposal, theme: str | None) -> bool:
    return theme is None or any(serving["theme"] == theme for serving in one.serves)
