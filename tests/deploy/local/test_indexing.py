"""Indexes of the embedded database: whatever is kept or left alone, they say what documents say."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local import indexing, kept  # noqa: E402 (after the skip)

PLACE = ("d", "c")
INDEXES: tuple[tuple[dict[str, int], dict[str, Any]], ...] = (
    ({"country": 1}, {}),
    ({"country": 1, "number": -1}, {}),
    ({"words": 1}, {}),
    ({"needs.theme": 1, "number": 1}, {}),
    ({"rare": 1}, {"sparse": True}),
    ({"number": 1}, {"partialFilterExpression": {"country": "KEN"}}),
    ({"mark": 1}, {"unique": True}),
)
COUNTRIES, WORDS = ["KEN", "GHA"], "abc"


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A database of the server's kind, with what is done otherwise undone at the end."""
    for name, value in list(vars(secantus.Storage).items()):
        if not name.startswith("__"):
            monkeypatch.setattr(secantus.Storage, name, value)  # so that each stands again later
    monkeypatch.setattr(secantus.Storage, "taken_out", [], raising=False)
    take_out = secantus.Storage._delete_index_entries

    def noted(
        self: Any, db: str, coll: str, doc: Any, indexes: Any, *rest: Any, **more: Any
    ) -> Any:
        self.taken_out.extend(name for name, *_ in indexes)
        return take_out(self, db, coll, doc, indexes, *rest, **more)

    secantus.Storage._delete_index_entries = noted
    indexing.keep_definitions()
    indexing.write_what_changes()
    indexing.find_by_what_is_plain()
    found = secantus.Storage(str(tmp_path), enable_oplog=False)
    yield found
    found.close()


def record(chance: random.Random, number: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "_id": number,
        "mark": f"m{number}",
        "country": chance.choice(COUNTRIES),
        "number": chance.choice([1, 1.0, True, None, 0, False]),
        "words": chance.choice(["a", list(WORDS[: chance.randint(0, 3)])]),
        "needs": [{"theme": chance.choice(WORDS)} for _ in range(chance.randint(0, 2))],
    }
    if chance.random() < 0.3:
        found["rare"] = chance.choice(WORDS)
    return found


def entries(storage: Any, name: str) -> list[bytes]:
    rows = storage._collect_prefix(secantus._IDX_ENTRIES_TABLE, (*PLACE, name))
    return [key[-1] for key, _ in rows]


@pytest.mark.parametrize("seed", range(6))
def test_entries_are_what_they_are_when_made_anew(storage: Any, seed: int) -> None:
    """After changes of every kind, and with indexes that come and go between them."""
    chance = random.Random(seed)
    for number, (keys, options) in enumerate(INDEXES):
        storage.create_index(*PLACE, f"i{number}", keys, options)
    storage.insert(*PLACE, [record(chance, number) for number in range(30)])
    for _ in range(60):
        which: dict[str, Any] = {"_id": chance.randrange(30)}
        changed = record(chance, which["_id"])
        part = {name: changed[name] for name in chance.sample(sorted(changed), 2) if name != "_id"}
        step = chance.randrange(6)
        if step == 0:
            storage.delete_matching(*PLACE, which)
        elif step == 1:
            storage.update_matching(*PLACE, which, changed, upsert=True)
        elif step == 2:
            every = {"country": chance.choice(COUNTRIES)}
            part.pop("mark", None)
            storage.update_matching(*PLACE, every, {"$set": part or {"seen": 1}}, multi=True)
        elif step == 3:
            number = chance.randrange(len(INDEXES))
            storage.drop_index(*PLACE, f"i{number}")
            keys, options = INDEXES[number]
            storage.create_index(*PLACE, f"i{number}", keys, options)
        else:
            storage.update_matching(*PLACE, which, {"$set": part or {"seen": 1}})
        if chance.random() < 0.2:
            storage.update_matching(*PLACE, which, {"$unset": {"rare": "", "number": ""}})
    for number, (keys, options) in enumerate(INDEXES):
        stood = entries(storage, f"i{number}")
        storage.drop_index(*PLACE, f"i{number}")
        storage.create_index(*PLACE, f"i{number}", keys, options)
        assert stood == entries(storage, f"i{number}"), keys


def test_an_update_leaves_the_indexes_alone_for_which_it_changes_nothing(storage: Any) -> None:
    for number, (keys, options) in enumerate(INDEXES):
        storage.create_index(*PLACE, f"i{number}", keys, options)
    storage.insert(*PLACE, [record(random.Random(1), 1) | {"country": "GHA", "rare": "a"}])
    for change, touched in (
        ({"rare": "b"}, ["i4"]),
        ({"seen": True}, []),
        ({"country": "KEN"}, ["i0", "i1", "i5"]),
    ):
        storage.taken_out.clear()
        storage.update_matching(*PLACE, {"_id": 1}, {"$set": change})
        assert storage.taken_out == touched, change
    storage.delete_matching(*PLACE, {"_id": 1})
    assert len(storage.taken_out) == 3 + len(INDEXES)
    assert not any(entries(storage, f"i{number}") for number in range(len(INDEXES)))


