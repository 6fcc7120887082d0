"""The worker's part in alliances: hear of requests, form groups, write what this worker owns.

Every worker hears of all requests and alliances, and forms the same groups of them whatever came
first (engine/alliances.py). Who writes an alliance is decided as for shortlists: whoever owns the
partition that its first request, the anchor, is in. Should two write at once because one of them
has not yet heard of losing a partition, both write the same.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from sys import intern
from typing import NamedTuple

import structlog

from services.matcher import metrics
from services.matcher.alliance_rules import SETTLED, Found
from services.matcher.alliances import follow
from services.matcher.apart import apart
from services.matcher.engine.affinity import shipped
from services.matcher.engine.alliances import Formation
from services.matcher.engine.asks import Ask
from services.matcher.engine.geography import Geography
from services.matcher.engine.texts import Texts
from shared.events.envelope import ALLIANCE, REQUEST
from shared.events.reader import Received
from shared.events.versions import Version
from shared.lifecycle import SHOWN

STEPS = 200
"""Requests placed in one go; between two goes the worker reads on and ranks."""

_NEVER = Version(-1, 0)
_GONE = "gone"
_OVER = "over"

log = structlog.get_logger(__name__)


class _KnownRequest(NamedTuple):
    """What was heard of a request: `closed` is why it is open no more, `end` its last day."""

    partition: int
    version: Version
    closed: str | None
    end: int | None


class AllianceKeeper:
    """Keeps the alliances of the partitions that a worker owns. Not for several threads.

    Idempotent by (id, version) and independent of order, as the index's feed is.
    """

    def __init__(self, geography: Geography, texts: Texts | None = None) -> None:
        """`texts` are those that other parts of the worker share, its own unless given."""
        self._formation = Formation(shipped(), geography, texts)
        self._requests: dict[str, _KnownRequest] = {}
        self._versions: dict[str, Version] = {}
        """Of alliances."""
        self._members: dict[str, tuple[str, ...]] = {}
        self._alliances_of: defaultdict[str, set[str]] = defaultdict(set)
        self._waiting: set[str] = set()
        self._owned: set[int] = set()
        self._today = date.min.toordinal()

    def hear(self, received: Received) -> None:
        """Take in one event or tombstone of a request or an alliance; others change nothing."""
        if received.type == REQUEST:
            self._hear_request(received)
        elif received.type == ALLIANCE:
            self._hear_alliance(received)

    def form(self) -> bool:
        """Place a part of the requests that wait in their groups; whether that was all of them."""
        return self._formation.settle(STEPS)

    def write(self, partitions: Collection[int], today: date, now: datetime) -> int:
        """Write the alliances of groups that changed; returns how many were looked at.

        `partitions` are those that this worker owns. Raises what passes by itself
        (work.passes): what was not written then comes again.
        """
        self._waiting |= self._formation.changed()
        self._follow_calendar(today)
        self._follow_ownership(partitions)
        looked_at = 0
        for anchor in sorted(self._waiting):
            if self._partition(anchor) in self._owned and self._concerns(anchor):
                with apart("alliance not written", anchor, swept=False):
                    self._write(anchor, now)
                looked_at += 1
            self._waiting.discard(anchor)
        return looked_at

    def _hear_request(self, received: Received) -> None:
        id_, event = received.subject, received.event
        known = self._requests.get(id_)
        if known is not None and known.version >= received.version:
            return
        self._formation.remove(id_)
        closed, end = _GONE, None
        if event is not None:
            closed = event.data["status"]
            try:
                ask = Ask.of_event(event.data)
                self._formation.put(ask)
                end = ask.profile.window[1]
            except Exception as error:
                metrics.NOT_INDEXED.labels(REQUEST).inc()
                log.error("request not compared with its neighbours'", id=id_, exc_info=error)
        self._requests[id_] = _KnownRequest(
            received.partition, received.version, None if closed in SHOWN else intern(closed), end
        )
        self._waiting |= self._alliances_of.get(id_, set())

    def _hear_alliance(self, received: Received) -> None:
        if self._versions.get(received.subject, _NEVER) >= received.version:
            return
        self._versions[received.subject] = received.version
        if received.event is None:
            return
        data = received.event.data
        anchor, settled = data["anchor"], data["status"] in SETTLED
        standings = {member["request"]: member["standing"] for member in data["members"]}
        self._members[anchor] = tuple(standings)
        for request in standings:  # nobody is ever taken out of an alliance's members
            self._alliances_of[request].add(anchor)
        kept = [
            request
            for request, standing in standings.items()
            if standing == "agreed" or (settled and standing == "proposed")
        ]
        declined = [request for request, standing in standings.items() if standing == "declined"]
        self._formation.agree(anchor, kept, declined)
        self._waiting.add(anchor)

    def _concerns(self, anchor: str) -> bool:
        """Whether there is, or may have to be, an alliance of the anchor's."""
        return anchor in self._members or bool(self._formation.members(anchor, self._today))

    def _write(self, anchor: str, now: datetime) -> None:
        found = [
            Found(request, self._formation.country(request) or "")
            for request in self._formation.group(anchor, self._today)
        ]
        causes = {
            request: cause
            for request in self._members.get(anchor, ())
            if (cause := self._cause(request)) is not None
        }
        follow(anchor, found, causes, now)

    def _cause(self, request: str) -> str | None:
        """Why a request is open no more; None for one that is."""
        known = self._requests.get(request)
        if known is None:
            return None
        if known.closed is not None:
            return known.closed
        return _OVER if known.end is not None and known.end < self._today else None

    def _partition(self, request: str) -> int | None:
        known = self._requests.get(request)
        return None if known is None else known.partition

    def _follow_calendar(self, today: date) -> None:
        if today.toordinal() != self._today:
            self._today = today.toordinal()
            self._waiting |= {*self._formation.anchors(), *self._members}

    def _follow_ownership(self, partitions: Collection[int]) -> None:
        owned = set(partitions)
        if owned - self._owned:
            self._waiting |= {*self._formation.anchors(), *self._members}
        self._owned = owned
