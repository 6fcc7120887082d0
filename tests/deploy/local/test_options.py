"""What the embedded database keeps of collections' options says what they are."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")

from deploy.local import options  # noqa: E402 (after the skip)
from deploy.local.kept import Kept  # noqa: E402


@pytest.fixture
def storage(tmp_path: Path, storage_class: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A database of the server's kind; `read` counts what is read of options and profiles."""
    read: list[str] = []
    for name in ("get_collection_options", "get_profile"):
        whole = getattr(secantus.Storage, name)

        def noted(self: Any, *args: Any, name: str = name, whole: Any = whole) -> Any:
            read.append(name)
            return whole(self, *args)

        monkeypatch.setattr(secantus.Storage, name, noted)
    monkeypatch.setattr(secantus.Storage, "read", read, raising=False)
    options.keep_options()
    found = secantus.Storage(str(tmp_path), enable_oplog=False)
    yield found
    found.close()


def test_options_are_read_once_until_somebody_changes_them(storage: Any) -> None:
    storage.create_collection("d", "c", {"validationLevel": "off"})
    for _ in range(3):
        assert storage.get_collection_options("d", "c")["validationLevel"] == "off"
    assert storage.read == ["get_collection_options"]
    storage.set_collection_options("d", "c", validationLevel="strict")
    assert storage.get_collection_options("d", "c")["validationLevel"] == "strict"
    storage.drop_collection("d", "c")
    assert storage.get_collection_options("d", "c") == {}
    storage.create_collection("d", "e", {"validationLevel": "moderate"})
    storage.drop_database("d")
    assert storage.get_collection_options("d", "e") == {}


def test_one_that_an_insert_makes_has_none_as_before(storage: Any) -> None:
    assert storage.get_collection_options("d", "c") == {}
    storage.insert("d", "c", [{"_id": 1}])
    assert storage.get_collection_options("d", "c") == {} == storage._coll_options("d", "c")


def test_what_callers_change_of_an_answer_stays_theirs(storage: Any) -> None:
    storage.create_collection("d", "c", {"validationLevel": "off"})
    storage.get_collection_options("d", "c").clear()
    assert storage.get_collection_options("d", "c")["validationLevel"] == "off"


def test_profiling_is_asked_for_once_until_somebody_changes_it(storage: Any) -> None:
    for _ in range(3):
        assert storage.get_profile("d")["level"] == 0
    assert storage.read == ["get_profile"]
    storage.set_profile("d", level=1)
    assert storage.get_profile("d")["level"] == 1


def test_what_was_read_before_a_change_ended_is_not_kept(storage: Any) -> None:
    kept, reading, changed = Kept[dict[str, Any]](), threading.Event(), threading.Event()

    def slowly() -> dict[str, Any]:
        reading.set()
        changed.wait(60)
        return {"of": "old"}

    reader = threading.Thread(target=lambda: kept.of(("c",), slowly))
    reader.start()
    reading.wait(60)
    kept.begin("c")
    kept.end("c")
    changed.set()
    reader.join()
    assert kept.of(("c",), lambda: {"of": "new"}) == {"of": "new"}
