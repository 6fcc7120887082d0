"""What is kept of another service's records: the newest version, in whatever order it came."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from typing import Any

import pytest
from mongoengine import Document, IntField, StringField
from pymongo.database import Database
from sample_things import event_of

from shared.events.envelope import Event
from shared.events.projections import keep_newest
from shared.events.versions import Version

pytestmark = pytest.mark.usefixtures("database")

VERSIONS = (Version(1, 1), Version(1, 2), Version(2, 1), Version(1, 9))


class Copy(Document):
    """What is kept of a thing."""

    meta = {"collection": "copies"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    epoch = IntField()
    number = IntField()
    count = IntField()


def keep(events: list[Event]) -> None:
    keep_newest(Copy, events, lambda event: event.subject, lambda e: {"count": e.data["evidence"]})


def kept() -> dict[str, tuple[int, int, int]]:
    return {one.id: (one.epoch, one.number, one.count) for one in Copy.objects}


@pytest.mark.parametrize("order", list(permutations(range(len(VERSIONS)))))
def test_the_newest_stays_whatever_the_order(order: tuple[int, ...]) -> None:
    Copy.drop_collection()
    for index in order:
        keep([event_of("a", VERSIONS[index], count=index)])
    assert kept() == {"a": (2, 1, 2)}


def test_one_batch_and_many_keep_the_same(database: Database[dict[str, Any]]) -> None:
    Copy.drop_collection()
    events = [
        event_of(subject, version, count=10 * number + index)
        for number, subject in enumerate("abc")
        for index, version in enumerate(VERSIONS)
    ]
    random.Random(5).shuffle(events)
    keep(events)
    together = kept()
    assert together == {"a": (2, 1, 2), "b": (2, 1, 12), "c": (2, 1, 22)}
    for event in events:  # again, one by one: a repeat changes nothing
        keep([event])
    assert kept() == together
    assert database.copies.count_documents({}) == 3


def test_the_newest_stays_also_where_several_keep_at_once() -> None:
    Copy.drop_collection()
    Copy.ensure_indexes()
    chance = random.Random(3)

    def some(_: int) -> None:
        order = chance.sample(range(len(VERSIONS)), len(VERSIONS))
        keep([event_of(one, VERSIONS[index], count=index) for index in order for one in "abcdefgh"])
        for index in order:
            keep([event_of(one, VERSIONS[index], count=index) for one in "abcdefghijklm"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))
    assert set(kept().values()) == {(2, 1, 2)}
    assert len(kept()) == 13


def test_a_repeat_fills_in_what_was_not_kept(database: Database[dict[str, Any]]) -> None:
    Copy.drop_collection()
    keep([event_of("a", Version(1, 2), count=1)])
    database.copies.update_many({}, {"$unset": {"count": ""}})
    keep([event_of("a", Version(1, 2), count=1)])
    assert kept() == {"a": (1, 2, 1)}


def test_nothing_is_nothing() -> None:
    Copy.drop_collection()
    keep([])
    assert kept() == {}
