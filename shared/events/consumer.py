"""The loop of a group's consumer: poll, handle, commit; pause rather than sleep."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import structlog
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from shared import tracing
from shared.events import clients, metrics
from shared.events.envelope import Event
from shared.events.letters import DeadLetters
from shared.events.poison import Streak, TooManyDeadLetters
from shared.events.predecessor import Seat
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

_Note = tuple[Literal["assigned", "revoked", "lost"], list[TopicPartition]]
PartitionsCallback = Callable[[Sequence[TopicPartition]], None]

_COMMIT_TIMEOUT_MS = 5_000
_MEASURE_SECONDS = 5.0
_REBALANCING = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)
"""Commits that fail until the group is settled again; whoever has the partitions then goes on."""

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
        self._oldest = 0.0
        self._measured = float("-inf")
        self._starts: dict[TopicPartition, int] = {}
        self._offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self._rewind: dict[TopicPartition, int] = {}
        self._done: dict[TopicPartition, OffsetAndMetadata] = {}

    def has_assignment(self) -> bool:
        """Whether the group has given this member its partitions (perhaps none) at least once."""
        return self._assigned.is_set()

    def run(self, stop: threading.Event) -> None:
        """Consume until `stop` is set; the batch at hand is finished or left uncommitted.

        While the broker is away it waits and goes on, at its start too.
        """
        consumer = clients.awaited(lambda: clients.consumer(self._settings, self._group), stop)
        if consumer is None:
            return
        seat = Seat(self._settings, self._group)
        seat.take_over()
        try:
            consumer.subscribe(self._names, listener=self._rebalances)
            # A group's leader that does not know the topics yet would share out nothing.
            known_partitions(consumer, self._names)
            while not stop.is_set():
                try:
                    self._turn(consumer)
                    seat.hold(consumer)
                except KafkaError as error:
                    if not error.retriable:
                        raise
                    log.warning("consumer interrupted", group=self._group, error=str(error))
                    stop.wait(1)
        finally:
            clients.close_member(consumer, _COMMIT_TIMEOUT_MS)
            seat.give_up()
            self._note_rebalances()

    def _turn(self, consumer: KafkaConsumer) -> None:
        """One poll, and one step of the batch when it is due."""
        self._commit(consumer)
        wait_ms = self._policy.poll_ms
        if self._work is None:
            consumer.resume(*consumer.paused())
        else:
            consumer.pause(*consumer.assignment())
            wait_ms = min(wait_ms, max(int((self._work.due - time.monotonic()) * 1000), 0))
        polled = clients.poll_group(consumer, wait_ms, self._policy.max_batch)
        polled = self._settle_rebalances(consumer, polled)
        if polled:
            self._take(consumer, polled)
        if self._work is not None and self._work.due <= time.monotonic():
            self._step(self._work)
            self._commit(consumer)
        self._measure(consumer)

    def _take(self, consumer: KafkaConsumer, polled: dict[TopicPartition, list[Any]]) -> None:
        if self._work is not None:  # partitions that came while others were paused
            for partition, records in polled.items():
                consumer.seek(partition, records[0].offset)
            return
        self._starts = {partition: records[0].offset for partition, records in polled.items()}
        self._offsets = {
            partition: OffsetAndMetadata(records[-1].offset + 1, "", -1)
            for partition, records in polled.items()
        }
        self._oldest = min(records[0].timestamp for records in polled.values()) / 1000
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
            metrics.APPLY_DELAY.labels(self._group).observe(max(time.time() - self._oldest, 0.0))
        else:
            metrics.RETRIES.labels(self._group).inc()

    def _handle(self, events: Sequence[Event]) -> None:
        with (
            metrics.HANDLING.labels(self._group).time(),
            tracing.taking_in(self._group, events),
        ):
            self._handler(events)
        metrics.CONSUMED.labels(self._group).inc(len(events))

    def _measure(self, consumer: KafkaConsumer) -> None:
        """Tell how far the consumer is behind; a batch that waits for its next try counts whole."""
        if time.monotonic() < self._measured + _MEASURE_SECONDS:
            return
        self._measured = time.monotonic()
        held = {} if self._work is None else self._starts
        unread = 0
        for partition in consumer.assignment():
            newest = consumer.highwater(partition)
            if newest:  # it was fetched from, so its position is known without asking
                unread += max(newest - held.get(partition, consumer.position(partition)), 0)
        metrics.CONSUMER_LAG.labels(self._group).set(unread)

    def _commit(self, consumer: KafkaConsumer) -> None:
        """Commit what is done. What could not be saved for now is tried again next turn."""
        if not self._done:
            return
        try:
            consumer.commit(self._done, timeout_ms=_COMMIT_TIMEOUT_MS)
            self._done = {}
        except _REBALANCING as error:
            log.info("commit must wait for the group", group=self._group, error=str(error))

    def _settle_rebalances(
        self, consumer: KafkaConsumer, polled: dict[TopicPartition, list[Any]]
    ) -> dict[TopicPartition, list[Any]]:
        """Act on rebalances during a poll; returns what of its records is still to be taken.

        The client keeps its position in a partition that it gets again, so the records of a
        dropped batch would not come again by themselves.
        """
        if not self._note_rebalances():
            return polled
        kept = consumer.assignment()
        self._done = {p: offset for p, offset in self._done.items() if p in kept}
        rewound = {p: offset for p, offset in self._rewind.items() if p in kept}
        self._rewind = {}
        for partition, offset in rewound.items():
            consumer.seek(partition, offset)
        return {p: records for p, records in polled.items() if p in kept and p not in rewound}

    def _note_rebalances(self) -> bool:
        """Drop the batch at hand if partitions were taken, and tell; whether there was news."""
        notes = self._rebalances.take()
        for kind, partitions in notes:
            if kind == "assigned":
                log.info("partitions assigned", group=self._group, count=len(partitions))
                self._assigned.set()
                if self._on_assigned is not None:
                    self._on_assigned(partitions)
            elif partitions:
                if self._work is not None:
                    self._work = None
                    self._rewind |= self._starts
                if kind == "lost":  # begun anew from the last commit, if they come back
                    self._rewind = {}
                    self._done = {}
                if self._on_revoked is not None:
                    self._on_revoked(partitions)
        return bool(notes)


class _Rebalances(ConsumerRebalanceListener):
    """Notes what the client's own thread says, for the loop to act on."""

    def __init__(self) -> None:
        self._notes: queue.SimpleQueue[_Note] = queue.SimpleQueue()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._notes.put(("revoked", sorted(revoked)))

    def on_partitions_lost(self, lost: Iterable[TopicPartition]) -> None:
        self._notes.put(("lost", sorted(lost)))

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._notes.put(("assigned", sorted(assigned)))

    def take(self) -> list[_Note]:
        """What was noted since the last time, in order."""
        notes = []
        while not self._notes.empty():
            notes.append(self._notes.get_nowait())
        return notes
