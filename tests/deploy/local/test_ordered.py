"""Lists of the embedded database by an index: what is in them is what reading everything gives."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pymongo
import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local import ordered, stored  # noqa: E402 (after the skip)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODES, STATES, WORDS = ["KEN", "GHA", "KE"], ["draft", "shown"], [*"abcde", "a\x00b"]
INDEXES: tuple[dict[str, int], ...] = (
    {"created_at": -1, "_id": 1},
    {"country": 1, "created_at": -1},
    {"status": 1, "created_at": -1},
    {"words": 1, "created_at": -1},
    {"needs.theme": 1, "created_at": -1},
    {"country": 1, "status": 1, "created_at": -1},
    {"rare": 1},
)
SORTS: tuple[dict[str, int], ...] = (
    {"created_at": -1, "_id": 1},
    {"status": 1, "created_at": -1, "_id": 1},
    {"status": 1, "created_at": 1, "_id": 1},
    {"country": 1, "status": 1, "created_at": -1, "_id": 1},
    {"country": 1, "words": 1, "_id": 1},
)


@pytest.fixture(scope="module")
def whole() -> Iterator[Any]:
    """Reading as the database does it by itself."""
    before = secantus.Storage.find_matching
    ordered.read_in_order()
    yield before
    secantus.Storage.find_matching = before


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, whole: Any) -> Iterator[Any]:
    """A hundred records, of which several are of one moment, and some of none."""
    chance = random.Random(1)
    path: Path = tmp_path_factory.mktemp("ordered")
    found = secantus.Storage(str(path))
    for number, keys in enumerate(INDEXES):
        found.create_index("d", "c", f"i{number}", keys)
    for _ in range(100):
        record: dict[str, Any] = {
            "_id": f"{chance.getrandbits(60):x}",
            "country": chance.choice(CODES),
            "status": chance.choice(STATES),
            "words": chance.sample(WORDS, chance.randint(0, 3)),
            "needs": [{"theme": chance.choice(WORDS), "open": chance.random() < 0.5}],
        }
        if chance.random() < 0.95:
            record["created_at"] = NOW - timedelta(hours=chance.randint(0, 40))
        if chance.random() < 0.1:
            record["rare"] = chance.choice(CODES)
        found.insert("d", "c", [record])
    yield found
    found.close()


def noted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which records are read from now on."""
    read: list[int] = []
    fetch = ordered.documents

    def noting(storage: Any, place: Any, ids: list[int], *more: Any) -> Any:
        read.extend(ids)
        return fetch(storage, place, ids, *more)

    monkeypatch.setattr(ordered, "documents", noting)
    return read


def clause(chance: random.Random) -> dict[str, Any]:
    return chance.choice(
        [
            {"country": chance.choice(CODES)},
            {"country": {"$in": chance.sample(CODES, 2)}},
            {"country": {"$nin": chance.sample(CODES, 2)}},
            {"status": chance.choice(STATES)},
            {"words": chance.choice(WORDS)},
            {"words": {"$in": chance.sample(WORDS, 2)}},
            {"needs": {"$elemMatch": {"theme": chance.choice(WORDS), "open": True}}},
            {"rare": chance.choice(CODES)},
            {"_id": {chance.choice(["$nin", "$in"]): ["a", "b"]}},
            {"_id": {"$gt": f"{chance.getrandbits(60):x}"}},
            {"words": {"$elemMatch": {"$ne": chance.choice(WORDS)}}},
            {"words": {"$elemMatch": {"$in": chance.sample(WORDS, 2), "$gt": "a"}}},
            {"words": {"$not": {"$eq": chance.choice(WORDS)}}},
            {"created_at": {"$lt": NOW - timedelta(hours=chance.randint(0, 40))}},
            {"$comment": "said of the call, not of a record"},
        ]
    )


