"""What is open as a problem of allocation: from shortlists, views, the ledger, decisions."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.matcher.call_pools import SLACK, call_pools, is_drawable
from services.matcher.ceilings import ceiling_left
from services.matcher.documents import Commitment, Match, RecordView, Shortlist, ViewLine
from services.matcher.domain import (
    COMMITTABLE,
    DECLINED,
    SPOKEN_FOR,
    convert,
    ledger_line_id,
    proposal_id,
    thousandths,
)
from services.matcher.engine.allocation import WEIGHTS
from services.matcher.engine.allocation_change import Register
from services.matcher.engine.allocation_problem import (
    Ceiling,
    Joint,
    LineId,
    Link,
    Need,
    Pool,
    Provision,
)
from services.matcher.exchange import Measured, measured, rate
from services.matcher.joint_projects import projects
from services.matcher.ledger_documents import LedgerLine
from services.matcher.rights import parties_see
from services.matcher.supposing import NOTHING, Supposed, pairs_of
from shared.lifecycle import SHOWN
from shared.vocabulary.currencies import NoRate
from shared.vocabulary.errors import UnknownCode

_METHOD = "3"
"""Raised when the same input would be allocated otherwise."""
_ALLOCATED = SPOKEN_FOR | COMMITTABLE | {"proposed", "lapsed"}
"""States of a proposal that may be endorsed, or committed, just so."""

Views = Mapping[str, RecordView]


@dataclass
class Situation:
    """All that is open: lines by request or offer and number, and what may serve what.

    `mismatched`, `spoken_for` and `declined` are, of a need line, the offers that cannot be
    compared with it, that others' endorsements stand before, and that somebody said no to.
    """

    on: date
    requests: Views
    offers: Views
    calls: Views
    needs: dict[LineId, Measured] = field(default_factory=dict)
    provisions: dict[LineId, Measured] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    ceilings: list[Ceiling] = field(default_factory=list)
    joints: list[Joint] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    mismatched: dict[LineId, set[str]] = field(default_factory=lambda: defaultdict(set))
    spoken_for: dict[LineId, set[str]] = field(default_factory=lambda: defaultdict(set))
    declined: dict[LineId, set[str]] = field(default_factory=lambda: defaultdict(set))
    decided: list[tuple[str, str, int, int]] = field(default_factory=list)

    def priority(self, need: LineId) -> str | None:
        """The State's own for the line, else for the request."""
        view: RecordView = self.requests[need[0]]
        line: ViewLine = self.needs[need].line
        own: str | None = line.priority or view.priority
        return own

    def register(self) -> Register:
        """As the engine takes it."""
        return Register(
            tuple(
                Need(id_, one.free, one.limit, WEIGHTS.get(self.priority(id_), 2.0), one.grain)
                for id_, one in self.needs.items()
                if one.limit > 0
            ),
            tuple(Provision(id_, one.free, one.grain) for id_, one in self.provisions.items()),
            tuple(self.links),
            tuple(self.ceilings),
            tuple(self.joints),
            tuple(self.pools),
        )

    def digest(self, without: Collection[str]) -> str:
        """The id of the allocation of just this: 24 hexadecimal characters."""
        parts = [
            [_METHOD, self.on.isoformat(), sorted(without)],
            sorted((*id_, one.free, one.limit, one.grain) for id_, one in self.needs.items()),
            sorted((*id_, one.free, one.grain) for id_, one in self.provisions.items()),
            sorted((*id_, self.priority(id_) or "") for id_ in self.needs),
            sorted(
                (*one.need, *one.provision, one.score, one.give, one.meet, one.most or -1)
                for one in self.links
            ),
            sorted((one.request, one.offer, one.limit) for one in self.ceilings),
            sorted((one.id, one.pairs, one.factor) for one in self.joints),
            sorted(
                (one.id, list(one.requests or ()), one.limit, sorted(one.costs.items()))
                for one in self.pools
            ),
            sorted(self.decided),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]


