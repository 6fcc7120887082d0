"""Records that the client cannot unpack: they come as records too, so that reading goes on.

kafka-python 3.0.12 raises for them out of `poll`, does not say where it was, and meets them again
for ever: a batch in a codec that is not installed, one whose checksum is wrong, a header whose
name is not UTF-8 (docs/decisions/0012).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer
from kafka.consumer.fetcher import Fetcher

_KAFKA_4_FORMAT = 2


@dataclass(frozen=True)
class Unreadable:
    """Stands in a poll's answer for a batch, or what follows in it, that cannot be unpacked.

    It takes the place of the batch's last record: whoever goes on after `offset` has passed it.
    `headers` tell one such batch from another, `detail` says where it stood and what was wrong.
    `timestamp` is of when it came (milliseconds): what it says itself cannot be relied on.
    """

    topic: str
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...]
    detail: str
    key: None = None
    value: None = None
    timestamp: int = field(default_factory=lambda: int(time.time() * 1000))


def tolerate(consumer: KafkaConsumer) -> None:
    """Make the consumer hand out Unreadable for what it would raise for; before its first poll."""
    consumer._fetcher.PartitionRecords = _PartitionRecords


class _LastBatch:
    """A partition's fetched batches, of which the last one taken is remembered."""

    def __init__(self, records: Any) -> None:
        self._records = records
        self.taken: Any = None

    def next_batch(self) -> Any:
        self.taken = None
        self.taken = self._records.next_batch()
        return self.taken


class _PartitionRecords(Fetcher.PartitionRecords):
    def _unpack_records(self, tp: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
        batches = _LastBatch(records)
        while True:
            try:
                yield from super()._unpack_records(tp, batches, *deserializers)
            except Exception as error:
                batch = batches.taken
                if batch is None or batch.magic != _KAFKA_4_FORMAT or batch.last_offset_delta < 0:
                    raise  # where the next batch begins is not known
                self.next_fetch_offset = batch.next_offset
                yield _unreadable(tp, batch, error)
            else:
                return


def _unreadable(tp: Any, batch: Any, error: Exception) -> Unreadable:
    place = f"{tp.partition}@{batch.base_offset}-{batch.last_offset}"
    return Unreadable(
        topic=tp.topic,
        partition=tp.partition,
        offset=batch.last_offset,
        headers=(("unreadable", f"{place} {batch.crc:08x}".encode()),),
        detail=f"the batch at {place} cannot be unpacked: {type(error).__name__}: {error}",
    )
