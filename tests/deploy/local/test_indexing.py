"""Indexes of the embedded database: whatever is kept or left alone, they say what documents say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local import indexing, kept  # noqa: E402 (after the skip)

PLACE = ("d", "c")


@pytest.fixture
def storage(tmp_path: Path, storage_class: Any) -> Iterator[Any]:
    """A database of the server's kind."""
    indexing.keep_definitions()
    indexing.find_by_what_is_plain()
    found = storage_class(str(tmp_path), enable_oplog=False)
    yield found
    found.close()


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
