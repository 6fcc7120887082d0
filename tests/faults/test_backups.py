"""What must be there after a restore, of a history in whose midst a backup was made."""

from shared.events.versions import Version
from tests.faults.backups import Backup, brought_back, doubtful, vanished, wrong_after
from tests.faults.checker import check
from tests.faults.history import Final, Held, History, Kind, Operation, Outcome, Seen, Told

R, NEW = "request:r", "request:new"
BACKUP = Backup(10, 20)


def op(
    kind: Kind,
    record: str,
    start: float,
    value: str = "",
    outcome: Outcome = "ok",
    end: float | None = None,
    key: str = "",
) -> Operation:
    ok = outcome == "ok" and kind in ("write", "publish")
    version = Version(1, int(start)) if ok else None
    ended = start + 0.5 if end is None else end
    made = f"c-{key}" if key and outcome == "ok" else ""
    return Operation("c", kind, record, start, ended, outcome, version, value, key, made)


HISTORY = History(
    (
        op("write", R, 1, "first"),
        op("write", R, 2, "lost answer", "unknown"),
        op("write", R, 3, "second"),
        op("write", R, 4, "perhaps", "unknown"),
        op("read", R, 5, "second"),
        op("commit", "p", 6, key="k1"),
        op("write", R, 9, "begun before", end=11),
        op("write", R, 12, "meanwhile"),
        op("write", R, 13, "refused", "failed"),
        op("commit", "p", 14, key="k2"),
        op("write", "request:meanwhile", 15, "m"),
        op("write", R, 21, "after"),
        op("commit", "p", 22, key="k3"),
        op("write", NEW, 23, "n"),
    )
)


def found(value: str, *keys: str, epoch: int = 2) -> list[str]:
    """The kinds of what is wrong where a record has that value, and these commitments hold."""
    final = Final(
        records={R: Seen(Version(epoch, 1), value, matched=False)},
        commitments={f"c-{key}": Held(key, True, {}) for key in keys},
    )
    known = History(tuple(brought_back(HISTORY, BACKUP)))
    wrong = wrong_after(HISTORY, BACKUP, final)
    return sorted({one.kind for one in (*check(known, final), *wrong)})


def test_what_was_acknowledged_before_the_backup_is_there_and_what_ran_meanwhile_may_be() -> None:
    for value in ("second", "perhaps", "begun before", "meanwhile"):
        for keys in (("k1",), ("k1", "k2")):
            assert found(value, *keys) == []


def test_neither_older_nor_later_values_are_there() -> None:
    for value in ("first", "lost answer", "refused", "after"):
        assert found(value, "k1") == ["value from nowhere"]


def test_commitments_from_before_hold_and_later_ones_do_not() -> None:
    assert found("second") == ["commitment lost"]
    assert found("second", "k1", "k3") == ["commitment twice"]  # that nobody made


def test_the_epoch_is_higher() -> None:
    assert "epoch not raised" in found("second", "k1", epoch=1)


def test_what_was_made_after_the_backup_is_gone() -> None:
    assert vanished(HISTORY, BACKUP) == {NEW}
    assert doubtful(HISTORY, BACKUP) == {"request:meanwhile"}
    told = Told("requests.v1", NEW, Version(1, 23))
    tombstone = Told("requests.v1", NEW, Version(2, 0), gone=True)
    seen = Final(records={NEW: Seen(Version(2, 1), "n")})

    def wrong(final: Final) -> list[str]:
        return [one.kind for one in wrong_after(HISTORY, BACKUP, final)]

    assert wrong(Final(events=(told,))) == ["vanished record seen"]
    assert wrong(Final(events=(told, tombstone))) == []
    assert wrong(Final(followed={NEW: Version(1, 23)})) == ["vanished record seen"]
    assert wrong(seen) == ["vanished record seen"]
