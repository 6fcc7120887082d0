"""Which partitions of the requests' topic this worker works, under which fences."""

from collections.abc import Iterable, Sequence

import structlog

from services.matcher import shortlists

log = structlog.get_logger(__name__)


class Ownership:
    """Follows what the group says, and holds this worker's fence of each partition it owns.

    Not for several threads. A write to the database that fails leaves the rest to the next
    `follow`.
    """

    def __init__(self, topic: str) -> None:
        self.fences: dict[int, int] = {}
        self._topic = topic
        self._wanted: set[int] = set()
        self._kept: dict[int, int] = {}
        self._fresh: set[int] = set()

    def follow(self, changes: Iterable[tuple[bool, Sequence[int]]]) -> set[int]:
        """Take and leave partitions; returns those newly taken, which must be worked again.

        A partition that comes back with nobody having owned it in between is not new.
        """
        for assigned, partitions in changes:
            if assigned:
                self._wanted |= set(partitions)
            else:
                self._wanted -= set(partitions)
                self._give_up(partitions)
        for partition in sorted(self._wanted - self.fences.keys()):
            self._take(partition)
        fresh, self._fresh = self._fresh, set()
        return fresh

    def lost(self, partitions: Iterable[int]) -> None:
        """Another owner's fence was met: leave these partitions until the group gives them anew."""
        for partition in partitions:
            log.warning("partition has another owner", topic=self._topic, partition=partition)
            self._wanted.discard(partition)
            self.fences.pop(partition, None)

    def _give_up(self, partitions: Iterable[int]) -> None:
        for partition in partitions:
            fence = self.fences.pop(partition, None)
            if fence is not None:
                self._kept[partition] = fence

    def _take(self, partition: int) -> None:
        kept = self._kept.pop(partition, None)
        if kept is not None and shortlists.owns(self._topic, partition, kept):
            self.fences[partition] = kept
            return
        self.fences[partition] = shortlists.take_partition(self._topic, partition)
        self._fresh.add(partition)
        log.info("partition taken", partition=partition, fence=self.fences[partition])
