"""Reading proposals: shortlists, what was decided, and what a reader may see of both."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from services.matcher.documents import (
    Match,
    RecordView,
    Shortlist,
    entries_of,
    shortlist_id,
    view_id,
)
from services.matcher.domain import (
    COMMITTABLE,
    DECLINED,
    KEPT,
    SPOKEN_FOR,
    proposal_id,
    split_proposal_id,
    visible_serves,
)
from services.matcher.rights import hidden_lines, is_party, sees_request
from shared.events.versions import Version
from shared.lifecycle import PARTY, SHOWN
from shared.web.identity import Identity

_BATCH = 50
_ACTED_ON = sorted(SPOKEN_FOR | COMMITTABLE | KEPT)
_SHOWN = {"_id": 1, "request": 1, "model": 1, "as_of": 1, "offers": 1, "entries": 1}

Place = tuple[str, str]
"""Where a proposal stands in a list: its request, and its place among that request's."""


@dataclass(frozen=True)
class Proposal:
    """An offer proposed for a request, as one reader may see it.

    `entry` is the shortlist's (rank, score, features, serves, evidence); `match` what was decided
    and done, None while nobody acted. `hidden` are need lines that the reader may not see.
    `shortlist` is the stored list that `find` found it in, None for one that has left it.
    """

    request: RecordView
    offer: RecordView
    entry: Mapping[str, Any]
    model: str | None
    listed: bool
    match: Match | None
    hidden: frozenset[int]
    shortlist: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """`<request>.<offer>`"""
        return proposal_id(self.request.record, self.offer.record)

    @property
    def status(self) -> str:
        """Its state; before anybody acted `proposed`, or `superseded` by rivals (rivals.py)."""
        status = self.match.status if self.match is not None else "proposed"
        displaced = self.entry.get("displaced")
        if status == "proposed" and displaced is not None and displaced["code"] == "superseded":
            return "superseded"
        return status

    @property
    def version(self) -> Version:
        """What it is read in and decided on: the decision's, or before one, that of both records.

        No aggregate is ever in epoch 0, so the two never meet.
        """
        if self.match is not None:
            return self.match.version
        return Version.of_several((self.request.version, self.offer.version))

    @property
    def serves(self) -> list[Mapping[str, Any]]:
        """What the offer does for the needs that the reader may see."""
        return visible_serves(self.entry["serves"], self.hidden)

    @property
    def place(self) -> Place:
        """Where it stands in lists: ranked ones by rank, then those that only were acted on."""
        if self.listed:
            return self.request.record, f"{self.entry['rank']:04d}"
        return self.request.record, f"~{self.offer.record}"

    def is_open(self) -> bool:
        """Whether both sides are still open for matching."""
        return self.request.status in SHOWN and self.offer.status in SHOWN

    def may_be_seen(self, identity: Identity) -> bool:
        """Whether the reader is one of its parties, and it serves anything that they may see.

        A donor that was asked about it once may always see what became of it, though by now no need
        line.
        """
        party = is_party(identity, self.request.owner or "", self.offer.owner or "")
        history = [] if self.match is None else self.match.history
        if party and identity.role == "donor" and any(one.target in PARTY for one in history):
            return True
        only_hidden = bool(self.entry["serves"]) and not self.serves
        return party and self.shows_request(identity) and not only_hidden

    def shows_request(self, identity: Identity) -> bool:
        """Whether the reader may know of the request as it is now."""
        match_status = None if self.match is None else self.match.status
        return sees_request(identity, self.request, match_status)


def find(id_: str, identity: Identity) -> Proposal | None:
    """A proposal that is listed, or that somebody acted on; None if the reader may not see it."""
    pair = split_proposal_id(id_)
    if pair is None:
        return None
    request, offer = pair
    shortlist = _collection().find_one({"_id": shortlist_id(request)}, _SHOWN)
    match = Match.objects(id=id_).first()
    views = _views([("request", request), ("offer", offer)])
    listed = {} if shortlist is None else {e["offer"]: e for e in entries_of(shortlist)}
    if offer in listed and shortlist is not None:
        found = _proposal(request, listed[offer], shortlist["model"], match, views, identity)
        found = None if found is None else replace(found, shortlist=shortlist)
    elif match is not None:
        found = _acted_on(match, views, identity)
    else:
        return None
    if found is None or not found.may_be_seen(identity):
        return None
    return found if found.is_open() or match is not None else None


def acted_on(matches: Sequence[Match], identity: Identity) -> list[Proposal]:
    """Proposals that somebody acted on, as they were decided on: those that the reader may see."""
    sides = [("request", one.request) for one in matches] + [("offer", o.offer) for o in matches]
    views = _views(sides)
    found = (_acted_on(match, views, identity) for match in matches)
    return [one for one in found if one is not None and one.may_be_seen(identity)]


