"""Registers gone through in parts: everything once, however it lies in time."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.registers import spans


class Store:
    """What would be a collection of documents, made at these times."""

    def __init__(self, *ago: timedelta) -> None:
        now = datetime.now(UTC)
        self.times = [now - one for one in ago]
        self.reads: list[int] = []

    def _get_collection(self) -> "Store":
        return self

    def find(self, there: dict[str, Any], fields: object) -> list[datetime]:
        bounds = there.get("created_at", {})
        found = [
            at
            for at in self.times
            if bounds.get("$gte", at) <= at and ("$lt" not in bounds or at < bounds["$lt"])
        ]
        self.reads.append(len(found))
        return found

    def count_documents(self, there: dict[str, Any]) -> int:
        return len(self.find(there, None))


def test_each_is_read_once_and_few_at_once() -> None:
    store = Store(*(timedelta(hours=number) for number in range(-2, 5_000)))
    assert sorted(spans.every(store, {}, {"_id": 1})) == sorted(store.times)
    assert max(store.reads) <= 600
    assert spans.count(store, {}) == 5_002


def test_old_ones_are_found_in_few_reads() -> None:
    store = Store(timedelta(days=20_000), timedelta(days=700), timedelta(hours=-1))
    assert sorted(spans.every(store, {}, {})) == sorted(store.times)
    assert len(store.reads) < 8
