"""A worker's watch for duplicates, with an engine that finds what it was told of."""

from collections.abc import Iterable

from services.matcher.duplicate_watch import LATE_SECONDS, DuplicateWatch
from services.matcher.engine.duplicates import Evidence, Likely
from services.matcher.reactions import keep_records
from services.matcher.shortlists import take_partition
from shared.events.envelope import Event
from tests.services.matcher.records import NOW
from tests.services.matcher.world import received

TOPIC = "requests.v1"
FENCES = range(3)
AT_ONCE = 8


class Finder:
    """An engine that finds the pairs that it was told of."""

    def __init__(self) -> None:
        self.alike: dict[tuple[str, str, str], float] = {}
        self.failing: set[str] = set()
        self.asked: list[str] = []

    def duplicates(self, side: str, record: str) -> tuple[Likely, ...]:
        """As the engine's."""
        self.asked.append(record)
        if record in self.failing:
            raise RuntimeError("cannot be compared")
        found = (self._found(*pair) for pair in self.alike if pair[0] == side)
        return tuple(one for one in found if record in (one.left, one.right))

    def likely_pair(self, side: str, left: str, right: str) -> Likely | None:
        """As the engine's."""
        if self.failing & {left, right}:
            raise RuntimeError("cannot be compared")
        return self._found(side, left, right) if (side, left, right) in self.alike else None

    def _found(self, side: str, left: str, right: str) -> Likely:
        score = self.alike[side, left, right]
        evidence = (Evidence("meaning", None, None, score),)
        return Likely(side, left, right, score, (score,), evidence)


class Worker:
    """A worker's watch, with all partitions unless others are given."""

    def __init__(self, finder: Finder, partitions: Iterable[int] = FENCES) -> None:
        self.finder = finder
        self.seconds = 0.0
        self.watch = DuplicateWatch(finder, lambda: self.seconds)  # type: ignore[arg-type]
        self.fences: dict[int, int] = {}
        self.takes(partitions)

    def takes(self, partitions: Iterable[int]) -> None:
        """Become the owner of partitions."""
        fresh = {partition: take_partition(TOPIC, partition) for partition in partitions}
        self.fences |= fresh
        self.watch.mark_partitions(fresh)

    def hears(self, *events: Event, kept: bool = True) -> set[int]:
        """Take the events in and compare; `kept`: the API's projection has heard of them too."""
        if kept:
            keep_records(lambda: NOW)(events)
        for event in events:
            self.watch.note(received(event))
        return self.works()

    def works(self) -> set[int]:
        """Compare what waits, each record once."""
        self.seconds += LATE_SECONDS
        fenced = self.watch.work(self.fences, NOW, AT_ONCE)
        while self.watch.ready:
            fenced |= self.watch.work(self.fences, NOW, AT_ONCE)
        return fenced
