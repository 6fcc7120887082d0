"""Proposals in lists: by their requests' turn and rank, read no further than the page that shows
them. The State's most urgent requests come first.

Those of one offer come in the order in which the engine shows it requests (engine/suiting.py): who
reads them wants to know where it helps most. For that every list that it stands in is looked at,
but only as far as it tells of that.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from math import ceil
from operator import attrgetter, itemgetter
from typing import Any

from services.matcher.documents import (
    Match,
    RecordView,
    entries_of,
    shortlist_id,
    view_id,
    waiting_for,
)
from services.matcher.domain import COMMITTABLE, DECLINED, KEPT, SPOKEN_FOR
from services.matcher.engine.ranking import DECIMALS, LISTED
from services.matcher.engine.suiting import urgency
from services.matcher.proposals import (
    STORED,
    Place,
    Proposal,
    as_acted_on,
    as_listed,
    place_of,
    stored_lists,
    views_of,
)
from services.matcher.record_views import stored_view
from services.matcher.rights import oversees
from shared.lifecycle import SHOWN
from shared.registers.conditions import Condition, joined
from shared.web.identity import Identity

_FIRST, _BATCH, _PART = 5, 50, 20
"""Lists that are read at first and at most, and rows of which the records are read, at once."""
_OFFERS = 100
"""Offers whose lists are found at once."""
SUITED = {"request": 1, "offers": 1, "suits": 1, "themes": 1}
"""What of a stored list tells how far up it stands in lists of offers, and in which themes'."""
BEHIND = "~"
"""The level of what is listed no more: behind all."""
_LOWEST, _DIGITS = 10**15, 16
"""More than any log odds in their last decimal, and as many digits as a place has."""
_ACTED_ON = sorted(SPOKEN_FOR | COMMITTABLE | KEPT)


Entry = Mapping[str, Any]


def listing(
    identity: Identity, *, request: str | None, offer: str | None, after: Place | None
) -> Iterator[Proposal]:
    """Proposals open to decision that the reader may see, by their requests' turn and rank, after a
    place; of one offer by how well it suits the request and the State's priority.

    The filters are joined by "and". Rejected and declined ones are left out; those with a decision
    that are no longer in the shortlist (their capacity may be used up by themselves) follow the
    ranked ones.
    """
    for _, one in looked_through(identity, request=request, offer=offer, after=after):
        if one is not None:
            yield one


def looked_through(
    identity: Identity,
    *,
    request: str | None,
    offer: str | None,
    after: Place | None,
    states: Collection[str] | None = None,
    best: int | None = None,
    theme: str | None = None,
    undecided: bool = False,
    wanted: Callable[[Entry], bool] = lambda _: True,
) -> Iterator[tuple[Place, Proposal | None]]:
    """What `listing` gives, each with its place. To who oversees everything, None for what cannot
    be wanted by its entry alone, of which no records are read: to others a place might tell of a
    request that they may not see.

    `states` are those of which a request may be, `best` is how many of each request's are looked
    at, which are listed ones then. `undecided` is for who wants those alone of which nobody has
    decided: others are passed by. A `theme` is for who wants listed ones alone that serve a need of
    it: lists are passed by of which none does, as far as what is stored beside them tells.
    """
    whose = _of(identity, states)
    own = identity.organisation if identity.role == "donor" else None

    def may_be_listed(row: Row) -> bool:
        status = "proposed" if row.match is None else row.match.status
        return (
            (after is None or row.place > after)
            and (offer is None or row.offer == offer)
            and (own is None or row.organisation == own)
            and (status == "proposed" if undecided else status not in DECLINED)
        )

    sees_all = oversees(identity, None)

    def may_be_wanted(row: Row) -> bool:
        return not sees_all or row.entry is None or row.match is not None or wanted(row.entry)

    if offer is not None and goes_by_suit(request, offer):
        stored = suited_lists(identity, offer, whose, theme)
        groups = _by_suit(stored, offer, after, best)
    else:
        first = None if after is None else after[0]
        sets = _sets(identity, request, offer)
        lists = lists_for(_PART, best)
        within = _within(whose, first)
        if undecided and request is None and offer is None:
            within |= waiting_lists(best, theme)
        ordered = _in_order(sets, within, lists)
        groups = (list(rows_of(batch, best)) for batch in batches(ordered, lists))
    for group in groups:
        rows = [row for row in group if may_be_listed(row)]
        for part in _parts(rows, may_be_wanted):
            found = proposals_of([row for row in part if may_be_wanted(row)], identity)
            for row in part:
                if not may_be_wanted(row):
                    yield row.place, None
                elif (one := next(found)) and one.is_open() and one.may_be_seen(identity):
                    yield row.place, one


