"""Entries of the embedded database's indexes: whatever is left alone, they say what is stored."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local import entries as entries_of  # noqa: E402 (after the skip)

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
def storage(tmp_path: Path, storage_class: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A database of the server's kind; `touched` are the indexes of which entries were changed."""
    take_out, exchange = storage_class._delete_index_entries, entries_of._exchange
    touched: set[str] = set()

    def taken_out(
        self: Any, db: str, coll: str, doc: Any, indexes: Any, *rest: Any, **more: Any
    ) -> Any:
        touched.update(name for name, *_ in indexes)
        return take_out(self, db, coll, doc, indexes, *rest, **more)

    def exchanged(self: Any, before: set[bytes], after: set[bytes]) -> None:
        touched.update(key.split(b"\0")[2].decode() for key in before ^ after)
        exchange(self, before, after)

    storage_class._delete_index_entries = taken_out
    monkeypatch.setattr(entries_of, "_exchange", exchanged)
    entries_of.write_entries_at_once()
    found = storage_class(str(tmp_path), enable_oplog=False)
    found.touched = touched
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
        ({"rare": "b"}, {"i4"}),
        ({"seen": True}, set()),
        ({"country": "KEN"}, {"i0", "i1", "i5"}),
    ):
        storage.touched.clear()
        storage.update_matching(*PLACE, {"_id": 1}, {"$set": change})
        assert storage.touched == touched, change
    storage.touched.clear()
    storage.delete_matching(*PLACE, {"_id": 1})
    assert storage.touched == {f"i{number}" for number in range(len(INDEXES))}
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
