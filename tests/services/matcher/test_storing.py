"""Parts of a chunk are stored one after another, beside whoever goes on."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services.matcher import shortlists
from services.matcher.shortlists import Stored
from services.matcher.storing import Chunk, Storing

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def part(number: int) -> Chunk:
    """A part that is told from others by its fence."""
    return Chunk({0: number}, {}, {}, [])


class Store:
    """A store that waits until it is let, notes what it was given, and fails at some of it."""

    def __init__(self) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        self.given: list[int] = []
        self.fails: set[int] = set()

    def __call__(self, _: Any, fences: dict[int, int], __: datetime) -> Stored:
        self.begun.set()
        assert self.let.wait(60)
        self.given.append(fences[0])
        if fences[0] in self.fails:
            raise AutoReconnect
        return Stored(written=fences[0])


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    found = Store()
    monkeypatch.setattr(shortlists, "store", found)
    yield found
    found.let.set()


def test_one_after_another_and_the_oldest_is_told_of_first(store: Store) -> None:
    with closing(Storing()) as storing:
        for number in (1, 2, 3):
            storing.start(part(number), NOW)
        assert not storing.is_done()
        store.fails = {2}
        store.let.set()
        assert storing.finish()[0].written == 1
        assert [one.fences[0] for one in storing.under_way] == [2, 3]
        with pytest.raises(AutoReconnect):
            storing.finish()
        # What came after one that failed is not tried, and what comes later is.
        assert (storing.under_way, storing.is_done()) == ([], False)
        storing.start(part(4), NOW)
        assert storing.finish()[0].written == 4
    assert store.given == [1, 2, 4]


def test_at_the_end_what_waits_is_not_stored(store: Store) -> None:
    storing = Storing()
    storing.start(part(1), NOW)
    assert store.begun.wait(60)
    storing.start(part(2), NOW)
    ending = threading.Thread(target=storing.close)
    ending.start()
    with suppress(RuntimeError):  # as soon as it takes no more
        while True:
            storing.start(part(3), NOW)
    store.let.set()
    ending.join(60)
    assert store.given == [1]