def goes_by_suit(request: str | None, offer: str | None) -> bool:
    """Whether a list is one offer's: then its places are those of `_by_suit`."""
    return offer is not None and request is None


def _of(identity: Identity, states: Collection[str] | None) -> Collection[str] | None:
    """The States of whose requests a list is; None for those of every State."""
    if identity.role != "requester":
        return states
    return [one for one in (identity.state,) if one and (states is None or one in states)]


def suited_lists(
    identity: Identity, offer: str | None, states: Collection[str] | None, theme: str | None
) -> list[dict[str, Any]]:
    """What SUITED tells of each stored list of an offer, or of any offer of the donor who reads;
    in no order."""
    within = _within(states, None) | ({} if theme is None else {"themes": theme})
    found: dict[str, dict[str, Any]] = {}
    for one in _sets(identity, None, offer):
        read = stored_lists().find(joined([within, one]), SUITED)
        found.update((stored["request"], stored) for stored in read)
    return list(found.values())


def _within(states: Collection[str] | None, first: str | None) -> Condition:
    """Lists of requests of these States, from one's turn on."""
    wanted: Condition = {}
    if first is not None:
        wanted["turn"] = {"$gte": first}
    if states is not None:
        wanted["country"] = {"$in": sorted(states)}
    return wanted


def waiting_lists(best: int | None, theme: str | None = None) -> dict[str, Any]:
    """Lists of which one of the `best`, or of all, waits for a decision; with a theme, one that
    serves it."""
    ranks = range(1, min(best or LISTED, LISTED) + 1)
    if theme is None:
        return {"waits_at": {"$in": list(ranks)}}
    return {"waits_for": {"$in": [waiting_for(theme, rank) for rank in ranks]}}


def _sets(identity: Identity, request: str | None, offer: str | None) -> list[Condition]:
    """Sets that together have the lists that are asked for and the reader may know of."""
    own = identity.organisation if identity.role == "donor" else None
    if request is not None:
        return [{"_id": shortlist_id(request)}]
    if offer is not None:
        view = stored_view("offer", offer)
        if view is None or (own is not None and view.owner != own):
            return []
        return _listing([offer], {"offer": offer})
    if own is not None:
        shown = RecordView.objects(owner=own, side="offer", status__in=sorted(SHOWN))
        return _listing(list(shown.scalar("record")), {"organisation": own})
    return [{}]


def _listing(offers: Sequence[str], acted_on: dict[str, Any]) -> list[Condition]:
    """Lists that have any of these offers, and those of whose request such a proposal was acted
    on."""
    parts = [offers[start : start + _OFFERS] for start in range(0, len(offers), _OFFERS)]
    acted = Match.objects(status__in=_ACTED_ON, **acted_on).scalar("request")
    return [
        *({"offers": {"$in": list(part)}} for part in parts),
        {"_id": {"$in": [shortlist_id(request) for request in acted]}},
    ]


def _in_order(sets: Sequence[Condition], within: Condition, first: int) -> Iterator[dict[str, Any]]:
    """The stored lists of these sets, each once, by turn: merged, as in newest.py."""
    last = None
    parts = [in_parts(joined([within, one]), STORED, first) for one in sets]
    for one in merge(*parts, key=itemgetter("turn")):
        if one["request"] != last:
            yield one
        last = one["request"]


def lists_for(proposals: int, best: int | None) -> int:
    """How many lists to read at first for so many proposals, where the `best` of each count: half
    as many again as would do, for some proposals were decided on."""
    return max(_FIRST, 0 if best is None else min(ceil(1.5 * proposals / best), _BATCH))


def in_parts(wanted: Condition, fields: Mapping[str, int], first: int) -> Iterator[dict[str, Any]]:
    """Stored lists, some of their fields, by turn: read a part at a time, so many at `first`,
    never all at once."""
    size = first
    after: Condition = {"turn": {"$gt": ""}}
    while True:
        found = stored_lists().find(joined([wanted, after]), fields)
        part = list(found.sort("turn", 1).limit(size))
        yield from part
        if len(part) < size:
            return
        after = {"turn": {"$gt": part[-1]["turn"]}}
        size = min(2 * size, _BATCH)


