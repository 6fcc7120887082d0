"""Watching for records that seem to be the same: what changed is compared, its cases are kept.

Every worker hears of every record and compares it; of what it finds it keeps the pairs whose left
record is in one of its partitions. Records of either side count by the number of the partition that
their events are in: all topics have as many, and one fence guards a number.
"""

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from itertools import islice
from sys import intern
from typing import Any

import structlog

from services.matcher import metrics
from services.matcher.cases import Outcome, Wanted, keep_together
from services.matcher.domain import Side
from services.matcher.duplicate_documents import DuplicateCase
from services.matcher.duplicates import Known, Pair, wanted
from services.matcher.engine.duplicates import Likely
from services.matcher.engine.matching import Engine
from shared.events.envelope import OFFER, REQUEST
from shared.events.reader import Received

LATE_SECONDS = 0.25
"""How long a record is left alone of which the projection has not heard yet."""

Record = tuple[Side, str]
_PairKey = tuple[Side, str, str]
_Found = tuple[Pair, Likely | None, int]
"""A pair, what is found of it, and the partition of its case."""

_SIDES: dict[str, Side] = {REQUEST: "request", OFFER: "offer"}
_OWNERS: dict[Side, str] = {"request": "country", "offer": "organisation"}
_GONE = "gone"

log = structlog.get_logger(__name__)


