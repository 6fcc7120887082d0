"""The loop of a group's consumer: poll, handle, commit; pause rather than sleep."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from shared.events import clients, metrics
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.poison import Streak, TooManyDeadLetters
from shared.events.reader import known_partitions
from shared.events.topics import Topics
from shared.events.work import ConsumerPolicy, Handler, Rejected, Retry, Work
from shared.settings import Settings

__all__ = [
    "Consumer",
    "ConsumerPolicy",
    "Handler",
    "Rejected",
    "Retry",
    "TooManyDeadLetters",
]

PartitionsCallback = Callable[[Sequence[TopicPartition]], None]

_COMMIT_TIMEOUT_MS = 5_000
_LOST = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
"""Commits that failed because the partitions are somebody else's by now."""

log = structlog.get_logger(__name__)


class Consumer:
    """A member of a consumer group that applies events by a handler.

    `run` blocks until `stop` is set. It raises TooManyDeadLetters, TopicsMissing and what Kafka
    says cannot be helped by trying again; let the process end then, and start it again. The
    handler gets batches of decoded events, tombstones among them, in the order of each partition,
    and must be idempotent by (subject, version): offsets are committed after it has returned, so a
    crash repeats. See work.py for what it may raise. While a batch waits for its next try the
    partitions are paused and polling goes on, so the member stays in its group. A batch whose
    partitions are taken away is dropped: their next owner starts from the last commit.

    `on_assigned` and `on_revoked` are told of the partitions from the loop's own thread, before
    any event of the new assignment; they may block like a handler, and should not raise.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[str],
        group: str,
        handler: Handler,
        dead_letters: DeadLetters,
        policy: ConsumerPolicy | None = None,
        on_assigned: PartitionsCallback | None = None,
        on_revoked: PartitionsCallback | None = None,
    ) -> None:
        self._settings = settings
        self._names = list(topics)
        self._topics = Topics(settings.topic_prefix)
        self._group = group
        self._handler = handler
        self._policy = policy or ConsumerPolicy()
        limit = self._policy.max_consecutive_dead_letters
        self._undecodable = Streak(dead_letters, group, limit)
        self._unusable = Streak(dead_letters, group, limit)
        self._on_assigned = on_assigned
        self._on_revoked = on_revoked
        self._rebalances = _Rebalances()
        self._assigned = threading.Event()
        self._work: Work | None = None
        self._offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self._done: dict[TopicPartition, OffsetAndMetadata] = {}

    def has_assignment(self) -> bool:
        """Whether the group has given this member its partitions (perhaps none) at least once."""
        return self._assigned.is_set()

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set; the batch at hand is finished or left uncommitted."""
        consumer = clients.consumer(self._settings, self._group)
        try:
            # A group's leader that does not know the topics yet would share out nothing.
            known_partitions(consumer, self._names)
            consumer.subscribe(self._names, listener=self._rebalances)
            while not stop.is_set():
                try:
                    self._turn(consumer)
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    log.warning("consumer interrupted", group=self._group, error=str(error))
                    stop.wait(1)
        finally:
            consumer.close(timeout_ms=_COMMIT_TIMEOUT_MS)
            self._tell_rebalances()

    def _turn(self, consumer: KafkaConsumer) -> None:
        """One poll, and one step of the batch when it is due."""
        self._commit(consumer)
        wait_ms = self._policy.poll_ms
        if self._work is None:
            consumer.resume(*consumer.paused())
        else:
            consumer.pause(*consumer.assignment())
            wait_ms = min(wait_ms, max(int((self._work.due - time.monotonic()) * 1000), 0))
        polled = consumer.poll(timeout_ms=wait_ms, max_records=self._policy.max_batch)
        self._tell_rebalances()
        if polled:
            self._take(consumer, polled)
        if self._work is not None and self._work.due <= time.monotonic():
            self._step(self._work)
            self._commit(consumer)

    def _take(self, consumer: KafkaConsumer, polled: dict[TopicPartition, list[Any]]) -> None:
        if self._work is not None:  # partitions that came while others were paused
            for partition, records in polled.items():
                consumer.seek(partition, records[0].offset)
            return
        self._offsets = {
            partition: OffsetAndMetadata(records[-1].offset + 1, "", -1)
            for partition, records in polled.items()
        }
        self._work = Work(
            [record for records in polled.values() for record in records],
            self._topics.types_in,
            self._undecodable,
            self._unusable,
            self._policy,
        )

    def _step(self, work: Work) -> None:
        if work.step(self._handle):
            self._work = None
            self._done |= self._offsets
        else:
            metrics.RETRIES.labels(self._group).inc()

    def _handle(self, events: Sequence[Event]) -> None:
        with metrics.HANDLING.labels(self._group).time():
            self._handler(events)
        metrics.CONSUMED.labels(self._group).inc(len(events))

    def _commit(self, consumer: KafkaConsumer) -> None:
        """Commit what is done. What could not be saved for now is tried again next turn."""
        if not self._done:
            return
        try:
            consumer.commit(self._done, timeout_ms=_COMMIT_TIMEOUT_MS)
        except _LOST as error:
            log.info("partitions lost before the commit", group=self._group, error=str(error))
        self._done = {}

    def _tell_rebalances(self) -> None:
        for is_assignment, partitions in self._rebalances.take():
            if is_assignment:
                log.info("partitions assigned", group=self._group, count=len(partitions))
                self._assigned.set()
                if self._on_assigned is not None:
                    self._on_assigned(partitions)
            elif partitions:
                self._work = None
                self._done = {}
                if self._on_revoked is not None:
                    self._on_revoked(partitions)


class _Rebalances(ConsumerRebalanceListener):
    """Notes what the client's own thread says, for the loop to act on."""

    def __init__(self) -> None:
        self._notes: queue.SimpleQueue[tuple[bool, list[TopicPartition]]] = queue.SimpleQueue()

    def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._notes.put((False, sorted(revoked)))

    def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        self._notes.put((True, sorted(assigned)))

    def take(self) -> list[tuple[bool, list[TopicPartition]]]:
        """What was noted since the last time, in order."""
        notes = []
        while not self._notes.empty():
            notes.append(self._notes.get_nowait())
        return notes