def listing(
    identity: Identity,
    *,
    request: str | None,
    offer: str | None,
    after: Place | None,
    states: Collection[str] | None = None,
) -> Iterator[Proposal]:
    """Proposals open to decision that the reader may see, by request and rank, after a place.

    The filters are joined by "and"; `states` are those of which a request may be. Rejected and
    declined ones are left out; those with a decision that are no longer in the shortlist (their
    capacity may be used up by themselves) follow the ranked ones.
    """
    whose = _of(identity, states)
    for batch in _batches(_shortlists(identity, request, offer, whose, after)):
        yield from (
            one
            for one in _of_shortlists(batch, identity)
            if (after is None or one.place > after)
            and (offer is None or one.offer.record == offer)
            and one.status not in DECLINED
            and one.is_open()
            and one.may_be_seen(identity)
        )


def _of(identity: Identity, states: Collection[str] | None) -> Collection[str] | None:
    """The States of whose requests a list is; None for those of every State."""
    if identity.role != "requester":
        return states
    return [one for one in (identity.state,) if one and (states is None or one in states)]


def _shortlists(
    identity: Identity,
    request: str | None,
    offer: str | None,
    states: Collection[str] | None,
    after: Place | None,
) -> Iterator[dict[str, Any]]:
    """The stored lists, by plain conditions where those do: see shared/registers/conditions.py."""
    wanted: dict[str, Any] = {}
    if after is not None:
        wanted["request"] = {"$gte": after[0]}
    if request is not None:
        wanted["_id"] = {"$in": [shortlist_id(request)]}
    if states is not None:
        wanted["country"] = {"$in": sorted(states)}
    conditions: list[dict[str, Any]] = []
    if offer is not None:
        view = RecordView.objects(id=view_id("offer", offer)).first()
        if view is None:
            return iter(())
        conditions.append(_listing({"donors": view.owner, "offers": offer}, {"offer": offer}))
    if identity.role == "donor":
        own = identity.organisation
        conditions.append(_listing({"donors": own}, {"organisation": own}))
    return _in_parts({**wanted, "$and": conditions} if conditions else wanted)


def _in_parts(wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Those that are wanted, by request, a part at a time: no read is of all that there are."""
    size = 1
    while True:
        part = list(_collection().find(wanted, _SHOWN).sort("request", 1).limit(size))
        yield from part
        if len(part) < size:
            return
        wanted = {**wanted, "request": {"$gt": part[-1]["request"]}}
        size = min(2 * size, _BATCH)


def _listing(listed: dict[str, Any], acted_on: dict[str, Any]) -> dict[str, Any]:
    """Shortlists that have such an offer, or of whose request such a proposal was acted on."""
    acted = Match.objects(status__in=_ACTED_ON, **acted_on).scalar("request")
    return {"$or": [listed, {"_id": {"$in": [shortlist_id(request) for request in acted]}}]}


def _of_shortlists(batch: list[dict[str, Any]], identity: Identity) -> Iterator[Proposal]:
    requests = [shortlist["request"] for shortlist in batch]
    matches: dict[str, dict[str, Match]] = {}
    for match in Match.objects(request__in=requests):
        matches.setdefault(match.request, {})[match.offer] = match
    offers = {offer for shortlist in batch for offer in shortlist["offers"]}
    offers |= {offer for of_request in matches.values() for offer in of_request}
    views = _views([("request", id_) for id_ in requests] + [("offer", id_) for id_ in offers])
    for shortlist in batch:
        acted = matches.get(shortlist["request"], {})
        for entry in entries_of(shortlist):
            match = acted.pop(entry["offer"], None)
            found = _proposal(
                shortlist["request"], entry, shortlist["model"], match, views, identity
            )
            if found is not None:
                yield found
        for _, match in sorted(acted.items()):
            found = _acted_on(match, views, identity)
            # One that came back and is not listed is barred by something else by now.
            if found is not None and match.status != "proposed":
                yield found


Views = Mapping[str, RecordView]


def _proposal(
    request: str,
    entry: Mapping[str, Any],
    model: str,
    match: Match | None,
    views: Views,
    identity: Identity,
) -> Proposal | None:
    asked, offered = _sides(request, entry["offer"], views)
    if asked is None or offered is None:
        return None  # ranked before this API's own projection has heard of the record
    hidden = hidden_lines(identity, asked, None if match is None else match.status)
    return Proposal(asked, offered, entry, model, True, match, hidden)


def _acted_on(match: Match, views: Views, identity: Identity) -> Proposal | None:
    asked, offered = _sides(match.request, match.offer, views)
    if asked is None or offered is None:
        return None
    entry = {**json.loads(match.entry), "rank": None}
    # What rivals took when it was decided on may be free by now.
    entry.pop("displaced", None)
    hidden = hidden_lines(identity, asked, match.status)
    return Proposal(asked, offered, entry, match.model, False, match, hidden)


def _sides(request: str, offer: str, views: Views) -> tuple[RecordView | None, RecordView | None]:
    return views.get(view_id("request", request)), views.get(view_id("offer", offer))


def _views(records: Iterable[tuple[str, str]]) -> Views:
    ids = [view_id(side, record) for side, record in records]
    return {view.id: view for view in RecordView.objects(id__in=ids)}


def _batches(shortlists: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Few at first, for most pages end in the first lists, then more."""
    size = 1
    while batch := list(islice(shortlists, size)):
        yield batch
        size = min(2 * size, _BATCH)


def _collection() -> Any:
    return Shortlist._get_collection()