@pytest.mark.parametrize("multi", [False, True])
def test_an_update_that_is_tried_again_after_a_conflict_leaves_its_entries_alone(
    storage: Any, monkeypatch: pytest.MonkeyPatch, multi: bool
) -> None:
    storage.create_index(*PLACE, "one", {"a": 1})
    storage.insert(*PLACE, [{"_id": n, "a": n} for n in range(3)])
    whole, tries = secantus.Storage._maybe_mark_multikey, []

    def conflicting(self: Any, *args: Any) -> Any:
        tries.append(args)
        if len(tries) == 2:
            raise secantus.WriteConflictError("made up")
        return whole(self, *args)

    monkeypatch.setattr(secantus.Storage, "_maybe_mark_multikey", conflicting)
    storage.update_matching(*PLACE, {"_id": 0}, {"$set": {"a": 7}})
    storage.update_matching(*PLACE, {"a": {"$lt": 7}}, {"$inc": {"a": 10}}, multi=multi)
    assert len(tries) > 2
    stood = entries(storage, "one")
    storage.drop_index(*PLACE, "one")
    storage.create_index(*PLACE, "one", {"a": 1})
    assert stood == entries(storage, "one")


def test_definitions_are_read_once_until_they_change(
    storage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    whole = secantus.Storage._committed_read_scope

    def noted(self: Any) -> Any:
        read.append("anew")
        return whole(self)

    monkeypatch.setattr(secantus.Storage, "_committed_read_scope", noted)

    def names(place: tuple[str, str] = PLACE) -> list[str]:
        return [name for name, *_ in storage._iter_indexes(*place)]

    storage.create_index(*PLACE, "one", {"a": 1})
    storage.create_index("other", "c", "two", {"a": 1})
    assert [names(), names(), names(("other", "c"))] == [["one"], ["one"], ["two"]]
    assert len(read) == 2
    storage.insert(*PLACE, [{"_id": 1, "a": 1}])
    assert (names(), len(read)) == (["one"], 2)
    storage.insert(*PLACE, [{"_id": 2, "a": [1, 2]}])
    assert storage._multikey_index_names(*PLACE) == {"one"}
    assert len(read) == 3
    assert (names(("other", "c")), len(read)) == (["two"], 3)
    storage.rename_collection(*PLACE, "other", "e")
    assert [names(), names(("other", "e"))] == [[], ["one"]]
    storage.drop_collection("other", "e")
    assert names(("other", "e")) == []


def test_what_was_read_while_indexes_changed_is_not_kept() -> None:
    definitions = kept.Kept[Any]()
    old: list[indexing.Definition] = [("old", {"a": 1}, {})]
    new: list[indexing.Definition] = [("new", {"a": 1}, {})]

    def read() -> list[Any]:
        definitions.begin("d")
        definitions.end("d")
        return old

    assert definitions.of(PLACE, read) == old
    assert definitions.of(PLACE, lambda: new) == new
    definitions.begin("d")
    assert definitions.of(PLACE, lambda: old) is None
    assert definitions.of(("other", "c"), lambda: old) == old
    definitions.end("d")
    assert definitions.of(PLACE, lambda: old) == old


@pytest.mark.parametrize(
    "condition",
    [
        {"_id": 7, "country": "KEN"},
        {"country": "KEN", "_id": {"$in": [7, 9]}, "$or": [{"number": 1}, {"number": 2}]},
        {"mark": "m7", "$and": [{"number": {"$gte": 0}}]},
    ],
)
def test_a_condition_reads_what_its_plain_clauses_find(
    storage: Any, monkeypatch: pytest.MonkeyPatch, condition: dict[str, Any]
) -> None:
    for name in ("country", "mark"):
        storage.create_index(*PLACE, name, {name: 1})
    storage.insert(
        *PLACE, [{"_id": n, "mark": f"m{n}", "country": "KEN", "number": n % 3} for n in range(40)]
    )
    read: list[int] = []
    fetch = secantus.Storage._docs_by_recordids

    def noted(self: Any, db: str, coll: str, ids: list[int]) -> Any:
        read.extend(ids)
        return fetch(self, db, coll, ids)

    def scanned(self: Any, db: str, coll: str) -> Any:
        raise AssertionError("the whole collection is read")

    monkeypatch.setattr(secantus.Storage, "_docs_by_recordids", noted)
    monkeypatch.setattr(secantus.Storage, "_scan_docs", scanned)
    monkeypatch.setattr(secantus.Storage, "_scan_docs_natural", scanned)
    found = storage.find_matching(*PLACE, condition)
    assert [one["_id"] for one in found] == [7]
    assert len(read) <= 2
    storage.update_matching(*PLACE, condition, {"$set": {"seen": True}})
    assert storage.find_matching(*PLACE, {"_id": 7})[0]["seen"]
