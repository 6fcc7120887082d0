"""The audit trail: everything once, in one chain, and whatever is done to it is found."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pymongo.database import Database
from pymongo.errors import AutoReconnect, BulkWriteError
from sample_things import Thing, now
from structlog.testing import capture_logs

from shared.events import auditing, trail
from shared.events.auditing import NOTES, Auditor, compare, leave_notes
from shared.events.metrics import AUDIT_AGE
from shared.events.outbox import Contention, Transition, change, create
from shared.events.trail import COLLECTION, append, entries_of, entry_hash, find_head, verify

HOUR = timedelta(hours=1)
Store = Database[dict[str, Any]]
Doing = Callable[[Any], None]
UNCHAINED = "does not follow the entry before it"


def step(action: str) -> Transition:
    """A step of somebody for Senegal."""
    return Transition(
        source="draft", target="draft", action=action, at=now(), role="requester", party="SEN"
    )


def begin(id_: str, note: str = "nothing") -> None:
    """Store a draft, which tells nobody by an event and has a history all the same."""
    create(Thing(id=id_, status="draft", note=note, history=[step("begin")]), now())


def go_on(id_: str, action: str) -> None:
    change(Thing, id_, None, lambda one: one.history.append(step(action)), now())


def auditor(store: Store) -> Auditor:
    made = Auditor("things", [Thing], lambda: store)
    made.prepare()
    return made


def settle(store: Store) -> None:
    """Take over all that waits."""
    taking = auditor(store)
    while taking.take_over():
        pass


def told(store: Store, record: str) -> list[str]:
    return [one.get("action") or one["what"] for one in entries_of(store, record, 0, 1000)]


def faults(store: Store) -> list[tuple[int, str]]:
    return [(one.number, one.what.split(":")[0]) for one in verify(store, "things")[1]]


def filled(store: Store, many: int = 12) -> None:
    """A trail of so many entries of as many records."""
    for number in range(many):
        begin(f"t{number}")
    settle(store)
    assert verify(store, "things")[0].number == many
    assert faults(store) == []


def test_every_step_is_told_once_in_its_order(database: Store) -> None:
    begin("one")
    go_on("one", "second")
    settle(database)
    go_on("one", "third")
    change(Thing, "one", None, lambda one: setattr(one, "count", 7), now())
    settle(database)
    settle(database)
    assert told(database, "one") == ["begin", "second", "third"]
    stored = database["things"].find_one({"_id": "one"})
    assert stored is not None
    assert (stored["audited"], "unaudited_since" in stored) == (3, False)
    assert list(compare(database, [Thing])) == []


def test_records_from_before_there_was_a_trail_are_taken_in(database: Store) -> None:
    begin("old")
    database["things"].update_one(
        {"_id": "old"}, {"$unset": {"audited": "", "unaudited_since": ""}}
    )
    settle(database)
    assert told(database, "old") == ["begin"]


def test_a_record_without_a_step_is_marked_no_more(database: Store) -> None:
    create(Thing(id="idle", status="draft"), now())
    database["things"].update_one({"_id": "idle"}, {"$unset": {"audited": ""}})
    settle(database)
    stored = database["things"].find_one({"_id": "idle"})
    assert stored is not None
    assert (stored["audited"], "unaudited_since" in stored) == (0, False)


def test_a_crash_between_the_entry_and_its_mark_repeats_nothing(database: Store) -> None:
    begin("one")
    settle(database)
    database["things"].update_one(
        {"_id": "one"}, {"$set": {"audited": 0, "unaudited_since": now()}}
    )
    settle(database)
    assert told(database, "one") == ["begin"]


def test_a_step_that_comes_while_the_auditor_writes_is_left_for_the_next_time(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin("one")
    taking = auditor(database)
    written = taking._append

    def overtaken(contents: Any) -> None:
        written(contents)
        monkeypatch.setattr(taking, "_append", written)
        go_on("one", "meanwhile")

    monkeypatch.setattr(taking, "_append", overtaken)
    taking.take_over()
    stored = database["things"].find_one({"_id": "one"})
    assert stored is not None
    assert stored["unaudited_since"] is not None
    taking.take_over()
    assert told(database, "one") == ["begin", "meanwhile"]


def test_several_who_append_at_once_make_one_chain(database: Store) -> None:
    for number in range(20):
        begin(f"t{number}")
    takers = [auditor(database) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(one.take_over) for one in takers]
        work += [pool.submit(go_on, f"t{number}", "go on") for number in range(20)]
        for one in work:
            one.result()
    settle(database)
    head, found = verify(database, "things")
    assert (head.number, found) == (40, [])
    assert all(told(database, f"t{number}") == ["begin", "go on"] for number in range(20))


@pytest.mark.usefixtures("repeated_inserts")
def test_an_insert_that_the_driver_repeats_is_told_once(database: Store) -> None:
    append(database, "things", [{"key": "a", "record": "r"}, {"key": "b", "record": "r"}])
    append(database, "things", [{"key": "c", "record": "r"}])
    head, found = verify(database, "things")
    assert (head.number, found) == (3, [])


@pytest.mark.parametrize("many", [0, 1, 2, 3, 4, 7, 8, 9, 31])
def test_the_end_is_found_wherever_one_begins_to_look(database: Store, many: int) -> None:
    append(database, "things", [{"key": f"{n}", "record": "r"} for n in range(many)])
    for seen in {0, many // 2, many}:
        assert find_head(database, "things", seen).number == many
    assert verify(database, "things")[0] == find_head(database, "things")


def test_what_is_told_again_is_told_once_however_much_it_is(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As after a restore: all steps of all records, of which some are known.
    monkeypatch.setattr(trail, "_KEYS_AT_ONCE", 4)
    steps = [{"key": f"{number}", "record": "r"} for number in range(11)]
    append(database, "things", steps[2:9])
    append(database, "things", steps)
    assert verify(database, "things") == (find_head(database, "things"), [])
    assert find_head(database, "things").number == len(steps)
    assert trail.known_keys(database, [one["key"] for one in steps]).keys() == {
        one["key"] for one in steps
    }


def test_reads_are_told_once_and_forgotten_where_they_were_noted(database: Store) -> None:
    read = {"record": "one", "role": "donor", "party": "d1", "subject": "s1"}
    leave_notes(database, [read, read], now())
    leave_notes(database, [], now())
    settle(database)
    settle(database)
    assert told(database, "one") == ["read", "read"]
    assert database[NOTES].count_documents({}) == 0


def test_a_read_that_was_taken_over_and_not_forgotten_is_told_once(database: Store) -> None:
    leave_notes(
        database, [{"record": "one", "role": "donor", "party": None, "subject": "s"}], now()
    )
    (note,) = database[NOTES].find()
    settle(database)
    database[NOTES].insert_one(note)
    settle(database)
    assert told(database, "one") == ["read"]


def test_no_text_of_a_record_is_in_the_trail(database: Store) -> None:
    begin("one", note="a secret")
    settle(database)
    assert "a secret" not in str(list(database[COLLECTION].find()))


def moved(trail_: Any) -> None:
    first, second = trail_.find_one({"_id": 5}), trail_.find_one({"_id": 6})
    trail_.delete_many({"_id": {"$in": [5, 6]}})
    trail_.insert_many([{**first, "_id": 6}, {**second, "_id": 5}])


def put_in(trail_: Any) -> None:
    """Put an entry with a right hash of its own between two, those after it moved by one."""
    later = list(trail_.find({"_id": {"$gte": 6}}))
    trail_.delete_many({"_id": {"$gte": 6}})
    previous = trail_.find_one({"_id": 5})["hash"]
    content = {"key": "invented", "record": "t5"}
    forged = {"_id": 6, "previous": previous, "content": content}
    trail_.insert_one({**forged, "hash": entry_hash(previous, content)})
    trail_.insert_many([{**one, "_id": one["_id"] + 1} for one in later])


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (lambda t: t.update_one({"_id": 5}, {"$set": {"content.role": "donor"}}), [(5, "altered")]),
        (lambda t: t.update_one({"_id": 5}, {"$set": {"content.note": "x"}}), [(5, "altered")]),
        (lambda t: t.update_one({"_id": 5}, {"$set": {"more": 1}}), [(5, "altered")]),
        (
            lambda t: t.delete_one({"_id": 5}),
            [(5, "missing"), (6, UNCHAINED)],
        ),
        (
            lambda t: t.delete_many({"_id": {"$in": [1, 2]}}),
            [(1, "missing"), (3, UNCHAINED)],
        ),
        (moved, [(n, UNCHAINED) for n in (5, 6, 7)]),
        (put_in, [(7, UNCHAINED)]),
    ],
)
def test_what_is_done_to_the_chain_is_found_where_it_was_done(
    database: Store, done: Doing, expected: list[tuple[int, str]]
) -> None:
    filled(database)
    done(database[COLLECTION])
    assert faults(database) == expected


def test_a_chain_that_was_forged_with_right_hashes_differs_from_the_records(
    database: Store,
) -> None:
    filled(database)
    entries = list(database[COLLECTION].find().sort("_id", 1))
    entries[4]["content"]["role"] = "donor"
    database[COLLECTION].delete_many({})
    append(database, "things", [one["content"] for one in entries])
    assert faults(database) == []
    (found,) = compare(database, [Thing])
    assert "differing" in found.what
    assert entries[4]["content"]["key"] in found.what


def test_what_was_cut_off_at_the_end_is_found_by_the_records(database: Store) -> None:
    filled(database)
    database[COLLECTION].delete_many({"_id": {"$gt": 10}})
    assert faults(database) == []
    assert ["missing" in one.what for one in compare(database, [Thing])] == [True, True]


def test_for_how_long_what_waits_has_waited_is_told(
    database: Store, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin("one")
    Thing._get_collection().update_one({}, {"$set": {"unaudited_since": now() - 2 * HOUR}})
    create(Thing(id="earlier"), now())
    Thing._get_collection().update_one(
        {"_id": "earlier"}, {"$unset": {"audited": "", "unaudited_since": ""}}
    )
    leave_notes(database, [{"record": "r", "role": "x", "party": "", "subject": "y"}], now() - HOUR)
    asked = threading.Event()

    def held_up(self: Auditor) -> int:
        asked.set()
        raise Contention("by others")

    monkeypatch.setattr(Auditor, "take_over", held_up)
    with running(Auditor("things", [Thing], lambda: database).run):
        assert asked.wait(60)
        assert age("things") == pytest.approx(7200, abs=60)
        assert age(NOTES) == pytest.approx(3600, abs=60)
    monkeypatch.undo()
    settle(database)
    monkeypatch.setattr(Auditor, "take_over", held_up)
    asked.clear()
    with running(Auditor("things", [Thing], lambda: database).run):
        assert asked.wait(60)
        assert (age("things"), age(NOTES)) == (0, 0)


def age(collection: str) -> float:
    """What Prometheus is told of a collection."""
    told: float = AUDIT_AGE.labels(collection)._value.get()
    return told


def test_the_loop_goes_on_after_the_database_was_away(
    database: Store, running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = threading.Event()
    real = trail.find_head

    def once_away(*args: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise AutoReconnect("away")
        return real(*args)

    monkeypatch.setattr(trail, "find_head", once_away)
    begin("one")
    with running(Auditor("things", [Thing], lambda: database).run):
        assert failed.wait(60)
        waited = threading.Event()
        for _ in range(600):
            if told(database, "one") == ["begin"]:
                break
            waited.wait(0.1)
    assert told(database, "one") == ["begin"]


def test_a_full_disk_is_told_without_what_was_to_be_written(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = {"code": 14031, "errmsg": "full", "op": {"_id": "one", "subject": "confidential"}}
    stop = threading.Event()

    def append(*_: Any) -> Any:
        stop.set()
        raise BulkWriteError({"writeErrors": [full], "writeConcernErrors": []})

    monkeypatch.setattr(auditing, "append", append)
    begin("one")
    with capture_logs() as logs:
        Auditor("things", [Thing], lambda: database).run(stop)
    assert [one["error"] for one in logs] == ["1 writes failed, by code: {14031: 1}"]
