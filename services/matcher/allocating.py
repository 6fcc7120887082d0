"""What is open as a problem of allocation: from shortlists, views, the ledger, decisions."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from services.matcher.call_pools import call_pools
from services.matcher.domain import ledger_line_id
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
from services.matcher.exchange import Measured, measured
from services.matcher.joint_projects import projects
from services.matcher.ledger_documents import LedgerLine
from services.matcher.linking import Around, Linked, Linking
from services.matcher.reading import Reading
from services.matcher.record_views import Line, View, Views
from services.matcher.supposing import NOTHING, Supposed, pairs_of

_METHOD = "5"
"""Raised when the same input would be allocated otherwise, or more is kept of it."""

READING = Reading()
"""What this process has read of what is open."""


@dataclass
class Situation:
    """All that is open: lines by request or offer and number, and what may serve what.

    `linked` tells by request what links it to offers, and what keeps other offers from it.
    """

    on: date
    requests: Views
    offers: Views
    calls: Views
    needs: dict[LineId, Measured] = field(default_factory=dict)
    provisions: dict[LineId, Measured] = field(default_factory=dict)
    linked: dict[str, Linked] = field(default_factory=dict)
    joints: list[Joint] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    decided: list[tuple[str, str, int, int]] = field(default_factory=list)

    @property
    def around(self) -> Around:
        """What stands around each request."""
        return Around(self.on, self.offers, self.calls, self.needs, self.provisions)

    @property
    def links(self) -> list[Link]:
        """The links of all requests."""
        return [link for one in self.linked.values() for link in one.links.every]

    @property
    def ceilings(self) -> list[Ceiling]:
        """The ceilings of offers that links go through."""
        return list(chain.from_iterable(one.ceilings for one in self.linked.values()))

    def priority(self, need: LineId) -> str | None:
        """The State's own for the line, else for the request."""
        view: View = self.requests[need[0]]
        line: Line = self.needs[need].line
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
            {request: one.links for request, one in self.linked.items() if one.links.every},
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
                (request, one.digest) for request, one in self.linked.items() if one.links.every
            ),
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
    found: dict[str, dict[str, View]] = {"request": {}, "offer": {}, "call": {}}
    for view in READING.views.current().values():
        if view.side in found and view.record not in without:
            found[view.side][view.record] = view
    calls = found["call"]
    # What is offered under a call that is closed, or not heard of yet, cannot be given now.
    offers = {
        id_: one for id_, one in found["offer"].items() if one.call is None or one.call in calls
    }
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
    matches = READING.matches.current()
    state.decided = [
        (one.id, one.status, one.epoch, one.number)
        for one in matches.values()
        if one.offer in offers
    ]
    is_all = wanted.empty and not without
    state.linked = READING.links.current(requests, state.around, matches, keep=is_all)
    if not wanted.empty:
        _suppose(state, wanted)
    drawn = (state.links, state.provisions, free, on)
    state.pools += call_pools(calls, offers, *drawn)
    for together in projects(requests, offers, calls, *drawn):
        state.joints += together.joints
        state.pools += together.pools
    return state


def _suppose(state: Situation, wanted: Supposed) -> None:
    """Link what is supposed as if it had been ranked.

    It does not come between a need and an endorsed proposal that others have to stand behind.
    """
    behind = {need for one in state.linked.values() for need in one.spoken_for}
    sides = (state.requests, state.offers, state.needs, state.provisions)
    supposed: dict[str, Linking] = {}
    for pairing in pairs_of(wanted, *sides, state.on):
        if pairing.request not in supposed:
            supposed[pairing.request] = Linking(state.requests[pairing.request], state.around)
        linking = supposed[pairing.request]
        serves = []
        for serving in pairing.serves:
            need = (pairing.request, serving["need"])
            if need in behind:
                linking.speak_for(need, pairing.offer)
            else:
                serves.append(serving)
        linking.add(pairing.offer, {"score": pairing.score, "serves": serves}, None)
    for request, linking in supposed.items():
        state.linked[request] = state.linked.get(request, Linked()).joined(linking.linked())