class DuplicateWatch:
    """Keeps the cases of this worker's partitions. Not for several threads.

    The engine is to be fed with an event before this is.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._engine = engine
        self._clock = clock
        self._known: dict[Side, dict[str, Known]] = {side: {} for side in _OWNERS}
        self._waiting: dict[Record, float] = {}
        """Since when."""
        self._late: dict[Record, tuple[float, float]] = {}
        """Until when, and since when."""

    @property
    def waiting(self) -> int:
        """How many records have yet to be compared."""
        return len(self._waiting) + len(self._late)

    @property
    def ready(self) -> bool:
        """Whether there is one that can be compared at once."""
        return bool(self._waiting)

    def left(self) -> Iterator[tuple[str, str, float]]:
        """The records that have yet to be compared, each with since when (by the clock)."""
        yield from ((*record, since) for record, since in self._waiting.items())
        yield from ((*record, since) for record, (_, since) in self._late.items())

    def waits(self, record: Record, since: float) -> bool:
        """Whether a record has yet to be compared that waited by then already."""
        _, late = self._late.get(record, (0.0, math.inf))
        return min(late, self._waiting.get(record, math.inf)) <= since

    def note(self, received: Received) -> None:
        """Take in one event or tombstone that the engine has been fed."""
        side = _SIDES.get(received.type)
        if side is None:
            return
        of_side = self._known[side]
        known, event = of_side.get(received.subject), received.event
        if known is not None and known.version >= received.version:
            return
        if event is not None:
            data = event.data
            owner, status = data[_OWNERS[side]], data["status"]
            merged_into = data.get("merged_into")
        else:
            owner, status, merged_into = "" if known is None else known.owner, _GONE, None
        of_side[received.subject] = Known(
            received.partition, received.version, intern(owner), intern(status), merged_into
        )
        self._waiting.setdefault((side, received.subject), self._clock())

    def forget(self) -> None:
        """Leave out what waits: for while no partition is owned yet."""
        self._waiting.clear()
        self._late.clear()

    def mark_partitions(self, partitions: Collection[int]) -> None:
        """Compare all records of these partitions again, and all that have cases there."""
        if not partitions:
            return
        now = self._clock()
        for side, of_side in self._known.items():
            for id_, known in of_side.items():
                if known.partition in partitions:
                    self._waiting.setdefault((side, id_), now)
        self._mark_cases({"partition": {"$in": sorted(partitions)}})

    def recheck(self, fences: Mapping[int, int]) -> None:
        """Compare again what a stalled former owner of a partition has opened a case of."""
        for partition, fence in fences.items():
            self._mark_cases({"partition": partition, "fence": {"$lt": fence}})

    def work(self, fences: Mapping[int, int], now: datetime, most: int) -> set[int]:
        """Compare so many of those that wait, and keep the cases of these partitions.

        Returns the partitions that have another owner by now. Raises what passes by
        itself (work.passes); then they wait on.
        """
        if not fences:
            self.forget()  # whatever comes to be owned is compared as a whole
        over = self._clock()
        due = [record for record, (until, _) in self._late.items() if until <= over]
        for record in due:
            _, since = self._late.pop(record)
            self._waiting[record] = min(since, self._waiting.get(record, since))
        chunk = list(islice(self._waiting, most))
        outcome: Outcome[Record] = Outcome("case not kept")
        ours = (one for one in self._pairs(chunk) if one[2] in fences)

        def to_be(one: _Found) -> Wanted[DuplicateCase]:
            return wanted(*one, fences[one[2]], now)

        def alone(one: _Found) -> None:
            if to_be(one).keep(now):
                metrics.CASES_WRITTEN.inc()

        def noting(one: _Found) -> AbstractContextManager[None]:
            pair, _, partition = one
            ends = _ends(pair.side, pair.left, pair.right)
            return outcome.noting(pair.id, partition, (end for end in ends if end in chunk))

        written = keep_together(ours, to_be, alone, noting, now)
        metrics.CASES_WRITTEN.inc(len(written))
        until = self._clock() + LATE_SECONDS
        for record in chunk:
            since = self._waiting.pop(record)
            if record in outcome.late:
                self._late[record] = until, min(since, self._late.get(record, (until, since))[1])
        return outcome.fenced

    def _pairs(self, chunk: Sequence[Record]) -> Iterator[_Found]:
        """The pairs that these records are in or were in, what is found of each, its partition."""
        compared = {record: self._compare(record) for record in chunk}
        pairs: dict[_PairKey, Likely | None] = {}
        for of_record in compared.values():
            pairs |= of_record or {}
        partitions: dict[_PairKey, int] = {}
        for case in _cases_of(chunk):
            key: _PairKey = (case["side"], case["left"], case["right"])
            partitions[key] = case["partition"]
            if key not in pairs and None not in (compared.get(end, {}) for end in _ends(*key)):
                # Either end may have too many others to name it.
                with _noting_failure(key[0], key[1]):
                    pairs[key] = self._engine.likely_pair(*key)
        for key in sorted(pairs):
            left, right = (self._known[side].get(id_) for side, id_ in _ends(*key))
            partition = partitions.get(key) if left is None else left.partition
            if partition is not None:
                yield Pair(*key, left, right), pairs[key], partition

    def _compare(self, record: Record) -> dict[_PairKey, Likely] | None:
        """What the engine finds of a record; None where it fails at it."""
        side, id_ = record
        found: dict[_PairKey, Likely] | None = None
        with _noting_failure(side, id_):
            with metrics.COMPARING.time():
                likely = self._engine.duplicates(side, id_)
            found = {(one.side, one.left, one.right): one for one in likely}
            metrics.COMPARED.labels(side).inc()
        return found

    def _mark_cases(self, condition: Mapping[str, Any]) -> None:
        for case in _cases(condition):
            for end in _ends(case["side"], case["left"], case["right"]):
                self._waiting.setdefault(end, self._clock())


@contextmanager
def _noting_failure(side: Side, id_: str) -> Iterator[None]:
    """Count and log what the engine fails at; others are compared all the same."""
    try:
        yield
    except Exception as error:
        metrics.NOT_COMPARED.labels(side).inc()
        log.error("record not compared", id=id_, side=side, exc_info=error)


def _ends(side: Side, left: str, right: str) -> tuple[Record, Record]:
    return (side, left), (side, right)


def _cases_of(records: Sequence[Record]) -> list[dict[str, Any]]:
    """The stored cases of these records."""
    if not records:
        return []
    cases = _cases({"records": {"$in": [id_ for _, id_ in records]}})
    return [
        case
        for case in cases
        if any(end in records for end in _ends(case["side"], case["left"], case["right"]))
    ]


def _cases(condition: Mapping[str, Any]) -> list[dict[str, Any]]:
    shown = {"side": 1, "left": 1, "right": 1, "partition": 1}
    return list(DuplicateCase._get_collection().find(condition, shown))
