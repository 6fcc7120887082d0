"""What the client cannot unpack: told by its place, and passed."""

from collections.abc import Callable
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder
from kafka.record.util import calc_crc32c
from sample_things import Thing, event_of, now

from deploy.local.servers import wait_until
from shared.events import clients
from shared.events.anti_entropy import AntiEntropy
from shared.events.consumer import Consumer
from shared.events.dead_letters import list_dead_letters, retry
from shared.events.envelope import REQUEST, InvalidEvent, decode
from shared.events.letters import DeadLetters
from shared.events.outbox import create
from shared.events.reader import TopicReader, read_to_end
from shared.events.relay import Relay
from shared.events.topics import Topics, topic_configs
from shared.events.unreadable import Unreadable
from shared.events.versions import Version
from shared.settings import Settings

PLACE = TopicPartition("requests.v1", 1)
CHECKSUM, CODEC = 17, 22  # where a batch has them


class NoText(str):
    """A header's name that is not UTF-8 on the wire."""

    __slots__ = ()

    def encode(self, *_: object) -> bytes:
        return b"\xff"


STRANGE = {"key": b"strange", "value": b"{}", "headers": [(NoText("x"), b"")]}


def batch(first: int, *names: str) -> bytearray:
    """A batch of records as a broker sends it, the first one at this offset."""
    builder = MemoryRecordsBuilder(2, 0, 100_000)
    for name in names:
        headers = [(NoText(name), b"")] if name == "strange" else []
        builder.append(0, name.encode(), b"{}", headers)
    builder.close()
    return bytearray(first.to_bytes(8, "big") + builder.buffer()[8:])


def unpacked(settings: Settings, fetched: bytes, start: int = 0, many: int = 2) -> list[Any]:
    """What a poll hands out of these batches, `many` records at a time."""
    consumer = clients.consumer(settings, None)
    try:
        records = consumer._fetcher.PartitionRecords(start, PLACE, MemoryRecords(fetched))
    finally:
        consumer.close()
    found = []
    while records:
        found += records.take(many)
    assert records.next_fetch_offset == 6
    return found


def with_codec(damaged: bytearray, codec: int) -> bytearray:
    damaged[CODEC] |= codec
    damaged[CHECKSUM : CHECKSUM + 4] = calc_crc32c(memoryview(damaged)[21:]).to_bytes(4, "big")
    return damaged


def wrong_checksum(damaged: bytearray) -> bytearray:
    damaged[CHECKSUM] ^= 1
    return damaged


@pytest.mark.parametrize(
    ("damaged", "error"),
    [
        (wrong_checksum(batch(2, "c", "d")), "CorruptRecordError"),
        *[(with_codec(batch(2, "c", "d"), codec), "UnsupportedCodecError") for codec in (2, 3, 4)],
        (with_codec(batch(2, "c", "d"), 1), "BadGzipFile"),
        (batch(2, "strange", "d"), "CorruptRecordError"),
    ],
)
@pytest.mark.parametrize("start", [0, 3])
def test_one_batch_that_cannot_be_unpacked(
    settings: Settings, damaged: bytearray, error: str, start: int
) -> None:
    fetched = bytes(batch(0, "a", "b") + damaged + batch(4, "e", "f"))
    found = unpacked(settings, fetched, start)
    assert [record.offset for record in found] == ([0, 1, 3, 4, 5] if start == 0 else [3, 4, 5])
    (stands,) = [record for record in found if isinstance(record, Unreadable)]
    assert (stands.topic, stands.partition, stands.offset) == ("requests.v1", 1, 3)
    with pytest.raises(InvalidEvent, match=f"unreadable: the batch at 1@2-3 .*{error}"):
        decode(stands)


def test_the_records_before_it_in_its_batch_are_handed_out(settings: Settings) -> None:
    found = unpacked(settings, bytes(batch(0, "a", "b", "strange", "d", "e", "f")))
    assert [(record.key, record.offset) for record in found] == [(b"a", 0), (b"b", 1), (None, 5)]


@pytest.mark.long
def test_every_reader_gets_past_it(
    settings: Settings,
    topics: Topics,
    dead_letters: DeadLetters,
    produce: Callable[..., None],
    running: Callable[..., Any],
) -> None:
    for number in range(3):
        strange = STRANGE | {"partition": number}
        produce(topics.requests, event_of(f"a{number}", Version(1, 1)), strange)
    produce(topics.requests, *[event_of(f"b{number}", Version(1, 1)) for number in range(3)])
    names = {f"{letter}{number}" for letter in "ab" for number in range(3)}
    assert len(list(read_to_end(settings, [topics.requests]))) == 9

    seen: set[str] = set()
    reader = TopicReader(settings, [topics.requests], dead_letters, "reader")

    def read() -> bool:
        seen.update(received.subject for received in reader.poll(100))
        return reader.caught_up()

    wait_until(read, 15, "the reader")
    reader.close()
    assert seen == names

    consumed: set[str] = set()
    consumer = Consumer(
        settings,
        [topics.requests],
        "group",
        lambda events: consumed.update(event.subject for event in events),
        dead_letters,
    )
    with running(consumer.run):
        wait_until(lambda: consumed == names, 30, "the consumer")
    letters = list_dead_letters(settings)
    assert {(letter.consumer, letter.partition) for letter in letters} == {
        (name, number) for name in ("reader", "group") for number in range(3)
    }
    for letter in letters:
        assert (letter.reason, letter.topic, letter.value) == ("unreadable", topics.requests, b"")
        assert f"{letter.partition}@{letter.offset}-{letter.offset} cannot" in letter.detail
    answer = retry(settings, None)
    assert answer.sent == ()
    assert {"replay" in reason for reason in answer.refused.values()} == {True}


@pytest.mark.usefixtures("database")
def test_anti_entropy_gets_past_it(
    settings: Settings, topics: Topics, produce: Callable[..., None], running: Callable[..., Any]
) -> None:
    for number in range(3):
        produce(topics.requests, STRANGE | {"partition": number})
    create(Thing(id="a"), now())
    produce(topics.requests, {"key": b"a", "value": b"{", "headers": []})
    Thing.objects(id="a").update(unset__pending_events=1, unset__pending_since=1)
    entropy = AntiEntropy(settings, topics.requests, {REQUEST: Thing}, now, grace_seconds=0.1)

    def mended() -> bool:
        return Thing.objects(id="a").first().pending_since is not None

    with running(entropy.run):
        wait_until(mended, 15, "mending")
    assert Relay(settings, [Thing], "relay", now).publish_pending() == 1


def test_topics_keep_no_codec(settings: Settings) -> None:
    topics = Topics("p.")
    for name in (*topics.states, *topics.dead_letters):
        assert topic_configs(settings, name)["compression.type"] == "uncompressed"
