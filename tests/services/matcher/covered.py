"""A worker's watch for coverage, without the worker's loops."""

from collections.abc import Iterable
from datetime import date

from services.matcher.coverage_documents import CoverageCase, coverage_id
from services.matcher.coverage_watch import CoverageWatch
from services.matcher.reactions import keep_records
from services.matcher.shortlists import take_partition
from shared.events.envelope import Event
from tests.services.matcher.records import NOW
from tests.services.matcher.world import received

TOPIC = "requests.v1"


class Worker:
    """A worker's watch, with all partitions unless others are given."""

    def __init__(self, partitions: Iterable[int] = range(3)) -> None:
        self.watch = CoverageWatch()
        self.fences: dict[int, int] = {}
        self.today = NOW.date()
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
            self.watch.hear(received(event))
        return self.works()

    def works(self, today: date | None = None) -> set[int]:
        """Compare what waits, each request once at most."""
        self.today = today or self.today
        fenced: set[int] = set()
        for _ in range(1 + self.watch.waiting // 50):
            fenced |= self.watch.work(self.fences, self.today, NOW)
        return fenced


def case(request: str = "r1", activity: str = "a1", line: int = 1) -> CoverageCase:
    """The stored case of a line and an activity."""
    found: CoverageCase = CoverageCase.objects.get(id=coverage_id(request, line, activity))
    return found


def status(request: str = "r1", activity: str = "a1", line: int = 1) -> str | None:
    """The status of a case; None without one."""
    found = CoverageCase.objects(id=coverage_id(request, line, activity)).first()
    return None if found is None else str(found.status)
