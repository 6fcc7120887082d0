"""Feeding the engine: events in, and out which requests have to be ranked again.

Idempotent by (id, version) and independent of order: older and equal versions change nothing. An
event has passed its schema, so one that the engine refuses all the same is no poison for others:
it is logged and counted, and its record is in no shortlist until a newer version or another day.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from sys import intern
from typing import Any, Literal

import structlog

from services.matcher import metrics
from services.matcher.domain import DECLINED, HOLDING, SPOKEN_FOR, split_proposal_id
from services.matcher.engine.embargoes import Embargo
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.profiles import OfferProfile, RequestProfile
from services.matcher.engine.ranking import Model
from services.matcher.helped import Helped
from services.matcher.rivals import Standing, standing
from shared.events.envelope import COMMITMENT, EMBARGO, MATCH, OFFER, REQUEST
from shared.events.reader import Received
from shared.events.versions import Version
from shared.registers.counting import Measure

log = structlog.get_logger(__name__)

_LineKey = tuple[str, str, int, Measure]
_Taker = tuple[Literal["commitment", "coverage"], str]
"""Of which offer a commitment is, or for which case of coverage it stands."""
_INDEXED = frozenset({"request", "offer"})
"""Sides of ledger lines that the index knows; calls and alliances are the ledger's alone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request is to be ranked: `since` when (seconds, monotonic), and in which trace."""

    since: float
    traceparent: str | None


@dataclass(frozen=True, slots=True)
class RequestState:
    """What a shortlist says of its request, and the partition that the request's events are in.

    `country` is None for one that vanished before this feed heard of it, `priority` where the State
    stated none.
    """

    country: str | None
    priority: str | None
    version: Version
    partition: int


