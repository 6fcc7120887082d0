"""Reading topics without a group: every reader sees every record, from the beginning."""

import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError
from pymongo.errors import PyMongoError

from shared.events import clients
from shared.events.envelope import Event, InvalidEvent, decode
from shared.events.letters import DeadLetters
from shared.events.poison import MAX_CONSECUTIVE_DEAD_LETTERS, Streak
from shared.events.topics import Topics, TopicsMissing
from shared.events.versions import Version
from shared.settings import Settings

_METADATA_SECONDS = 30

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Received:
    """What stood at one place of a topic; `event` is None for a tombstone: `subject` is gone."""

    event: Event | None
    type: str
    subject: str
    version: Version
    topic: str
    partition: int
    offset: int

    @property
    def traceparent(self) -> str | None:
        """The trace that the event belongs to, if any."""
        return None if self.event is None else self.event.traceparent


class TopicReader:
    """Reads all partitions of some topics from their beginning, and goes on with what comes.

    Making one blocks until the topics' partitions and ends are known (30 s at most, then
    TopicsMissing or KafkaError). `poll` blocks for its timeout at most, plus the time that dead
    letters take. What cannot be understood becomes a dead letter of the consumer `name`; too many
    in a row raise TooManyDeadLetters. While a dead letter cannot be written, or settled, the reader
    stands still before the record rather than losing it, and hands out what came before it. Events
    of the types `passed` are read past without being unpacked. Not for several threads. Close it.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[str],
        dead_letters: DeadLetters,
        name: str | None = None,
        max_consecutive_dead_letters: int = MAX_CONSECUTIVE_DEAD_LETTERS,
        passed: Collection[str] = (),
    ) -> None:
        self._passed = {type_.encode() for type_ in passed}
        self._topics = Topics(settings.topic_prefix)
        consumer_name = name or f"{settings.service}-reader"
        self._streak = Streak(dead_letters, consumer_name, max_consecutive_dead_letters)
        self._backlog: deque[Any] = deque()
        self.took = 0
        """How many records the last poll took, those that it handed nothing out of included."""
        self._handed: dict[tuple[str, int], int] = {}
        self._consumer = clients.consumer(settings, None)
        try:
            self._ends = assign_all(self._consumer, topics)
        except BaseException:
            self._consumer.close()
            raise

    def poll(self, timeout_ms: int, max_records: int = 500) -> list[Received]:
        """What came next, in the order of each partition; empty when nothing came in time."""
        if not self._backlog:
            polled = self._consumer.poll(timeout_ms=timeout_ms, max_records=max_records)
            self._backlog.extend(record for records in polled.values() for record in records)
        received, self.took = [], 0
        while self._backlog:
            try:
                one = self._understand(self._backlog[0])
            except (KafkaError, PyMongoError) as error:
                log.warning("dead letters not kept, will retry", error=str(error))
                break
            record = self._backlog.popleft()
            self.took += 1
            self._handed[record.topic, record.partition] = record.offset + 1
            if one is not None:
                received.append(one)
        return received

    def _understand(self, record: Any) -> Received | None:
        """What a record says; None when it became a dead letter, or is none of the reader's."""
        if self._passed and dict(record.headers).get("ce_type") in self._passed:
            return None
        try:
            event = decode(record, self._topics.types_in(record.topic))
        except InvalidEvent as invalid:
            self._streak.reject(record, invalid.code, invalid.detail)
            return None
        self._streak.went_on()
        return _received(event, record)

    def caught_up(self) -> bool:
        """Whether `poll` has handed out all that stood in the topics when the reader was made."""
        return not self._backlog and self._ends.reached()

    def read_to(self, topic: str) -> dict[int, int]:
        """The offset after the last record that was dealt with, by partition of the topic.

        What became a dead letter was dealt with too; partitions of which nothing came are missing.
        """
        return {part: end for (name, part), end in self._handed.items() if name == topic}

    def lag(self) -> int:
        """How many records are known to be still unread."""
        return len(self._backlog) + self._ends.lag()

    def close(self) -> None:
        """Close the connection to the broker."""
        self._consumer.close()


def read_to_end(settings: Settings, topics: Sequence[str]) -> Iterator[Any]:
    """All records (kafka-python's ConsumerRecord) that stand in the topics now; then ends.

    Raises TopicsMissing or KafkaError, and KafkaTimeoutError when nothing comes for 30 s.
    """
    with closing(clients.consumer(settings, None)) as consumer:
        ends = assign_all(consumer, topics)
        deadline = time.monotonic() + _METADATA_SECONDS
        while not ends.reached():
            polled = consumer.poll(timeout_ms=200)
            if polled:
                deadline = time.monotonic() + _METADATA_SECONDS
            elif time.monotonic() > deadline:
                raise KafkaTimeoutError(f"nothing more came from {', '.join(topics)}")
            for records in polled.values():
                yield from records


class Ends:
    """How far an assigned consumer is from what stood in its partitions at the start.

    The end that a broker names when asked may lie within its last batch (the embedded broker
    counts a batch as one record), so the first high watermark that comes with records counts too.
    """

    def __init__(self, consumer: KafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        self._consumer = consumer
        self._ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
        self._unconfirmed = set(partitions)
        self._open = set(partitions)

    def reached(self) -> bool:
        """Whether every partition was read to its end; once true, always true."""
        for partition in list(self._unconfirmed):
            newest = self._consumer.highwater(partition)
            if newest is not None:
                self._ends[partition] = max(self._ends[partition], newest)
                self._unconfirmed.remove(partition)
        for partition in list(self._open):
            if self._consumer.position(partition) >= self._ends[partition]:
                self._open.remove(partition)
        return not self._open

    def lag(self) -> int:
        """How many records are known to be unread."""
        unread = 0
        for partition, end in self._ends.items():
            newest = self._consumer.highwater(partition) or 0
            unread += max(max(end, newest) - self._consumer.position(partition), 0)
        return unread


def assign_all(consumer: KafkaConsumer, topics: Sequence[str]) -> Ends:
    """Assign all partitions from their beginning; returns their present ends.

    Blocks for the broker's answers; raises TopicsMissing after 30 s, and KafkaError.
    """
    partitions = known_partitions(consumer, topics)
    consumer.assign(partitions)
    consumer.seek_to_beginning(*partitions)
    return Ends(consumer, partitions)


def known_partitions(consumer: KafkaConsumer, topics: Sequence[str]) -> list[TopicPartition]:
    """The partitions of some topics, once the client knows them all.

    Blocks for the broker's answers; raises TopicsMissing after 30 s, and KafkaError.
    """
    deadline = time.monotonic() + _METADATA_SECONDS
    while missing := [name for name in topics if not consumer.partitions_for_topic(name)]:
        if time.monotonic() > deadline:
            raise TopicsMissing(f"topics are missing: {', '.join(missing)}")
        time.sleep(0.1)
    return [
        TopicPartition(name, number)
        for name in topics
        for number in sorted(consumer.partitions_for_topic(name))
    ]


def _received(event: Event, record: Any) -> Received:
    return Received(
        event=None if event.tombstone else event,
        type=event.type,
        subject=event.subject,
        version=event.version,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )
