"""Storing the shortlists of one chunk of requests while the next chunk is ranked."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
    """Stores one chunk at a time, in a thread of its own: the processor and the database, which
    each wait for the other otherwise, work at once. For one thread."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "ranking-storing")
        self._under_way: Chunk | None = None
        self._result: Future[tuple[Stored, float]]

    @property
    def under_way(self) -> Chunk | None:
        """The chunk that is being stored, or was and has not been asked for."""
        return self._under_way

    def start(self, chunk: Chunk, now: datetime) -> None:
        """Begin to store a chunk. The one before must have been finished."""
        self._under_way = chunk
        self._result = self._pool.submit(_store, chunk, now)

    def finish(self) -> tuple[Stored, float]:
        """Wait until the chunk under way is stored; what became of it, and when (monotonic).

        Raises what kept it from being stored. Either way nothing is under way any more.
        """
        try:
            return self._result.result()
        finally:
            self._under_way = None

    def close(self) -> None:
        """Wait for what is under way, and take no more."""
        self._pool.shutdown()


def _store(chunk: Chunk, now: datetime) -> tuple[Stored, float]:
    failed = True
    try:
        stored = shortlists.store(chunk.rankings, chunk.fences, now)
        failed = False
    finally:
        tracing.end(chunk.spans, failed=failed)
    return stored, time.monotonic()
