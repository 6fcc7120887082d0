"""Watching for needs that assistance under way covers: what changed is compared, cases are kept.

Every worker hears of every request and activity; it keeps the cases of the requests in its own
partitions.
"""

import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from itertools import islice
from sys import intern
from typing import Any

import structlog

from services.matcher import metrics
from services.matcher.apart import apart
from services.matcher.cases import Outcome, Wanted, keep_together
from services.matcher.coverage_documents import CoverageCase
from services.matcher.coverage_holds import settle
from services.matcher.coverages import (
    KnownActivity,
    KnownRequest,
    Pair,
    wanted,
)
from services.matcher.engine.activities import Activities, ActivityProfile
from services.matcher.engine.coverage import Covering, coverings, shipped
from services.matcher.engine.profiles import RequestProfile
from services.matcher.engine.texts import Texts
from services.matcher.material import material
from shared.events.envelope import ACTIVITY, REQUEST
from shared.events.reader import Received
from shared.events.versions import Version

CHUNK = 100
"""Requests compared in one go; between two goes the worker reads on, and ranks."""

_GONE = "gone"
_NEVER = Version(-1, 0)
_Key = tuple[str, int, str]
_Found = tuple[Pair, Covering | None]
"""A pair, and what is found of it."""

log = structlog.get_logger(__name__)


