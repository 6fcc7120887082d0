"""What the embedded database takes out once its time is over is what it took out before."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local.expiring import expire_by_index  # noqa: E402 (after the skip)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PLAIN: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"at": 1}, {"expireAfterSeconds": 0}),
    ({"made": -1}, {"expireAfterSeconds": 3600.0}),
    ({"word": 1}, {}),
)
NOT_PLAIN: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"at": 1}, {"expireAfterSeconds": 0, "partialFilterExpression": {"word": "a"}}),
    ({"at": 1, "made": 1}, {"expireAfterSeconds": 0}),
    ({"at": 1}, {"expireAfterSeconds": 0, "sparse": True}),
    ({"at": "2d"}, {"expireAfterSeconds": 0}),
    ({"at": 1}, {"expireAfterSeconds": -1}),
    ({"at": 1}, {"expireAfterSeconds": float("nan")}),
    ({"at": 1}, {"expireAfterSeconds": 1e12}),
    ({"at": 1}, {"expireAfterSeconds": True}),
)
Make = Callable[..., Any]


@pytest.fixture
def made(tmp_path: Path, storage_class: Any) -> Any:
    """Makes a database with these indexes and documents; `read` are the documents it decoded."""
    storages = []

    def make(name: str, indexes: Any, documents: list[dict[str, Any]]) -> Any:
        found = storage_class(str(tmp_path / name), enable_oplog=False)
        for number, (keys, options) in enumerate(indexes):
            found.create_index("d", "c", f"index{number}", keys, options)
        found.insert("d", "c", documents)
        storages.append(found)
        return found

    yield make
    for one in storages:
        one.close()


def record(chance: random.Random, number: int) -> dict[str, Any]:
    def moment() -> datetime:
        return NOW + timedelta(minutes=chance.randint(-90, 90))

    found: dict[str, Any] = {"_id": number, "word": chance.choice("ab")}
    for field in ("at", "made"):
        kind = chance.randrange(6)
        if kind < 3:
            found[field] = moment()
        elif kind < 5:
            found[field] = [[moment(), moment()], None, "2020", 5, []][chance.randrange(5)]
    return found


def left(storage: Any) -> set[Any]:
    return {one["_id"] for one in storage.find_matching("d", "c", {})}


def pinned(storage: Any) -> int:
    """How many transactions WiredTiger must remember for whoever saw what was before them."""
    storage._conn.reconfigure("statistics=(fast)")
    session = storage._conn.open_session()
    told = session.open_cursor("statistics:")
    told.set_key(secantus.wt.stat.conn.txn_pinned_range)
    assert told.search() == 0
    found: int = told.get_values()[2]
    session.close()
    return found


@pytest.mark.parametrize("indexes", [PLAIN, *((one,) for one in NOT_PLAIN), (*PLAIN, NOT_PLAIN[0])])
def test_what_is_over_is_taken_out_as_the_database_does_itself(indexes: Any, made: Make) -> None:
    documents = [record(random.Random(number), number) for number in range(300)]
    before = made("before", indexes, documents)
    pruned = before.prune_ttl("d", "c", now=NOW)
    expire_by_index()
    after = made("after", indexes, documents)
    assert after.prune_ttl("d", "c", now=NOW) == pruned
    assert left(after) == left(before)
    assert after.prune_ttl_all_collections(now=NOW + timedelta(hours=1)) == (
        before.prune_ttl_all_collections(now=NOW + timedelta(hours=1))
    )
    assert left(after) == left(before)


def test_no_document_is_read_whose_time_is_not_over(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    expire_by_index()
    documents = [{"_id": number, "at": NOW + timedelta(hours=number)} for number in range(-2, 50)]
    storage = made("one", PLAIN[:1], [*documents, *({"_id": f"of no time {n}"} for n in range(50))])
    read: list[bytes] = []
    decode = secantus.bson.decode
    monkeypatch.setattr(secantus.bson, "decode", lambda blob: read.append(blob) or decode(blob))
    assert storage.prune_ttl("d", "c", now=NOW) == 2
    assert 2 <= len({bytes(one) for one in read}) < 10
    assert len(left(storage)) == 100


def test_what_has_no_such_index_stays(made: Make) -> None:
    expire_by_index()
    storage = made("one", PLAIN[2:], [{"_id": 1, "at": NOW - timedelta(days=9)}])
    assert storage.prune_ttl("d", "c", now=NOW) == 0
    assert left(storage) == {1}


def test_nothing_that_was_seen_is_held_until_the_next_time(made: Make) -> None:
    expire_by_index()
    storage = made("one", PLAIN[:1], [{"_id": 1, "at": NOW}])
    storage.prune_ttl_all_collections(now=NOW)

    def others() -> None:
        for number in range(2, 302):
            storage.insert("d", "c", [{"_id": number, "at": NOW}])
        storage.checkpoint()  # it finds anew what is held
        storage.release_thread_snapshot()  # as after each call of a client

    thread = threading.Thread(target=others)
    thread.start()
    thread.join()
    assert pinned(storage) < 100
