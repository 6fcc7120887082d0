"""Dead letters: kept whole, listed once, sent back on demand."""

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sample_things import event_of

from shared.events import clients
from shared.events.dead_letters import UnknownDeadLetter, list_dead_letters, retry
from shared.events.envelope import encode
from shared.events.letters import DeadLetters, forget_written, letter_id
from shared.events.poison import Streak, TooManyDeadLetters
from shared.events.reader import read_to_end
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings

HEADERS = [("ce_type", b"\xff"), ("ce_type", b"twice"), ("entraide_marker", b"retried")]
RECORD = {"key": b"\x00\xff", "value": b"\xfe not JSON", "headers": HEADERS}


@pytest.fixture
def put(
    settings: Settings,
    topics: Topics,
    dead_letters: DeadLetters,
    produce: Callable[..., None],
) -> Callable[..., str]:
    """Puts a record into a topic, and its last record into the dead letters."""

    def write(record: Any = RECORD, consumer: str = "matcher") -> str:
        produce(topics.requests, record)
        key = record["key"]
        last = [r for r in read_to_end(settings, [topics.requests]) if r.key == key][-1]
        return dead_letters.put(last, "schema", "needs[0].line: 0 is too small", consumer)

    return write


def test_kept_whole(settings: Settings, topics: Topics, put: Callable[..., str]) -> None:
    id_ = put()
    (letter,) = list_dead_letters(settings)
    assert letter.id == id_
    assert (letter.key, letter.value) == (RECORD["key"], RECORD["value"])
    assert letter.headers == (("ce_type", b"\xff"), ("ce_type", b"twice"))
    assert (letter.reason, letter.detail) == ("schema", "needs[0].line: 0 is too small")
    assert (letter.topic, letter.offset, letter.consumer) == (topics.requests, 0, "matcher")
    assert letter.time.tzinfo is not None
    assert not letter.retried


def test_repeats_are_one(settings: Settings, put: Callable[..., str]) -> None:
    assert put() == put()  # the same poison at another place of the log
    assert put(consumer="offers") != put()
    assert [letter.consumer for letter in list_dead_letters(settings)] == ["matcher", "offers"]


def test_another_process_without_memory_makes_no_second_entry(
    settings: Settings,
    put: Callable[..., str],
    dead_letters: DeadLetters,
    database: Any,
) -> None:
    put()
    database.dead_letters.delete_many({})  # killed between producing and remembering
    put()
    assert len(list_dead_letters(settings)) == 1
    assert len(list(read_to_end(settings, Topics(settings.topic_prefix).dead_letters))) == 2


def test_retry(settings: Settings, topics: Topics, put: Callable[..., str]) -> None:
    id_ = put()
    with pytest.raises(UnknownDeadLetter, match="0" * 32):
        retry(settings, [id_, "0" * 32])
    assert retry(settings, [id_]).sent == (id_,)
    assert list_dead_letters(settings) == []
    (listed,) = list_dead_letters(settings, retried=True)
    assert listed.retried
    assert retry(settings, None).sent == ()
    again = list(read_to_end(settings, [topics.requests]))[-1]
    assert (again.key, again.value) == (RECORD["key"], RECORD["value"])
    assert again.headers == [*HEADERS[:2], ("entraide_retries", b"1")]


def test_failing_after_a_retry_is_a_new_dead_letter(
    settings: Settings, topics: Topics, put: Callable[..., str], dead_letters: DeadLetters
) -> None:
    first = put()
    for retries in (b"1", b"2"):
        assert len(retry(settings, None).sent) == 1
        again = list(read_to_end(settings, [topics.requests]))[-1]
        assert again.headers[-1] == ("entraide_retries", retries)
        assert dead_letters.put(again, "schema", "still", "matcher") != first
        assert len(list_dead_letters(settings)) == 1
    assert len(list_dead_letters(settings, retried=True)) == 3


def test_a_letter_from_elsewhere_is_refused(
    settings: Settings, topics: Topics, put: Callable[..., str], produce: Callable[..., None]
) -> None:
    id_ = put()
    stand = next(iter(read_to_end(settings, topics.dead_letters)))
    headers = [
        (name, b"elsewhere" if name == "entraide_topic" else value)
        for name, value in stand.headers
        if name != "entraide_id"
    ]
    forged = {"key": b"k", "value": b"v", "headers": [*headers, ("entraide_id", b"forged")]}
    produce(stand.topic, forged)
    answer = retry(settings, None)
    assert answer.sent == (id_,)
    assert list(answer.refused) == ["forged"]


def test_ids_depend_on_what_a_letter_holds() -> None:
    class Record:
        topic, partition, offset = "t", 0, 0

        def __init__(self, key: bytes | None, value: bytes | None, *headers: Any) -> None:
            self.key, self.value, self.headers = key, value, list(headers)

    key, value, headers = encode(event_of("a", Version(1, 1)))
    records = [
        Record(key, value, *headers),
        Record(key, None, *headers),
        Record(key, b"", *headers),
        Record(None, value, *headers),
        Record(b"", value, *headers),
        Record(key, value),
        Record(key, value, *headers, ("entraide_retries", b"1")),
    ]
    assert len({letter_id(record, "c") for record in records}) == len(records)
    marked = Record(key, value, *headers, ("entraide_reason", b"x"))
    assert letter_id(marked, "c") == letter_id(records[0], "c")


@dataclass(frozen=True)
class Poison:
    """A record that a consumer cannot use."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    partition: int = 0
    offset: int = 0


def test_one_that_is_too_large_is_kept_without_its_record(
    settings: Settings, topics: Topics, dead_letters: DeadLetters
) -> None:
    body = b"x" * (clients.MAX_REQUEST_BYTES + 1)  # what a compressed batch may unpack to
    id_ = dead_letters.put(Poison(topics.requests, b"k", body), "schema", "too much", "matcher")
    (letter,) = list_dead_letters(settings)
    assert (letter.id, letter.reason, letter.value, letter.whole) == (id_, "schema", b"", False)
    stand = dict(next(iter(read_to_end(settings, topics.dead_letters))).headers)
    assert stand["entraide_size"] == str(len(body)).encode()
    assert stand["entraide_sha256"] == hashlib.sha256(body).hexdigest().encode()
    assert list(retry(settings, [id_]).refused) == [id_]


def test_a_record_of_nothing_is_kept(
    settings: Settings, topics: Topics, dead_letters: DeadLetters
) -> None:
    id_ = dead_letters.put(Poison(topics.requests, None, None), "missing-header", "", "matcher")
    assert [letter.id for letter in list_dead_letters(settings)] == [id_]


def test_a_broker_that_lost_its_log_gets_them_again(
    settings: Settings, topics: Topics, database: Any, dead_letters: DeadLetters
) -> None:
    poison = [Poison(topics.requests, b"k", str(number).encode()) for number in range(4)]
    streak = Streak(dead_letters, "ledger", 2)
    for one in poison:
        streak.reject(one, "handler-failed", "")
        streak.went_on()
    forget_written(database)  # with the log of the dead letters it is one life less
    later = Streak(dead_letters, "ledger", 2)
    for one in poison:  # more in a row than the limit, but it went on after each of them once
        later.reject(one, "handler-failed", "")
    stand = list(read_to_end(settings, topics.dead_letters))
    assert Counter(record.value for record in stand) == {one.value: 2 for one in poison}
    assert len(list_dead_letters(settings)) == 4
    for key in (b"new", b"newer"):
        later.reject(Poison(topics.requests, key, b""), "schema", "")
    with pytest.raises(TooManyDeadLetters):
        later.reject(Poison(topics.requests, b"newest", b""), "schema", "")
