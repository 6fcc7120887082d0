"""Which partitions of the requests' topic this worker works, under which fences."""

import threading
from collections.abc import Mapping, Sequence
from queue import SimpleQueue
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener, OffsetAndMetadata, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from services.matcher import shortlists
from shared.events import clients
from shared.settings import Settings

GROUP = "matcher-ranking"
_CLOSE_MS = 5_000
_COMMIT_MS = 5_000
_LOST = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

log = structlog.get_logger(__name__)


class Ownership:
    """A member of the ranking group; it fetches nothing, for the reader reads all partitions.

    The group shares out the partitions and keeps, as the offsets, how far each has been worked.
    Call `poll` often (it blocks for its timeout at most, longer only when it has become an owner
    and stamps its fence) from one thread; `assigned` may be asked from any.
    """

    def __init__(self, settings: Settings, topic: str) -> None:
        self._topic = topic
        self._notes: SimpleQueue[tuple[bool, list[int]]] = SimpleQueue()
        self._consumer = clients.consumer(settings, GROUP)
        self._consumer.subscribe([topic], listener=_Notes(self._notes))
        self._wanted: set[int] = set()
        self._assigned = threading.Event()
        self.fences: dict[int, int] = {}
        self._kept: dict[int, int] = {}
        self._fresh: set[int] = set()

    def assigned(self) -> bool:
        """Whether the group has given this member its partitions (perhaps none) at least once."""
        return self._assigned.is_set()

    def poll(self, timeout_ms: int) -> list[int]:
        """Stay in the group; returns the partitions that were newly taken and must be worked again.

        A partition that comes back with nobody having owned it in between is not new.
        """
        self._consumer.poll(timeout_ms=timeout_ms, max_records=1)
        if waiting := self._consumer.assignment() - self._consumer.paused():
            self._consumer.pause(*waiting)
        while not self._notes.empty():
            is_assignment, partitions = self._notes.get()
            if is_assignment:
                self._wanted |= set(partitions)
                self._assigned.set()
            else:
                self._wanted -= set(partitions)
                for partition in partitions:
                    self._give_up(partition)
        for partition in sorted(self._wanted - self.fences.keys()):
            self._take(partition)
        fresh, self._fresh = sorted(self._fresh), set()
        return fresh

    def lost(self, partitions: Sequence[int]) -> None:
        """Another owner's fence was met: leave these partitions until the group gives them anew."""
        for partition in partitions:
            log.warning("partition has another owner", topic=self._topic, partition=partition)
            self._wanted.discard(partition)
            self.fences.pop(partition, None)

    def commit(self, positions: Mapping[int, int]) -> None:
        """Save how far partitions have been worked; those that are no longer owned are left out."""
        offsets = {
            TopicPartition(self._topic, partition): OffsetAndMetadata(position, "", -1)
            for partition, position in positions.items()
            if partition in self.fences
        }
        if not offsets:
            return
        try:
            self._consumer.commit(offsets, timeout_ms=_COMMIT_MS)
        except _LOST as error:
            log.info("partitions lost before the commit", error=str(error))

    def close(self) -> None:
        """Leave the group; blocks for up to 5 s."""
        self._consumer.close(timeout_ms=_CLOSE_MS)

    def _give_up(self, partition: int) -> None:
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
        return True


class _Notes(ConsumerRebalanceListener):  # type: ignore[misc] # kafka-python has no types
    """Notes what the client says, for the loop to act on between two batches."""

    def __init__(self, notes: "SimpleQueue[tuple[bool, list[int]]]") -> None:
        self._notes = notes

    def on_partitions_revoked(self, revoked: Sequence[Any]) -> None:
        self._notes.put((False, sorted(partition.partition for partition in revoked)))

    def on_partitions_assigned(self, assigned: Sequence[Any]) -> None:
        self._notes.put((True, sorted(partition.partition for partition in assigned)))
