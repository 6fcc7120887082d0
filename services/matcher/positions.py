"""Up to where in the requests' topic this worker has ranked and compared all, for its group."""

from collections.abc import Iterator, Mapping
from typing import cast

from services.matcher.coverage_watch import CoverageWatch
from services.matcher.duplicate_watch import DuplicateWatch, Record
from services.matcher.index_feed import IndexFeed
from services.matcher.membership import Membership
from services.matcher.ownership import Ownership
from services.matcher.progress import Progress, Waiting
from services.matcher.storing import Storing

_COVERAGE = "coverage"


class Positions:
    """Saves how far this worker's partitions have been worked, and knows what still waits in them:
    to be ranked, stored or compared. Not for several threads."""

    def __init__(
        self,
        membership: Membership,
        ownership: Ownership,
        feed: IndexFeed,
        storing: Storing,
        duplicates: DuplicateWatch,
        coverage: CoverageWatch,
    ) -> None:
        self._membership = membership
        self._ownership = ownership
        self._feed = feed
        self._storing = storing
        self._duplicates = duplicates
        self._coverage = coverage
        self._progress: Progress[tuple[int, int]] = Progress()
        """Of each partition and the fence that it is owned by."""
        self._saved: dict[int, int] = {}

    def save(self, read_to: Mapping[int, int]) -> None:
        """Commit how far this worker's partitions have been worked, of which so much was read."""
        fences = self._ownership.fences
        # A partition that was lost and taken again waits as a whole, whatever was worked before.
        owned = {(p, fence): read_to[p] for p, fence in fences.items() if p in read_to}
        done = self._progress.worked(owned, self._waiting, self._waits)
        news = {
            p: end
            for (p, fence), end in done.items()
            if fences.get(p) == fence and self._saved.get(p) != end
        }
        if news:
            self._membership.save(news)
            self._saved |= news

    def _waiting(self) -> Iterator[Waiting]:
        for partition in self._ownership.fences:
            waiting = self._feed.dirty[partition].items()
            yield from ((partition, request, cause.since) for request, cause in waiting)
        for chunk in self._storing.under_way:
            yield from ((*key, cause.since) for key, cause in chunk.causes.items())
        yield from self._duplicates.left()
        yield from ((_COVERAGE, *left) for left in self._coverage.left())

    def _waits(self, one: Waiting) -> bool:
        queue, id_, since = one
        if isinstance(queue, int):
            parts = (chunk.causes.get((queue, id_)) for chunk in self._storing.under_way)
            causes = (self._feed.dirty[queue].get(id_), *parts)
            waits = any(cause is not None and cause.since <= since for cause in causes)
            return queue in self._ownership.fences and waits
        if queue == _COVERAGE:
            return self._coverage.waits(id_, since)
        return self._duplicates.waits(cast(Record, (queue, id_)), since)
