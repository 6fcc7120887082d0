"""Reading without a group: everything from the beginning, every time."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from sample_things import SOURCE, event_of, now

from deploy.local.servers import wait_until
from shared.events.dead_letters import list_dead_letters
from shared.events.envelope import OFFER, REQUEST, Event, encode
from shared.events.letters import DeadLetters
from shared.events.poison import TooManyDeadLetters
from shared.events.reader import Received, TopicReader, read_to_end
from shared.events.topics import Topics
from shared.events.versions import Version
from shared.settings import Settings

BROKEN = {"key": b"a", "value": b"{", "headers": []}


@pytest.fixture
def make_reader(
    settings: Settings, topics: Topics, dead_letters: DeadLetters
) -> Iterator[Callable[..., TopicReader]]:
    """Makes readers of requests and offers."""
    made: list[TopicReader] = []

    def make(**kwargs: Any) -> TopicReader:
        names = [topics.requests, topics.offers]
        made.append(TopicReader(settings, names, dead_letters, **kwargs))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def read(reader: TopicReader, wanted: int) -> list[Received]:
    received: list[Received] = []

    def enough() -> bool:
        received.extend(reader.poll(100))
        return len(received) >= wanted

    wait_until(enough, 15, f"{wanted} records")
    assert len(received) == wanted
    return received


def test_everything_from_the_beginning(
    make_reader: Callable[..., TopicReader], topics: Topics, produce: Callable[..., None]
) -> None:
    tombstone = Event(REQUEST, SOURCE, "gone", now(), Version(2, 0), {}, tombstone=True)
    events = [event_of(f"t{number}", Version(1, number + 1)) for number in range(10)]
    produce(topics.requests, *events, tombstone)
    for _ in range(2):
        reader = make_reader()
        assert not reader.caught_up()
        assert reader.lag() == 11
        received = read(reader, 11)
        assert reader.caught_up()
        assert reader.lag() == 0
        assert {r.subject: r.event for r in received} == {
            **{event.subject: event for event in events},
            "gone": None,
        }
        (gone,) = [r for r in received if r.event is None]
        assert (gone.type, gone.version) == (REQUEST, Version(2, 0))
        assert all(r.topic == topics.requests for r in received)
    produce(topics.requests, event_of("later", Version(1, 1)))
    assert read(reader, 1)[0].subject == "later"
    assert reader.caught_up()


def test_what_is_passed_is_read_past_whatever_it_says(
    make_reader: Callable[..., TopicReader],
    topics: Topics,
    produce: Callable[..., None],
    settings: Settings,
) -> None:
    offer = Event(OFFER, SOURCE, "o", now(), Version(1, 1), {}, tombstone=True)
    broken = {"key": b"b", "value": b"{", "headers": [("ce_type", REQUEST.encode())]}
    produce(topics.requests, event_of("r", Version(1, 1)), broken)
    produce(topics.offers, offer)
    reader = make_reader(passed={REQUEST})
    assert [(one.type, one.subject) for one in read(reader, 1)] == [(OFFER, "o")]
    wait_until(lambda: reader.poll(100) == [] and reader.caught_up(), 15, "the end of both topics")
    assert reader.lag() == 0
    assert list(list_dead_letters(settings)) == []


def test_an_empty_topic_is_caught_up(make_reader: Callable[..., TopicReader]) -> None:
    reader = make_reader()
    assert reader.caught_up()
    assert reader.poll(10) == []


def test_how_far_a_topic_was_read_counts_what_became_a_dead_letter(
    make_reader: Callable[..., TopicReader],
    topics: Topics,
    produce: Callable[..., None],
) -> None:
    produce(topics.requests, event_of("a", Version(1, 1)), BROKEN)
    reader = make_reader()
    assert reader.read_to(topics.requests) == {}
    read(reader, 1)
    wait_until(lambda: not reader.poll(50) and reader.caught_up(), 10, "catching up")
    assert sum(reader.read_to(topics.requests).values()) == 2
    assert reader.read_to(topics.offers) == {}


def test_the_same_poison_is_put_once(
    make_reader: Callable[..., TopicReader],
    settings: Settings,
    topics: Topics,
    produce: Callable[..., None],
) -> None:
    produce(topics.requests, BROKEN, event_of("a", Version(1, 1)), BROKEN | {"value": b"["})
    for _ in range(2):
        reader = make_reader(name="index")
        assert [received.subject for received in read(reader, 1)] == ["a"]
        wait_until(lambda r=reader: not r.poll(50) and r.caught_up(), 10, "catching up")
        assert sorted(str(letter.value) for letter in list_dead_letters(settings)) == [
            "b'['",
            "b'{'",
        ]
    assert len(list(read_to_end(settings, topics.dead_letters))) == 2


class Away(DeadLetters):
    """Its database is away when it is to settle, as often as said."""

    times = 0

    def settle(self, ids: Collection[str]) -> None:
        if self.times:
            self.times -= 1
            raise AutoReconnect("away")
        super().settle(ids)


def test_nothing_is_lost_while_the_database_is_away(
    settings: Settings, topics: Topics, database: Any, produce: Callable[..., None]
) -> None:
    def good(name: str) -> dict[str, Any]:
        key, value, headers = encode(event_of(name, Version(1, 1)))
        return {"key": key, "value": value, "headers": headers, "partition": 0}

    produce(topics.requests, good("a"), BROKEN | {"partition": 0}, good("c"), good("d"))
    letters = Away(settings, database)
    letters.times = 3
    reader = TopicReader(settings, [topics.requests], letters, "index")
    try:
        received = [one.subject for one in read(reader, 3)]
    finally:
        reader.close()
        letters.close()
    assert received == ["a", "c", "d"]
    assert letters.times == 0


def test_too_many_in_a_row(
    make_reader: Callable[..., TopicReader],
    settings: Settings,
    topics: Topics,
    produce: Callable[..., None],
) -> None:
    produce(topics.requests, *[BROKEN | {"value": str(n).encode()} for n in range(5)])
    for _ in range(2):  # a restart meets the same and drains nothing
        reader = make_reader(max_consecutive_dead_letters=3)
        with pytest.raises(TooManyDeadLetters):
            read(reader, 1)
        assert [letter.value for letter in list_dead_letters(settings)] == [b"0", b"1", b"2"]
