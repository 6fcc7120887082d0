"""Which partitions of the requests' topic this worker works, under which fences."""

import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from services.matcher import shortlists

RETAKE_SECONDS = 1.0
"""How long a partition is left alone after another's fence was met in it."""

Changes = Iterable[tuple[bool, Sequence[int]]]
"""What the group said, in order: (assigned or else revoked, partitions)."""

log = structlog.get_logger(__name__)


class Ownership:
    """Follows what the group says, and holds this worker's fence of each partition it owns.

    The group decides who works a partition, the fence only who may write. So a worker that meets
    another's fence in a partition that the group still gives to it takes it again, a moment later:
    the other was late and will hear of it, or this one is late and will hear of it itself. Not for
    several threads. A write to the database that fails leaves the rest to the next `follow`.
    """

    def __init__(self, topic: str, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self.fences: dict[int, int] = {}
        self.assigned = False
        """Whether the group has given this worker its share, be it empty."""
        self._topic = topic
        self._clock = clock
        self._wanted: set[int] = set()
        self._rests: dict[int, float] = {}
        self._kept: dict[int, int] = {}
        self._fresh: set[int] = set()

    def follow(self, changes: Callable[[], Changes]) -> set[int]:
        """Take and leave partitions; returns those newly taken, which must be worked again.

        `changes` tells what the group said since it was last asked. It is asked before each
        taking: that writes to the database, and meanwhile the next partition may become another's.
        A partition that comes back with nobody having owned it in between, and nothing having been
        worked without it, is not new.
        """
        self._hear(changes())
        while (partition := self._next()) is not None:
            self._take(partition)
            self._hear(changes())
        fresh, self._fresh = self._fresh, set()
        return fresh

    @property
    def between(self) -> bool:
        """Whether all partitions were given up and some may come back as they were.

        The group takes all of a worker's and gives it its share anew whenever another comes or
        goes. What is worked in between would be left out of those that come back.
        """
        return not self.fences and bool(self._kept)

    def work_without(self) -> None:
        """Others are worked from here on: what was given up before is new if it comes back."""
        self._kept.clear()

    def lost(self, partitions: Iterable[int]) -> None:
        """Another owner's fence was met: stop writing, and take them again after a moment.

        Unless the group has given them to another by then.
        """
        for partition in partitions:
            log.warning("partition has another owner", topic=self._topic, partition=partition)
            self.fences.pop(partition, None)
            self._rests[partition] = self._clock() + RETAKE_SECONDS

    def _hear(self, changes: Changes) -> None:
        for assigned, partitions in changes:
            if assigned:
                self.assigned = True
                self._wanted |= set(partitions)
            else:
                self._wanted -= set(partitions)
                self._give_up(partitions)

    def _give_up(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            self._rests.pop(partition, None)
            fence = self.fences.pop(partition, None)
            if fence is not None:
                self._kept[partition] = fence

    def _next(self) -> int | None:
        now = self._clock()
        due = (
            partition
            for partition in self._wanted - self.fences.keys()
            if self._rests.get(partition, now) <= now
        )
        return min(due, default=None)

    def _take(self, partition: int) -> None:
        self._rests.pop(partition, None)
        kept = self._kept.pop(partition, None)
        if kept is not None and shortlists.owns(self._topic, partition, kept):
            self.fences[partition] = kept
            return
        self.fences[partition] = shortlists.take_partition(self._topic, partition)
        self._fresh.add(partition)
        log.info("partition taken", partition=partition, fence=self.fences[partition])