def situation(on: date, without: Collection[str] = (), wanted: Supposed = NOTHING) -> Situation:
    """What is open on a day, but for the requests and offers left out, and with those supposed.

    Raises pymongo's errors.
    """
    found: dict[str, dict[str, RecordView]] = {"request": {}, "offer": {}, "call": {}}
    for view in RecordView.objects(status__in=sorted(SHOWN)):
        if view.side in found and view.record not in without:
            found[view.side][view.record] = view
    calls = found["call"]
    # What is offered under a call that is closed, or not heard of yet, cannot be given now.
    offers = {id_: one for id_, one in found["offer"].items() if one.call in {None, *calls}}
    requests, offers = {**found["request"], **wanted.requests}, {**offers, **wanted.offers}
    state = Situation(on, requests, offers, calls)
    free = {
        line["_id"]: line["free"]
        for line in LedgerLine._get_collection().find({"open": True}, {"free": 1})
    }
    for views, lines in ((state.requests, state.needs), (state.offers, state.provisions)):
        for view in views.values():
            for line in view.lines:
                key = ledger_line_id(view.side, view.record, line.line, line.measure, line.unit)
                is_supposed = view.record in wanted
                left = line.limit if is_supposed else max(0, free.get(key, 0))
                one = measured(line, left, on)
                if one is not None:
                    lines[view.record, line.line] = one
    matches = {one.id: one for one in Match.objects if one.offer in state.offers}
    state.decided = [(one.id, one.status, one.epoch, one.number) for one in matches.values()]
    for shortlist in Shortlist._get_collection().find(
        {}, {"request": 1, "offers": 1, "entries": 1}
    ):
        if shortlist["request"] in state.requests:
            entries = zip(shortlist["offers"], json.loads(shortlist["entries"]), strict=True)
            for offer, entry in entries:
                if offer in state.offers:
                    match = matches.get(proposal_id(shortlist["request"], offer))
                    _link(state, shortlist["request"], offer, entry, match)
    if not wanted.empty:
        _suppose(state, wanted)
    drawn = (calls, offers, state.provisions, state.links, free, on)
    state.pools += call_pools(*drawn)
    for together in projects(requests, offers, state.links, state.provisions, on):
        state.joints += together.joints
        state.pools += [together.pool] if together.pool is not None else []
    return state


def _suppose(state: Situation, wanted: Supposed) -> None:
    """Link what is supposed as if it had been ranked.

    It does not come between a need and an endorsed proposal that others have to stand behind.
    """
    behind = {need for need, offers in state.spoken_for.items() if offers}
    sides = (state.requests, state.offers, state.needs, state.provisions)
    for pairing in pairs_of(wanted, *sides, state.on):
        serves = []
        for serving in pairing.serves:
            need = (pairing.request, serving.need)
            if need in behind:
                state.spoken_for[need].add(pairing.offer)
            else:
                serves.append(serving._asdict())
        entry = {"score": pairing.score, "serves": serves}
        _link(state, pairing.request, pairing.offer, entry, None)


def _link(
    state: Situation, request: str, offer: str, entry: Mapping[str, Any], match: Match | None
) -> None:
    """What an entry of a shortlist links; nothing new where its donor could not be asked."""
    can_be_asked = parties_see(state.requests[request], entry["serves"])
    displaced = entry.get("displaced")
    endorsed = displaced is not None and any(one["by"] == "endorsement" for one in displaced["by"])
    links: list[Link] = []
    for serving in entry["serves"]:
        need, provision = (request, serving["need"]), (offer, serving["provision"])
        ones, others = state.needs.get(need), state.provisions.get(provision)
        if ones is None or others is None:
            continue
        if match is not None and match.status in DECLINED:
            state.declined[need].add(offer)
            continue
        if match is not None and (match.pledges or match.status not in _ALLOCATED):
            state.spoken_for[need].add(offer)  # as far as it goes, that is settled with the donor
            continue
        if endorsed and displaced is not None and serving["need"] in displaced["needs"]:
            state.spoken_for[need].add(offer)
            continue
        if not can_be_asked:
            continue
        exchange = rate(ones, others)
        if exchange is None or not is_drawable(state.calls, state.offers[offer], others):
            state.mismatched[need].add(offer)
            continue
        shrunk = displaced is not None and serving["need"] in displaced["lessened"]
        score = round(entry["score"] * serving["fit"], 9)
        if score > 0.0:
            most = _most(serving, ones) if shrunk else None
            links.append(Link(need, provision, score, *exchange, most))
    state.links += links
    if links:
        _limit(state, request, offer, {link.provision for link in links}, match)


def _most(serving: Mapping[str, Any], need: Measured) -> int | None:
    """What an endorsement leaves of a need, in the need's measure; None where that is not told."""
    if need.line.measure == "money":
        amount: int | None = serving.get("amount")
        return amount
    return None if serving["quantity"] is None else thousandths(serving["quantity"])


def _limit(
    state: Situation,
    request: str,
    offer: str,
    provisions: Iterable[LineId],
    match: Match | None,
) -> None:
    """The offer's ceiling for the request, less what it gives it already."""
    view = state.offers[offer]
    currency = view.ceiling_currency
    if view.ceiling_cents is None or currency is None:
        return
    held = Commitment.objects(id__in=match.holds) if match is not None and match.holds else ()
    try:
        limit = convert(ceiling_left(view, held, state.on), currency, "USD", state.on)
    except (NoRate, UnknownCode):
        limit = 0
    costs: dict[int, tuple[int, int]] = {}
    converted = currency != "USD"
    for id_ in provisions:
        one = state.provisions[id_]
        cost = one.cost
        if cost is not None:
            costs[id_[1]] = cost
            converted = converted or one.is_converted
    if converted:
        limit -= limit // SLACK + len(costs)
    state.ceilings.append(Ceiling(request, offer, max(0, limit), costs))