def condition(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    found = clause(chance) if chance.random() < 0.7 else {}
    within = {
        name: NOW - timedelta(hours=chance.randint(0, 40))
        for name in ("$gte", "$lt", "$gt", "$lte")
        if chance.random() < 0.2
    }
    found |= {"created_at": within} if within else {}
    if depth < 2 and chance.random() < 0.4:
        found["$or"] = [condition(chance, depth + 1) for _ in range(chance.randint(1, 3))]
    if depth < 2 and chance.random() < 0.3:
        found["$and"] = [clause(chance), clause(chance)]
    return found


@pytest.mark.parametrize("held", [ordered._MOST_HELD, 10])
def test_a_list_is_the_same_by_an_index(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(ordered, "_MOST_HELD", held)
    chance = random.Random(2)
    for _ in range(100):
        wanted = condition(chance)
        asked: dict[str, Any] = {
            "sort": chance.choice(SORTS),
            "limit": chance.choice([1, 5, 20]),
            "skip": chance.choice([0, 3]),
        }
        if chance.random() < 0.3:
            asked["projection"] = {"words": 0}
        read = storage.find_matching("d", "c", wanted, **asked)
        assert read == whole(storage, "d", "c", wanted, **asked), (wanted, asked)


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"status": "shown"},
        {"country": {"$nin": ["KE"]}, "status": "shown"},
        {"_id": {"$nin": ["a"]}, "status": "shown"},
        {"$or": [{"words": "a", "status": "shown"}, {"words": "b"}]},
        {"$and": [{"words": {"$in": ["a", "b"]}}, {"status": {"$in": STATES}}]},
    ],
)
def test_little_more_is_read_than_is_listed(
    storage: Any, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]
) -> None:
    read = noted(monkeypatch)
    storage.find_matching("d", "c", wanted, sort={"created_at": -1, "_id": 1}, limit=4)
    assert len(read) < 40