class CoverageWatch:
    """Keeps the cases of this worker's partitions. Not for several threads."""

    def __init__(self, texts: Texts | None = None) -> None:
        """`texts` are those that other parts of the worker share, its own unless given."""
        self._activities = Activities(texts)
        self._classifier = shipped()
        self._requests: dict[str, KnownRequest] = {}
        self._known: dict[str, KnownActivity] = {}
        self._waiting: dict[str, float] = {}
        """Since when (monotonic)."""
        self._touched: dict[str, None] = {}
        self._on: date | None = None

    @property
    def waiting(self) -> int:
        """How many requests and activities have yet to be compared."""
        return len(self._waiting) + len(self._touched)

    def left(self) -> Iterator[tuple[str, float]]:
        """The requests that have yet to be compared, each with since when (monotonic); after
        `work`, so that no activity has."""
        yield from self._waiting.items()

    def waits(self, request: str, since: float) -> bool:
        """Whether a request has yet to be compared that waited by then already."""
        return self._waiting.get(request, math.inf) <= since

    def note(self, received: Received) -> None:
        """Note that one event or tombstone came; older and equal versions change nothing.

        What a request needs is read by `hear` alone, which takes longer, and before `work`.
        """
        if received.type == REQUEST:
            self._note_request(received)
        elif received.type == ACTIVITY:
            self._note_activity(received)

    def hear(self, received: Received) -> None:
        """Read what a request that was noted needs; a former version changes nothing."""
        id_, event = received.subject, received.event
        if received.type != REQUEST or self._requests[id_].version != received.version:
            return
        self._activities.remove_request(id_)
        if event is not None:
            try:
                self._activities.put_request(RequestProfile.of_event(event.data))
            except Exception as error:  # noqa: BLE001 (whatever it is, others go on)
                _tell_refused(REQUEST, id_, error)

    def forget(self) -> None:
        """Leave out what waits: for while no partition is owned yet."""
        self._waiting.clear()
        self._touched.clear()

    def mark_partitions(self, partitions: Collection[int]) -> None:
        """Compare all requests of these partitions again, and all that have cases there."""
        if not partitions:
            return
        self._wait(
            id_
            for id_, known in self._requests.items()
            if known.partition in partitions and self._activities.in_state(known.country)
        )
        self._mark_cases({"partition": {"$in": sorted(partitions)}})

    def recheck(self, fences: Mapping[int, int]) -> None:
        """Compare again what a stalled former owner of a partition has opened a case of."""
        for partition, fence in fences.items():
            self._mark_cases({"partition": partition, "fence": {"$lt": fence}})

    def work(self, fences: Mapping[int, int], on: date, now: datetime) -> set[int]:
        """Compare one chunk of what waits as of a day, and keep the cases of these partitions.

        Returns the partitions that have another owner by now. Raises what passes by
        itself (work.passes); then the chunk waits on.
        """
        if on != self._on:
            self._on = on
            self._wait(self._activities.comparable())
            # Time passes without an event: an activity may have ended since.
            self._mark_cases({"status": {"$in": ["confirmed", "ended"]}})
        if not fences:
            self.forget()  # whatever comes to be owned is compared as a whole
        self._mark_touched()
        chunk = list(islice(self._waiting, CHUNK))
        owned = [
            id_
            for id_ in chunk
            if id_ in self._requests and self._requests[id_].partition in fences
        ]
        outcome: Outcome[str] = Outcome("case of coverage not kept")

        def noting(one: _Found) -> AbstractContextManager[None]:
            pair, _ = one
            return outcome.noting(pair.id, pair.of_request.partition, [pair.request])

        def to_be(one: _Found) -> Wanted[CoverageCase]:
            return wanted(*one, fences[one[0].of_request.partition], on, now)

        def alone(one: _Found) -> None:
            pair, _ = one
            if to_be(one).keep(now):
                metrics.COVERAGE_WRITTEN.inc()
            if CoverageCase.objects(id=pair.id, owes=True).count():
                settle(pair.id, now)

        written = keep_together(self._pairs(owned, on), to_be, alone, noting, now)
        metrics.COVERAGE_WRITTEN.inc(len(written))
        for one, case in written:
            if case is not None and case.owes:
                with noting(one):
                    settle(case.id, now)
        for id_ in chunk:
            since = self._waiting.pop(id_)
            if id_ in outcome.late:
                self._waiting[id_] = since
        return outcome.fenced

    def _pairs(self, requests: Sequence[str], on: date) -> list[_Found]:
        """The pairs that these requests are in or were in, and what is found of each."""
        found: dict[_Key, Covering | None] = {}
        compared = set()
        for request in requests:
            with apart("request not compared with activities", request, swept=False):
                told = coverings(self._activities, request, on, self._classifier)
                compared.add(request)
                found |= {(one.request, one.line, one.activity): one for one in told}
        for case in _cases({"request": {"$in": sorted(compared)}}) if compared else ():
            found.setdefault((case["request"], case["line"], case["activity"]), None)
        return [
            (
                Pair(
                    request,
                    line,
                    activity,
                    self._requests[request],
                    self._known.get(activity, _UNHEARD),
                ),
                covering,
            )
            for (request, line, activity), covering in sorted(found.items(), key=lambda one: one[0])
        ]

    def _note_request(self, received: Received) -> None:
        id_, event = received.subject, received.event
        known = self._requests.get(id_)
        if known is not None and known.version >= received.version:
            return
        status = _GONE if event is None else event.data["status"]
        country = event.data["country"] if event is not None else known.country if known else ""
        self._requests[id_] = KnownRequest(
            received.partition, received.version, intern(status), intern(country)
        )
        self._wait([id_])

    def _note_activity(self, received: Received) -> None:
        id_, event = received.subject, received.event
        known = self._known.get(id_)
        if known is not None and known.version >= received.version:
            return
        self._activities.remove_activity(id_)
        self._touched[id_] = None
        if event is None:
            before = known or _UNHEARD
            self._known[id_] = KnownActivity(
                received.version, _GONE, before.country, before.organisation, before.material
            )
            return
        data = event.data
        self._known[id_] = KnownActivity(
            received.version,
            data["status"],
            data["country"],
            data["organisation"],
            material("activity", data),
            _last_day(data["window"]),
        )
        try:
            self._activities.put_activity(ActivityProfile.of_event(data))
        except Exception as error:  # noqa: BLE001 (as above)
            _tell_refused(ACTIVITY, id_, error)

    def _mark_touched(self) -> None:
        """Let the requests be compared that the activities that changed may cover, or did."""
        touched = list(self._touched)
        for id_ in touched:
            self._wait(sorted(self._activities.requests_of(self._known[id_].country)))
        if touched:
            self._mark_cases({"activity": {"$in": touched}})
        self._touched.clear()

    def _mark_cases(self, condition: Mapping[str, Any]) -> None:
        self._wait(case["request"] for case in _cases(condition))

    def _wait(self, requests: Iterable[str]) -> None:
        now = time.monotonic()
        for request in requests:
            self._waiting.setdefault(request, now)


_UNHEARD = KnownActivity(_NEVER, _GONE, "", None, "")


def _last_day(window: Mapping[str, str | None] | None) -> date | None:
    last = None if window is None else window["to"]
    return None if last is None else date.fromisoformat(last)


def _cases(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = {"request": 1, "line": 1, "activity": 1}
    return list(CoverageCase._get_collection().find(condition, shown))


def _tell_refused(type_: str, subject: str, error: Exception) -> None:
    metrics.NOT_INDEXED.labels(type_).inc()
    log.error("record not compared for coverage", id=subject, type=type_, exc_info=error)