@dataclass(frozen=True)
class Row:
    """What may become a proposal of a list once the records of both sides are read.

    `entry` is None for one that was acted on and is listed no more.
    """

    request: str
    offer: str
    organisation: str
    model: str
    entry: Mapping[str, Any] | None
    match: Match | None
    place: Place


def rows_of(batch: list[dict[str, Any]], best: int | None) -> Iterator[Row]:
    """The rows of lists: all, or the `best` ones of each."""
    matches: dict[str, dict[str, Match]] = {}
    for match in Match.objects(request__in=[shortlist["request"] for shortlist in batch]):
        matches.setdefault(match.request, {})[match.offer] = match
    for shortlist in batch:
        request, turn, model = shortlist["request"], shortlist.get("turn", ""), shortlist["model"]
        acted = matches.get(request, {})
        for entry in entries_of(shortlist, best):
            offer = entry["offer"]
            match = acted.pop(offer, None)
            place = place_of(turn, offer, entry["rank"])
            yield Row(request, offer, entry["organisation"], model, entry, match, place)
        for offer, match in sorted(acted.items()) if best is None else ():
            # One that came back and is not listed is barred by something else by now.
            if match.status != "proposed":
                place = place_of(turn, offer, None)
                yield Row(request, offer, match.organisation, model, None, match, place)


def _by_suit(
    shortlists: Sequence[Mapping[str, Any]], offer: str, after: Place | None, best: int | None
) -> Iterator[list[Row]]:
    """One offer's rows in the order of its list, after a place in it: how far up, then the request.

    Of `shortlists` no more is needed than SUITED; only those of the rows that are read are read.
    """
    places = _places(shortlists, offer)
    ordered = sorted(place for place in places if after is None or place > after)
    for start in range(0, len(ordered), _PART):
        part = {request: (level, request) for level, request in ordered[start : start + _PART]}
        ids = [shortlist_id(request) for request in part]
        rows = rows_of(list(stored_lists().find({"_id": {"$in": ids}}, STORED)), best)
        placed = [replace(row, place=part[row.request]) for row in rows if row.offer == offer]
        yield sorted(placed, key=attrgetter("place"))


def _places(shortlists: Sequence[Mapping[str, Any]], offer: str) -> Iterator[Place]:
    """Where each list's request stands in the offer's; where it lists it no more, behind all."""
    ids = [view_id("request", shortlist["request"]) for shortlist in shortlists]
    known = RecordView.objects(id__in=ids).scalar("record", "priority")
    priorities: dict[str, str | None] = dict(known)
    for shortlist in shortlists:
        request = shortlist["request"]
        levels = levels_of(shortlist, (offer,), priorities.get(request))
        yield levels.get(offer, BEHIND), request


def levels_of(
    shortlist: Mapping[str, Any], offers: Collection[str], priority: str | None
) -> dict[str, str]:
    """How far up a list's request stands in the list of each of these offers that are in it.

    Of the list only SUITED is needed. What an earlier version stored tells nothing of it until it
    is ranked again.
    """
    suited = zip(shortlist["offers"], shortlist.get("suits", ()), strict=False)
    return {offer: _level(suits + urgency(priority)) for offer, suits in suited if offer in offers}


def _level(above: float) -> str:
    """As text that sorts: less is further up."""
    return f"{_LOWEST - round(above * 10**DECIMALS):0{_DIGITS}d}"


def _parts(rows: list[Row], counts: Callable[[Row], bool]) -> Iterator[list[Row]]:
    """A few that count at a time: of what a page does not show no records are read."""
    part: list[Row] = []
    counted = 0
    for row in rows:
        part.append(row)
        counted += counts(row)
        if counted == _PART:
            yield part
            part, counted = [], 0
    if part:
        yield part


def proposals_of(rows: list[Row], identity: Identity) -> Iterator[Proposal | None]:
    """The proposal of each row; None where a record is not known."""
    sides = [("request", row.request) for row in rows] + [("offer", row.offer) for row in rows]
    views = views_of(sides)
    for row in rows:
        found: Proposal | None = None
        if row.entry is not None:
            found = as_listed(row.request, row.entry, row.model, row.match, views, identity)
        elif row.match is not None:
            found = as_acted_on(row.match, views, identity)
        yield found


def batches(shortlists: Iterator[dict[str, Any]], first: int) -> Iterator[list[dict[str, Any]]]:
    """Few at first, for most pages end in the first lists, then more."""
    size = first
    while batch := list(islice(shortlists, size)):
        yield batch
        size = min(2 * size, _BATCH)