class IndexFeed:
    """Applies what a reader received to an engine; raises nothing that an engine does.

    `dirty` are the requests to rank again, by the partition that their events are in, the longest
    waiting first, each with its cause; whoever ranks one takes it out. Not for several threads.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dirty: defaultdict[int, dict[str, Cause]] = defaultdict(dict)
        self.requests: dict[str, RequestState] = {}
        self.organisations: dict[str, str] = {}
        self._gone: set[str] = set()
        self._changed_offers: dict[str, str | None] = {}
        self._traceparent: str | None = None
        self._versions: defaultdict[str, dict[str, Version]] = defaultdict(dict)
        """Of what was heard of last, by its type and its id."""
        self._committed: Counter[_LineKey] = Counter()
        self._taken: dict[str, Counter[_LineKey]] = {}
        self._takers: defaultdict[str, dict[str, _Taker]] = defaultdict(dict)
        self._endorsed: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self._acted: defaultdict[str, set[str]] = defaultdict(set)
        """The offers of which somebody has decided for a request, whatever became of it."""
        self._helped = Helped()

    def apply(self, received: Received) -> bool:
        """Apply one event or tombstone; returns whether it was news."""
        apply = self._appliers().get(received.type)
        if apply is None:
            return False
        versions = self._versions[received.type]
        if versions.get(received.subject, _NEVER) >= received.version:
            return False
        versions[received.subject] = received.version
        self._traceparent = received.traceparent
        try:
            apply(received)
        except Exception as error:  # noqa: BLE001 (whatever it is, others go on)
            _tell_refused(received.type, received.subject, error)
        else:
            metrics.INDEXED.labels(received.type).inc()
        finally:
            self._traceparent = None
        return True

    def settle(self) -> None:
        """Mark the requests whose shortlist the offers changed since the last time may change.

        Apart from `apply`, so that an offer that changed twice is asked about once. Of a donor
        whose track record changed these are its own offers, where it changed by a step.
        """
        for offer in self._judge():
            self._changed_offers.setdefault(offer)
        for offer, traceparent in self._changed_offers.items():
            try:
                affected: Iterable[str] = self.engine.affected(offer)
            except Exception as error:
                log.error("offer not compared", id=offer, exc_info=error)
                affected = self.requests
            self.mark(affected, traceparent)
        self._changed_offers.clear()

    def forget_offers(self) -> None:
        """Leave out what `settle` would mark: for while nothing has been ranked yet."""
        self._judge()
        self._changed_offers.clear()

    def advance(self, as_of: date) -> None:
        """Go on to another day; every request may rank differently then."""
        for refused in self.engine.advance(as_of):
            type_ = REQUEST if refused.side == "request" else OFFER
            _tell_refused(type_, refused.record, refused.error)
        self._changed_offers.clear()
        self.mark(self.requests)

    def use(self, model: Model) -> None:
        """Go over to another model; every request is to be ranked again."""
        self.engine.use(model)
        self._changed_offers.clear()
        self.mark(self.requests)

    def entries(self, request: str) -> tuple[Pairing, ...]:
        """The request's shortlist now; empty for one that is gone or not open."""
        if request in self._gone:
            return ()
        return self.engine.shortlist(request).entries

    def standing(self, request: str) -> Standing:
        """The request's shortlist, with what endorsed and committed proposals leave of others."""
        untaken = self._untaken(request)
        ranked = self.entries(request)
        taken_by: dict[str, defaultdict[str, set[int]]] = {
            "commitment": defaultdict(set),
            "coverage": defaultdict(set),
        }
        for id_, (by, taker) in self._takers.get(request, {}).items():
            lines = (line for *_, line, _ in _of_request(self._taken[id_], request))
            taken_by[by][taker].update(lines)
        committed = taken_by["commitment"]
        endorsed = self._endorsed.get(request, {})
        return standing(
            ranked,
            untaken,
            self.engine.open_needs(request),
            committed,
            taken_by["coverage"],
            sorted(endorsed.keys() - committed.keys(), key=lambda offer: (endorsed[offer], offer)),
            self.organisations,
            self.engine.size,
        )

    def acted(self, request: str) -> Collection[str]:
        """The offers of whose proposals for a request somebody has decided."""
        return self._acted.get(request, ())

    def _untaken(self, request: str) -> tuple[Pairing, ...]:
        """The shortlist as it would be if nothing were committed to the request; () if nothing is.

        To be asked for before the list itself: the engine remembers where the last one ended.
        """
        commitments = self._takers.get(request, ())
        taken = {key for id_ in commitments for key in _of_request(self._taken[id_], request)}
        if not taken:
            return ()
        try:
            for key in taken:
                self.engine.set_committed("request", request, key[2], key[3], 0)
            return self.entries(request)
        finally:
            for key in taken:
                self.engine.set_committed("request", request, key[2], key[3], self._committed[key])

    def mark(self, requests: Iterable[str], traceparent: str | None = None) -> None:
        """Let these requests be ranked again; those not heard of yet are once they come.

        What waits already waits since then, and belongs to the latest trace.
        """
        traceparent = traceparent or self._traceparent
        now = time.monotonic()
        for id_ in requests:
            state = self.requests.get(id_)
            if state is not None:
                waiting = self.dirty[state.partition]
                before = waiting.get(id_)
                if before is None:
                    waiting[id_] = Cause(now, traceparent)
                elif traceparent is not None:
                    waiting[id_] = Cause(before.since, traceparent)

    def wait_on(self, causes: Mapping[tuple[int, str], Cause]) -> None:
        """Let requests that were taken out go on waiting, before all others."""
        back: defaultdict[int, dict[str, Cause]] = defaultdict(dict)
        for (partition, id_), cause in causes.items():
            later = self.dirty[partition].pop(id_, cause)
            back[partition][id_] = Cause(cause.since, later.traceparent or cause.traceparent)
        for partition, waiting in back.items():
            self.dirty[partition] = waiting | self.dirty[partition]

    def mark_partitions(self, partitions: Collection[int]) -> None:
        """Let all requests of these partitions be ranked again, whatever their state."""
        self.mark(id_ for id_, state in self.requests.items() if state.partition in partitions)

    def _appliers(self) -> Mapping[str, Any]:
        return {
            REQUEST: self._request,
            OFFER: self._offer,
            MATCH: self._match,
            COMMITMENT: self._commitment,
            EMBARGO: self._embargo,
        }

    def _request(self, received: Received) -> None:
        id_, event = received.subject, received.event
        known = self.requests.get(id_)
        country = None if known is None else known.country
        priority = None
        if event is not None:
            country, priority = intern(event.data["country"]), event.data["priority"]
        self.requests[id_] = RequestState(country, priority, received.version, received.partition)
        self.mark([id_])
        # First of all the former state goes: should the new one be refused, it must not stay.
        self.engine.remove_request(id_)
        if event is None:
            self._gone.add(id_)
        else:
            self._gone.discard(id_)
            self.engine.put_request(RequestProfile.of_event(event.data))

    def _offer(self, received: Received) -> None:
        id_, event = received.subject, received.event
        self._changed_offers[id_] = received.traceparent
        self.engine.remove_offer(id_)
        if event is None:
            self.organisations.pop(id_, None)
        else:
            self.organisations[id_] = intern(event.data["organisation"])
            self.engine.put_offer(OfferProfile.of_event(event.data))

    def _judge(self) -> list[str]:
        """Tell the engine of the track records that changed; returns the offers it concerns."""
        changed = self._helped.changed()
        return [offer for donor, record in changed for offer in self.engine.judge(donor, record)]

    def _match(self, received: Received) -> None:
        event = received.event
        self._helped.hear(received.subject, None if event is None else event.data)
        pair = split_proposal_id(received.subject)
        if pair is None:
            return
        status = None if event is None else event.data["status"]
        if status in DECLINED:
            self.engine.decline(*pair)
        else:
            self.engine.undecline(*pair)
        request, offer = pair
        if status in (None, "proposed"):
            self._acted[request].discard(offer)
            if not self._acted[request]:
                del self._acted[request]
        else:
            self._acted[request].add(offer)
        if event is not None and status in SPOKEN_FOR:
            at = _endorsed_at(event.data["history"])
            self._endorsed[request][offer] = datetime.fromisoformat(at)
        elif offer in self._endorsed.get(request, ()):
            del self._endorsed[request][offer]
        self.mark([request])

    def _commitment(self, received: Received) -> None:
        taken: Counter[_LineKey] = Counter()
        event = received.event
        if event is not None and event.data["status"] in HOLDING:
            for line in event.data["lines"]:
                if line["side"] in _INDEXED:
                    key = (line["side"], line["record"], line["line"], line["measure"])
                    taken[key] += line["amount"]
        before = self._taken.pop(received.subject, Counter())
        if taken:
            self._taken[received.subject] = taken
        self._note_taker(received, before, taken)
        for key in before.keys() | taken.keys():
            self._committed[key] += taken[key] - before[key]
            try:
                self._set_committed(key)
            except Exception as error:  # noqa: BLE001 (the other record's lines go on)
                _tell_refused(COMMITMENT, received.subject, error)
            if not self._committed[key]:
                del self._committed[key]

    def _embargo(self, received: Received) -> None:
        event = received.event
        embargo = None if event is None else Embargo.of_event(event.data)
        concerned = self.engine.set_embargo(received.subject, embargo)
        self.mark(id_ for id_, state in self.requests.items() if state.country in concerned)

    def _note_taker(
        self, received: Received, before: Collection[_LineKey], taken: Collection[_LineKey]
    ) -> None:
        """Remember for whom a commitment holds, with the requests that it takes from."""
        for side, request, *_ in before:
            if side == "request":
                self._takers[request].pop(received.subject, None)
                if not self._takers[request]:
                    del self._takers[request]
        taker = None if received.event is None else _taker(received.event.data)
        for side, request, *_ in taken:
            if side == "request" and taker is not None:
                self._takers[request][received.subject] = taker

    def _set_committed(self, key: _LineKey) -> None:
        side, record, line, measure = key
        if side == "request":
            self.mark([record])
            self.engine.set_committed("request", record, line, measure, self._committed[key])
        else:
            self._changed_offers[record] = self._traceparent
            self.engine.set_committed("offer", record, line, measure, self._committed[key])


def _endorsed_at(history: Sequence[Mapping[str, Any]]) -> str:
    """When it was endorsed last; what the sides said to that since changes no order."""
    return str(next(step["at"] for step in reversed(history) if step["action"] == "endorse"))


def _of_request(taken: Iterable[_LineKey], request: str) -> Iterator[_LineKey]:
    return (key for key in taken if key[:2] == ("request", request))


def _taker(commitment: Mapping[str, Any]) -> _Taker | None:
    if commitment["coverage"] is not None:
        return "coverage", commitment["coverage"]
    pair = None if commitment["match"] is None else split_proposal_id(commitment["match"])
    return None if pair is None else ("commitment", pair[1])


def _tell_refused(type_: str, subject: str, error: Exception) -> None:
    metrics.NOT_INDEXED.labels(type_).inc()
    log.error("event not indexed", id=subject, type=type_, exc_info=error)


_NEVER = Version(-1, 0)
