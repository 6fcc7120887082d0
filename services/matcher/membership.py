"""Being a member of the ranking group: who of several workers works which partitions."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
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

from shared.events import clients
from shared.events.predecessor import Seat
from shared.events.reader import known_partitions
from shared.settings import Settings

GROUP = "matcher-ranking"
POLL_MS = 200
_TIMEOUT_MS = 5_000
_LOST = (
    CommitFailedError,
    IllegalGenerationError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

log = structlog.get_logger(__name__)


class Membership:
    """Keeps a place in the group, tells of partitions that come and go, saves positions.

    `run` blocks, in a thread of its own: the client joins a group only while it may block for
    some time, which would hold up the ranking. It joins once `begin` is set; in the place of a
    member that was killed, whose partitions are shared out anew in any case, once `soon` is set, so
    that joining and the last of getting ready take their time together. It stays only while
    `working()` holds: a worker that hangs leaves its partitions to others after the client's
    `max_poll_interval_ms`. It fetches nothing, for the reader reads all partitions; the group's
    offsets say how far each has been worked. The other methods may be called from any thread.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        soon: threading.Event,
        begin: threading.Event,
        working: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._soon = soon
        self._begin = begin
        self._working = working
        self._notes: SimpleQueue[tuple[bool, list[int]]] = SimpleQueue()
        self._positions: dict[int, int] = {}
        self._lock = threading.Lock()

    def changes(self) -> list[tuple[bool, list[int]]]:
        """What happened since the last time, in order: (assigned or else revoked, partitions)."""
        changes = []
        while not self._notes.empty():
            changes.append(self._notes.get())
        return changes

    def save(self, positions: Mapping[int, int]) -> None:
        """Save how far partitions have been worked, soon; those lost by then are left out."""
        with self._lock:
            self._positions |= positions

    def run(self, stop: threading.Event) -> None:
        """Be a member until `stop` is set; then leave, after saving the last positions."""
        seat = Seat(self._settings, GROUP)
        begin = self._soon if seat.was_held() else self._begin
        while not begin.wait(POLL_MS / 1000):
            if stop.is_set():
                return
        consumer = clients.awaited(lambda: clients.consumer(self._settings, GROUP), stop)
        if consumer is None:
            return
        seat.take_over()
        try:
            consumer.subscribe([self._topic], listener=_Notes(self._notes))
            # A group's leader that does not know the topic yet would share out nothing.
            known_partitions(consumer, [self._topic])
            while not stop.is_set():
                if self._working():
                    self._turn(consumer, stop)
                    if self._begin.is_set():  # one that never gets so far is to be soon but once
                        seat.hold(consumer)
                else:
                    time.sleep(POLL_MS / 1000)
            self._commit(consumer)
        finally:
            clients.close_member(consumer, _TIMEOUT_MS)
            seat.give_up()

    def _turn(self, consumer: KafkaConsumer, stop: threading.Event) -> None:
        try:
            clients.poll_group(consumer, POLL_MS, max_records=1)
            if flowing := consumer.assignment() - consumer.paused():
                consumer.pause(*flowing)
            self._commit(consumer)
        except KafkaError as error:
            if not error.retriable:
                raise
            log.warning("membership interrupted", error=str(error))
            stop.wait(1)

    def _commit(self, consumer: KafkaConsumer) -> None:
        with self._lock:
            positions, self._positions = self._positions, {}
        mine = {partition.partition for partition in consumer.assignment()}
        offsets = {
            TopicPartition(self._topic, partition): OffsetAndMetadata(position, "", -1)
            for partition, position in positions.items()
            if partition in mine
        }
        if not offsets:
            return
        try:
            consumer.commit(offsets, timeout_ms=_TIMEOUT_MS)
        except _LOST as error:
            log.info("partitions lost before the commit", error=str(error))
        except KafkaError:
            with self._lock:
                self._positions = positions | self._positions
            raise


class _Notes(ConsumerRebalanceListener):
    """Notes what the client says, for the worker to act on between two batches."""

    def __init__(self, notes: "SimpleQueue[tuple[bool, list[int]]]") -> None:
        self._notes = notes

    def on_partitions_revoked(self, revoked: Sequence[Any]) -> None:
        self._notes.put((False, sorted(partition.partition for partition in revoked)))

    def on_partitions_assigned(self, assigned: Sequence[Any]) -> None:
        self._notes.put((True, sorted(partition.partition for partition in assigned)))