@pytest.mark.parametrize("name", ["$lt", "$lte", "$gt", "$gte"])
def test_a_list_from_a_place_on_is_not_read_from_its_beginning(
    storage: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Wherever in the condition the place stands, and whatever else is said of it."""
    hours = 35 if name in ("$lt", "$lte") else 5
    place = {"created_at": {name: NOW - timedelta(hours=hours)}}
    wider = {"created_at": {name: NOW - timedelta(hours=20)}}
    wanted = {"$and": [{"status": "shown"}, wider, place, wider]}
    read = noted(monkeypatch)
    found = storage.find_matching("d", "c", wanted, sort={"created_at": -1}, limit=50)
    assert 0 < len(found) <= len(read) < 15


def test_a_record_that_lacks_what_each_alternative_asks_for_is_not_decoded(
    storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    decode = stored.decode
    monkeypatch.setattr(stored, "decode", lambda one: decoded.append(one) or decode(one))
    sort = {"created_at": -1}
    either = [{"words": "a", "rare": "nowhere"}, {"words": "b", "country": "nowhere"}]
    assert not storage.find_matching("d", "c", {"$or": either}, sort=sort, limit=5)
    assert not decoded
    assert storage.find_matching("d", "c", {"$or": [*either, {"words": "c"}]}, sort=sort, limit=5)
    assert decoded


@pytest.mark.parametrize("limit", [1, 7, 100])
@pytest.mark.parametrize(
    ("wanted", "shown", "is_read"),
    [
        ({"status": "shown"}, {"status": 1, "_id": 0}, False),
        ({"country": "KEN", "status": "draft"}, {"status": 1, "_id": 0}, False),
        ({"status": "shown"}, {"_id": 1}, True),
        ({"status": "shown"}, {"status": 1}, True),
        ({"status": "shown"}, {"status": 1, "rare": 1, "_id": 0}, True),
        ({"status": "shown", "needs.theme": "a"}, {"status": 1, "_id": 0}, True),
        ({"status": {"$in": ["shown"]}}, {"status": 1, "_id": 0}, True),
        ({"words": "a"}, {"words": 1, "_id": 0}, True),  # by an index of lists
    ],
    ids=str,
)
def test_what_an_index_says_alone_is_not_read(
    storage: Any,
    whole: Any,
    monkeypatch: pytest.MonkeyPatch,
    wanted: Any,
    shown: dict[str, int],
    is_read: bool,
    limit: int,
) -> None:
    read = noted(monkeypatch)
    for skip in (0, 3):
        asked: dict[str, Any] = {"sort": {"created_at": -1}, "limit": limit, "skip": skip}
        asked["projection"] = shown
        expected = whole(storage, "d", "c", wanted, **asked)
        assert storage.find_matching("d", "c", wanted, **asked) == expected
        assert expected
    assert bool(read) == is_read


@pytest.mark.parametrize("who", ["a", 1])
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_nor_is_what_has_nothing_in_a_field(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, limit: int, who: str | int
) -> None:
    """A field of nothing, and one that is not there: both have nothing in it."""
    told = f"told{limit}{who}"
    storage.create_index("d", told, "unread", {"to": 1, "read": 1, "at": -1})
    for number in range(60):
        one = {"_id": number, "to": (who, "b")[number % 2], "at": NOW - timedelta(hours=number)}
        storage.insert("d", told, [one | ({}, {"read": None}, {"read": NOW})[number % 3]])
    read = noted(monkeypatch)
    unread = {"to": who, "read": None}
    asked: dict[str, Any] = {"sort": {"at": -1}, "limit": limit, "projection": {"to": 1, "_id": 0}}
    expected = whole(storage, "d", told, unread, **asked)
    assert len(expected) == min(limit, 20)
    monkeypatch.setattr(storage, "_docs_by_recordids", None)  # nor by the database's own way
    assert storage.find_matching("d", told, unread, **asked) == expected
    assert not read
    monkeypatch.undo()
    for wanted, shown in ((unread, {"read": 1, "_id": 0}), (unread | {"to": None}, {"to": 1})):
        expected = whole(storage, "d", told, wanted, **{**asked, "projection": shown})
        assert storage.find_matching("d", told, wanted, **asked | {"projection": shown}) == expected


def test_of_records_alike_in_the_first_field_no_more_are_read(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.create_index("d", "placed", "by_place", {"kind": 1, "place": 1, "name": 1, "at": 1})
    chance = random.Random(3)
    for number in range(200):
        words = [chance.choice(WORDS) for _ in range(2)]
        row = {"_id": number, "kind": "x", "place": number % 2, "name": "".join(words)}
        storage.insert("d", "placed", [row | {"at": chance.randint(0, 3)}])
    asked: dict[str, Any] = {"sort": {"place": 1, "name": 1, "at": 1}, "limit": 5}
    for wanted in ({"kind": "x"}, {"kind": {"$in": ["x"]}}, {"kind": {"$in": ["x", "y"]}}):
        expected = whole(storage, "d", "placed", wanted, **asked)
        read = noted(monkeypatch)
        assert storage.find_matching("d", "placed", wanted, **asked) == expected
        assert 0 < len(read) < 40
        monkeypatch.undo()


def test_a_list_needs_no_index_of_the_order_alone(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.create_index("d", "cases", "by_status", {"status": 1, "created_at": -1})
    for number in range(60):
        at = NOW - timedelta(hours=number % 50)
        case = {"_id": f"{number}", "status": STATES[number % 2], "created_at": at}
        storage.insert("d", "cases", [case])
    asked: dict[str, Any] = {"sort": {"created_at": -1, "_id": 1}, "limit": 4}
    everything = {
        wanted: whole(storage, "d", "cases", {"status": wanted}, **asked) for wanted in STATES
    }
    no_index = whole(storage, "d", "cases", {}, **asked)
    read = noted(monkeypatch)
    for wanted in STATES:
        assert (
            storage.find_matching("d", "cases", {"status": wanted}, **asked) == everything[wanted]
        )
    assert 0 < len(read) < 30
    assert storage.find_matching("d", "cases", {}, **asked) == no_index


def test_so_is_what_a_client_asks_for(
    tmp_path: Path, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pytest.importorskip("secantus.server").SecantusDBServer
    with (
        server(storage_path=str(tmp_path), replica_set_name=None) as running,
        closing(pymongo.MongoClient[dict[str, Any]](running.uri)) as client,
    ):
        records = client["d"]["c"]
        records.create_index([("status", 1), ("created_at", -1)])
        records.insert_many(
            {"_id": number, "status": STATES[number % 2], "created_at": NOW} for number in range(9)
        )
        records.insert_many(
            {"_id": 9 + hour, "status": "draft", "created_at": NOW - timedelta(hours=1 + hour)}
            for hour in range(90)
        )
        read = noted(monkeypatch)
        newest = records.find({"status": "draft"}).sort([("created_at", -1), ("_id", 1)])
        assert [one["_id"] for one in newest.limit(6)] == [0, 2, 4, 6, 8, 9]
        by_variable = {"status": "draft", "$expr": {"$lt": ["$created_at", "$$until"]}}
        until = {"until": NOW - timedelta(hours=1)}
        older = records.find(by_variable, let=until).sort("created_at", -1).limit(2)
        assert [one["_id"] for one in older] == [10, 11]
        assert 8 < len(read) < 60


def test_what_few_records_have_is_read_by_a_sparse_index(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.create_index("d", "waiting", "due_1", {"due": 1}, {"sparse": True})
    for number in range(80):
        due = {"due": NOW + timedelta(hours=number % 40)} if number % 4 else {}
        storage.insert("d", "waiting", [{"_id": f"{number:02}", **due}])
    asked: dict[str, Any] = {"sort": {"due": 1}, "limit": 5}
    any_due = {"due": {"$gt": datetime(2000, 1, 1, tzinfo=UTC)}}
    within = {"due": {"$gt": NOW + timedelta(hours=3), "$lte": NOW + timedelta(hours=30)}}
    expected = [whole(storage, "d", "waiting", one, **asked) for one in (any_due, within, {})]
    read = noted(monkeypatch)
    assert storage.find_matching("d", "waiting", any_due, **asked) == expected[0]
    assert storage.find_matching("d", "waiting", within, **asked) == expected[1]
    assert 0 < len(read) < 50
    # Those that have none come first, and stand in no sparse index.
    assert storage.find_matching("d", "waiting", {}, **asked) == expected[2]


@pytest.mark.parametrize("wanted", [{}, {"_id": {"$gt": "1f"}}, {"_id": {"$gte": "f"}}])
def test_a_collection_is_gone_through_by_its_ids_in_parts(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any]
) -> None:
    asked: dict[str, Any] = {"sort": {"_id": 1}, "limit": 6, "skip": 1, "projection": {"words": 0}}
    expected = whole(storage, "d", "c", wanted, **asked)
    read = noted(monkeypatch)
    assert storage.find_matching("d", "c", wanted, **asked) == expected
    assert 0 < len(read) < 12
    less = {"_id": {"$lt": "8"}}
    assert storage.find_matching("d", "c", less, **asked) == whole(storage, "d", "c", less, **asked)
    backwards = {**asked, "sort": {"_id": -1}}
    assert storage.find_matching("d", "c", wanted, **backwards) == whole(
        storage, "d", "c", wanted, **backwards
    )


def test_of_two_indexes_no_more_is_read_than_both_have(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, keys in enumerate([{"state": 1, "at": -1}, {"words": 1, "at": -1}]):
        storage.create_index("d", "both", f"both{number}", keys)
    for number in range(300):
        words = ["a" if number % 30 == 7 else "b", "c" if number % 40 == 7 else "d"]
        record = {"_id": f"{number:03}", "state": STATES[number % 2], "words": words, "at": NOW}
        storage.insert("d", "both", [record | {"at": NOW - timedelta(hours=number)}])
    asked: dict[str, Any] = {"sort": {"at": -1, "_id": 1}, "limit": 4}
    for wanted in (
        {"words": {"$in": ["a", "e"]}, "state": "shown"},
        {"$and": [{"words": "b"}, {"words": "c"}]},
        {"words": "b", "state": "draft", "$or": [{"words": "c"}, {"words": "a"}]},
    ):
        expected = whole(storage, "d", "both", wanted, **asked)
        with monkeypatch.context() as within:
            read = noted(within)
            assert storage.find_matching("d", "both", wanted, **asked) == expected
        assert len(read) < 40, wanted


def test_an_index_that_has_more_than_is_looked_at_leaves_nothing_out(
    storage: Any, whole: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, keys in enumerate([{"state": 1, "at": -1}, {"words": 1, "at": -1}]):
        storage.create_index("d", "many", f"many{number}", keys)
    of_two = [{"state": "draft", "words": ["a", "b"]}] * 60
    others = [{"state": "shown", "words": ["z"]}] * 40
    for number, record in enumerate([*of_two, *others, {"state": "shown", "words": ["e"]}]):
        storage.insert(
            "d", "many", [{"_id": number, "at": NOW - timedelta(hours=number), **record}]
        )
    wanted = {"state": "shown", "words": {"$in": ["a", "b", "e"]}}
    asked: dict[str, Any] = {"sort": {"at": -1, "_id": 1}, "limit": 4}
    # Two entries of each of sixty records: as many records as are looked at, and more entries.
    monkeypatch.setattr(ordered, "_MOST_HELD", 90)
    found = storage.find_matching("d", "many", wanted, **asked)
    assert found == whole(storage, "d", "many", wanted, **asked)
    assert len(found) == 1


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("bound", [{}, {"name": {"$lte": "ab"}}, {"name": {"$gt": "a"}}])
def test_texts_and_lists_are_sorted_as_the_database_does(
    storage: Any, whole: Any, bound: dict[str, Any], way: int
) -> None:
    name = f"sorted{way}{len(bound)}{bound}"
    for field in ("name", "words"):
        storage.create_index("d", name, field, {"kind": 1, field: way})
    lists = ([1], [5, 1], [3], [2, 4])
    for number, text in enumerate(["a", "abc", "ab", "b"]):
        record = {"_id": number, "kind": "x", "name": text, "words": lists[number]}
        storage.insert("d", name, [record])
    for field in ("name", "words"):
        asked: dict[str, Any] = {"sort": {field: way, "_id": 1}, "limit": 1}
        wanted = {"kind": "x", **bound}
        expected = whole(storage, "d", name, wanted, **asked)
        assert storage.find_matching("d", name, wanted, **asked) == expected
