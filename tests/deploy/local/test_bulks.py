"""What one call updates is committed together, and is what it is when each is done by itself."""

import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

secantus = pytest.importorskip("secantus.storage")
commands = pytest.importorskip("secantus.commands")

from deploy.local.bulks import AT_ONCE  # noqa: E402 (after the skip)
from deploy.local.database import add_to_storage  # noqa: E402

PLACE = ("d", "c")
Call = Callable[..., dict[str, Any]]


@pytest.fixture
def storage(tmp_path: Path, storage_class: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A database as the server's is, with all that is added to it."""
    del storage_class
    monkeypatch.setitem(commands._HANDLERS, "update", commands._HANDLERS["update"])
    add_to_storage()
    found = secantus.Storage(str(tmp_path), enable_oplog=False)
    found.create_index(*PLACE, "mark", {"mark": 1}, {"unique": True, "sparse": True})
    found.create_index(*PLACE, "number", {"number": 1}, {})
    found.create_index(*PLACE, "words", {"words": 1}, {})
    yield found
    found.close()


@pytest.fixture
def call(storage: Any) -> Call:
    """Calls the handler of updates as the server does, or that which does them one by one."""

    def made(updates: list[dict[str, Any]], how: str = "update", **more: Any) -> dict[str, Any]:
        handler = commands._HANDLERS["update"] if how == "update" else commands._update
        place = {"update": "c", "updates": updates, "$db": "d"}
        context = commands.CommandContext(1, storage, commands.CursorRegistry(), "d")
        answer: dict[str, Any] = handler({**place, **more}, context)
        return answer

    return made


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each commit so far waited for the disk."""
    made: list[bool] = []
    commit = secantus._commit_batch_transaction

    def committed(session: Any, sync: bool) -> None:
        made.append(sync)
        commit(session, sync)

    monkeypatch.setattr(secantus, "_commit_batch_transaction", committed)
    return made


def stored(storage: Any) -> list[dict[str, Any]]:
    return sorted(storage.find_matching(*PLACE, {}), key=lambda one: str(one["_id"]))


def by_words(storage: Any) -> list[list[Any]]:
    """What an index finds, of which one document has several entries."""
    found = (storage.find_matching(*PLACE, {"words": word}) for word in "abc")
    return [sorted(one["_id"] for one in records) for records in found]


def setting(number: int, value: int) -> dict[str, Any]:
    return {"q": {"_id": number}, "u": {"$set": {"number": value}}, "upsert": True}


def test_a_bulk_is_committed_some_at_a_time(storage: Any, call: Call, commits: list[bool]) -> None:
    """Each time with a wait for the disk, where the caller wants one."""
    many = [setting(number, 1) for number in range(2 * AT_ONCE + 1)]
    assert call(many[:1], writeConcern={"j": True})["ok"]
    assert commits == [True]
    commits.clear()
    answer = call(many, writeConcern={"j": True})
    assert commits == [True] * 3
    assert answer["n"] == len(many)
    assert len(answer["upserted"]) == len(many) - 1
    assert [one["index"] for one in answer["upserted"]] == list(range(1, len(many)))
    assert len(stored(storage)) == len(many)


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("seed", range(8))
def test_it_becomes_and_says_what_it_does_alone(
    tmp_path: Path, storage: Any, call: Call, seed: int, ordered: bool
) -> None:
    """Of updates that make, change, find nothing, break a unique index or are none at all."""
    chance = random.Random(seed)

    def one(n: int) -> dict[str, Any]:
        kind = chance.randrange(12)
        if kind == 0:
            return {"q": {"_id": n}, "u": {"$set": {"mark": chance.choice("ab")}}, "upsert": True}
        if kind == 1 and seed % 2:
            return {"q": {"_id": n}, "u": {"$no": {"such": 1}}}
        if kind == 2:
            return {"q": {"_id": n, "number": {"$gt": 3}}, "u": {"$inc": {"number": -1}}}
        if kind == 3:
            return {"q": {"_id": n}, "u": {"$unset": {"mark": ""}}}
        if kind == 4:
            words = chance.sample("abc", chance.randint(0, 3))
            return {"q": {"_id": n}, "u": {"$set": {"words": words}}, "upsert": True}
        return setting(n, chance.randrange(6))

    calls = [[one(chance.randrange(40)) for _ in range(chance.randint(2, 120))] for _ in range(5)]
    together, after = [], []
    for updates in calls:
        together.append(call(updates, ordered=ordered))
        after.append((stored(storage), by_words(storage)))
    storage.delete_matching(*PLACE, {})
    for updates, answer, records in zip(calls, together, after, strict=True):
        assert call(updates, "alone", ordered=ordered) == answer
        assert (stored(storage), by_words(storage)) == records


def test_one_that_cannot_be_done_takes_no_other_with_it(storage: Any, call: Call) -> None:
    """And nothing of its own stays behind."""
    marks = [
        {"q": {"_id": n}, "u": {"$set": {"mark": f"m{n % 3}"}}, "upsert": True} for n in range(4)
    ]
    answer = call(marks, ordered=False)
    assert [error["index"] for error in answer["writeErrors"]] == [3]
    assert answer["n"] == 3
    assert [one["mark"] for one in stored(storage)] == ["m0", "m1", "m2"]
    assert [one["_id"] for one in storage.find_matching(*PLACE, {"mark": "m0"})] == [0]


def test_a_call_that_is_refused_as_a_whole_changes_nothing(storage: Any, call: Call) -> None:
    """Also where what is wrong with it stands beyond the first that are committed together."""
    many = [setting(number, 1) for number in range(AT_ONCE)]
    answer = call([*many, {**setting(AT_ONCE, 1), "hint": 5}])
    assert not answer["ok"]
    assert stored(storage) == []


def test_several_write_to_one_collection_at_once(storage: Any, call: Call) -> None:
    def adding() -> None:
        for _ in range(5):
            call(
                [{"q": {"_id": n}, "u": {"$inc": {"number": 1}}, "upsert": True} for n in range(70)]
            )

    writers = [threading.Thread(target=adding) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert [one["number"] for one in stored(storage)] == [20] * 70


def test_options_that_change_meanwhile_are_not_forgotten(
    storage: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read in the transaction is what was so at its beginning."""
    call([setting(number, 1) for number in range(3)])
    looked_at, validator = commands._require_bool_or_number_bson_field, {"number": {"$lt": 5}}

    def changing(*args: Any, **more: Any) -> Any:
        """Between the beginning of the transaction and the reading of options."""
        other = threading.Thread(
            target=storage.set_collection_options, args=PLACE, kwargs={"validator": validator}
        )
        other.start()
        other.join()
        return looked_at(*args, **more)

    monkeypatch.setattr(commands, "_require_bool_or_number_bson_field", changing)
    call([setting(number, 2) for number in range(3)])
    assert storage.get_collection_options(*PLACE)["validator"] == validator


def test_nobody_sees_what_is_not_committed(
    storage: Any, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half of a bulk nor what is not on the disk."""
    call([setting(number, 1) for number in range(3)])
    whole, seen = secantus.Storage._update_matching_single_txn, []

    def reading(self: Any, *args: Any, **options: Any) -> Any:
        def read() -> None:
            seen.append([one["number"] for one in stored(self)])
            self.release_thread_snapshot()

        other = threading.Thread(target=read)
        other.start()
        other.join()
        return whole(self, *args, **options)

    monkeypatch.setattr(secantus.Storage, "_update_matching_single_txn", reading)
    call([setting(number, 2) for number in range(3)])
    assert seen == [[1, 1, 1]] * 3
    assert [one["number"] for one in stored(storage)] == [2, 2, 2]


def test_what_meets_another_transaction_is_done_alone(
    storage: Any, call: Call, commits: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than again and again within a transaction that can no longer be committed."""
    call([setting(number, 1) for number in range(3)])
    commits.clear()
    whole, met = secantus.Storage._maybe_mark_multikey, [False]

    def meeting(self: Any, *args: Any) -> Any:
        if not met[0]:
            met[0] = True
            raise secantus.WriteConflictError
        return whole(self, *args)

    monkeypatch.setattr(secantus.Storage, "_maybe_mark_multikey", meeting)
    answer = call([setting(number, 2) for number in range(3)])
    assert met[0]
    assert answer["nModified"] == 3
    assert len(commits) == 3
    assert [one["number"] for one in stored(storage)] == [2, 2, 2]
