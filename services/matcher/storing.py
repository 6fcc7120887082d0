"""Storing the shortlists of some requests while the next are ranked."""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from services.matcher import shortlists
from services.matcher.index_feed import Cause
from services.matcher.shortlists import Ranking, Stored
from shared import tracing


@dataclass(frozen=True)
class Chunk:
    """Requests that were ranked, by partition and id, each with its cause, and what came of it.

    `fences` are those of their partitions, as they were when the ranking began. `spans` are the
    steps of ranking in the traces that these belong to; they end once all is stored.
    """

    fences: Mapping[int, int]
    causes: Mapping[tuple[int, str], Cause]
    rankings: Mapping[int, Sequence[Ranking]]
    spans: Sequence[tracing.Span | None]


class Storing:
    """Stores one chunk after another, in a thread of its own: the processor and the database, which
    each wait for the other otherwise, work at once. For one thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "ranking-storing")
        self._under_way: deque[tuple[Chunk, Future[tuple[Stored, float]]]] = deque()
        self._failed = threading.Event()
        """Whether one of those has failed."""

    @property
    def under_way(self) -> list[Chunk]:
        """The chunks that are being stored or wait for it, or were and have not been asked for; the
        oldest first."""
        return [chunk for chunk, _ in self._under_way]

    def start(self, chunk: Chunk, now: datetime) -> None:
        """Have a chunk stored, after those that are under way."""
        self._under_way.append((chunk, self._pool.submit(_store, chunk, now, self._failed)))

    def is_done(self) -> bool:
        """Whether the oldest chunk under way need not be waited for."""
        return bool(self._under_way) and self._under_way[0][1].done()

    def finish(self) -> tuple[Stored, float]:
        """Wait until the oldest chunk is stored; what became of it, and when (monotonic).

        Raises what kept it from being stored; then those after it are not tried, and nothing is
        under way any more.
        """
        try:
            found = self._under_way[0][1].result()
        except BaseException:
            self._give_up()
            raise
        self._under_way.popleft()
        return found

    def close(self) -> None:
        """Wait for the chunk that is being stored, and take no more: what waited is not stored."""
        self._give_up()
        self._pool.shutdown(cancel_futures=True)

    def _give_up(self) -> None:
        for chunk, future in self._under_way:
            if future.cancel():
                tracing.end(chunk.spans, failed=True)
        self._under_way.clear()
        self._failed = threading.Event()  # one that still goes on may set the former one


def _store(chunk: Chunk, now: datetime, others: threading.Event) -> tuple[Stored, float]:
    failed = True
    try:
        if others.is_set():
            # Where the database is away, each would wait for it in turn.
            raise CancelledError
        stored = shortlists.store(chunk.rankings, chunk.fences, now)
        failed = False
    except BaseException:
        others.set()
        raise
    finally:
        tracing.end(chunk.spans, failed=failed)
    return stored, time.monotonic()
