"""Reading proposals: shortlists, what was decided, and what a reader may see of both."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.matcher.documents import (
    Match,
    Shortlist,
    entries_of,
    is_superseded,
    shortlist_id,
    view_id,
)
from services.matcher.domain import proposal_id, split_proposal_id, visible_serves
from services.matcher.record_views import View, Views, stored_views
from services.matcher.rights import hidden_lines, is_party, sees_request
from shared.events.versions import Version
from shared.lifecycle import PARTY, SHOWN
from shared.web.identity import Identity

STORED = dict.fromkeys(("_id", "request", "turn", "model", "as_of", "offers", "entries"), 1)

Place = tuple[str, str]
"""Where a proposal stands in a list: its request's turn (documents.py), and its place among that
request's. In the list of one offer: how far up it belongs, and its request."""


def place_of(turn: str, offer: str, rank: int | None) -> Place:
    """By rank, or after all ranked ones where it is listed no more."""
    return turn, f"~{offer}" if rank is None else f"{rank:04d}"


@dataclass(frozen=True)
class Proposal:
    """An offer proposed for a request, as one reader may see it.

    `entry` is the shortlist's (rank, score, features, serves, evidence); `match` what was decided
    and done, None while nobody acted. `hidden` are need lines that the reader may not see.
    `shortlist` is the stored list that `find` found it in, None for one that has left it.
    """

    request: View
    offer: View
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
        return "superseded" if status == "proposed" and is_superseded(self.entry) else status

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
    shortlist = stored_lists().find_one({"_id": shortlist_id(request)}, STORED)
    match = Match.objects(id=id_).first()
    views = views_of([("request", request), ("offer", offer)])
    listed = {} if shortlist is None else {e["offer"]: e for e in entries_of(shortlist)}
    if offer in listed and shortlist is not None:
        found = as_listed(request, listed[offer], shortlist["model"], match, views, identity)
        found = None if found is None else replace(found, shortlist=shortlist)
    elif match is not None:
        found = as_acted_on(match, views, identity)
    else:
        return None
    if found is None or not found.may_be_seen(identity):
        return None
    return found if found.is_open() or match is not None else None


def acted_on(matches: Sequence[Match], identity: Identity) -> list[Proposal]:
    """Proposals that somebody acted on, as they were decided on: those that the reader may see."""
    sides = [("request", one.request) for one in matches] + [("offer", o.offer) for o in matches]
    views = views_of(sides)
    found = (as_acted_on(match, views, identity) for match in matches)
    return [one for one in found if one is not None and one.may_be_seen(identity)]


def as_listed(
    request: str,
    entry: Mapping[str, Any],
    model: str,
    match: Match | None,
    views: Views,
    identity: Identity,
) -> Proposal | None:
    """A proposal as the shortlist has it; None where one of both records is not known."""
    asked, offered = _sides(request, entry["offer"], views)
    if asked is None or offered is None:
        return None  # ranked before this API's own projection has heard of the record
    hidden = hidden_lines(identity, asked, None if match is None else match.status)
    return Proposal(asked, offered, entry, model, True, match, hidden)


def as_acted_on(match: Match, views: Views, identity: Identity) -> Proposal | None:
    """A proposal as it was decided on; None where one of both records is not known."""
    asked, offered = _sides(match.request, match.offer, views)
    if asked is None or offered is None:
        return None
    entry = {**json.loads(match.entry), "rank": None}
    # What rivals took when it was decided on may be free by now.
    entry.pop("displaced", None)
    hidden = hidden_lines(identity, asked, match.status)
    return Proposal(asked, offered, entry, match.model, False, match, hidden)


def _sides(request: str, offer: str, views: Views) -> tuple[View | None, View | None]:
    return views.get(view_id("request", request)), views.get(view_id("offer", offer))


def views_of(records: Iterable[tuple[str, str]]) -> Views:
    """What is known of records, told by side and id: by the id of the view, those there are."""
    return stored_views([view_id(side, record) for side, record in records])


def stored_lists() -> Any:
    """The collection of shortlists."""
    return Shortlist._get_collection()
