"""The checker finds nothing in a history that is right, and each kind of violation planted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.portal.deciding import UNDO
from shared.events.versions import Version
from tests.faults.checker import CHECKS, MENDED_BY_TIME, check, check_history
from tests.faults.history import Case as Compared
from tests.faults.history import (
    Fate,
    Final,
    Held,
    History,
    Invited,
    LedgerRead,
    Line,
    Operation,
    Recorder,
    Seen,
    Shortlisted,
    Told,
    read_case,
    write_case,
)
from tests.faults.reading_portal import LATE, is_late

R, O, A = "request:r1", "offer:o1", "activity:a1"  # noqa: E741 (request, offer and activity)
NEED, PROVISION = "request:r1:1", "offer:o1:1"
PAIR, C1 = "match:r1.o1", "commitment:c1"
Case = tuple[History, Final]


def v(number: int, epoch: int = 1) -> Version:
    return Version(epoch, number)


def op(kind: str, record: str, at: float, **more: object) -> Operation:
    told: dict[str, object] = {"client": "c", "outcome": "ok", **more}
    return Operation(kind=kind, record=record, start=at, end=at + 0.5, **told)  # type: ignore[arg-type]


def line(id_: str, limit: float, *holds: tuple[str, float]) -> Line:
    held = sum(amount for _, amount in holds)
    return Line(id_, limit, held, limit - held, holds)


OPERATIONS = (
    op("write", O, 0, version=v(1), value="a"),
    op("publish", O, 1, version=v(2)),
    op("write", R, 2, version=v(1), value="b"),
    op("publish", R, 3, version=v(2)),
    op("read", R, 4, version=v(2), value="b"),
    op("write", R, 5, version=v(3), value="c"),
    op("write", R, 6, outcome="unknown", value="d"),
    op("write", R, 7, outcome="failed", value="e"),
    op("read", R, 8, version=v(4), value="d"),
    op("commit", "p1", 9, key="k1", made="c1", version=v(2)),
    op("read", C1, 9.6, version=v(2)),
    op("commit", "p1", 9.9, key="k1", made="c1", version=v(2)),
    op("read", PAIR, 12.6, version=v(3)),
    op("commit", "p1", 10, outcome="failed", key="k2"),
    op("commit", "p1", 11, outcome="unknown", key="k3"),
    op("commit", "p1", 12, outcome="unknown", key="k4"),
    op("write", A, 13, version=v(1), value="f"),
    op("write", A, 14, outcome="unknown", value="g"),
    op("decide", "duplicate offer o1 o2", 15, value="link"),
    op("decide", "duplicate offer o1 o2", 16, value="dismiss"),
    op("decide", "duplicate offer o1 o2", 17, outcome="unknown", value="dismiss"),
    op("decide", "coverage r1 1 a1", 18, value="dismiss"),
    op("decide", "coverage r1 1 a1", 19, outcome="failed", value="dismiss"),
    op("defer", PAIR, 20, value="endorse", key="d1"),
    op("carry-out", PAIR, 21, key="d1"),
    op("defer", PAIR, 22, value="reject", key="d2"),
    op("take-back", PAIR, 23, key="d2"),
    op("defer", PAIR, 24, value="reject", key="d3"),
    op("take-back", PAIR, 25, outcome="failed", key="d3"),
    op("defer", PAIR, 26, outcome="unknown", value="reject", key="d4"),
    op("defer", PAIR, 27, value="reject", key="d5"),
    op("take-back", PAIR, 28, outcome="unknown", key="d5"),
    op("defer", PAIR, 29, outcome="failed", value="reject", key="d6"),
    op("defer", PAIR, 30, value="reject", key="d7"),
    op("invite", "a@b.example", 31, made="i1"),
    op("invite", "c@b.example", 32, outcome="unknown"),
    op("invite", "d@b.example", 33, outcome="failed"),
)
LEDGER = (line(NEED, 10, ("c1", 4), ("c3", 6)), line(PROVISION, 20, ("c1", 4), ("c3", 6)))
RECORDS = {R: Seen(v(4), "d"), O: Seen(v(2), "a"), A: Seen(v(2), "g")}
KEPT = {PAIR: v(3), C1: v(2), "commitment:c2": v(2), "commitment:c3": v(2)}
EVENTS = (
    Told("offers.v1", O, v(2)),
    Told("requests.v1", R, v(2)),
    Told("requests.v1", R, v(4)),
    Told("requests.v1", R, v(3)),  # came late, and was said again
    Told("requests.v1", R, v(4)),
    Told("activities.v1", A, v(2)),
)
MATCHES = tuple(Told("matches.v1", record, version) for record, version in KEPT.items())
CASES = (
    Compared("duplicate request r1 r2", "open", 0.9),
    Compared("duplicate request r1 r3", "closed", 0.8),
    Compared("duplicate offer o1 o2", "dismissed", 0.7, ("find", "link", "dismiss")),
    Compared("coverage r1 1 a1", "open", 0.6, ("find", "dismiss", "reopen")),
    Compared("coverage r2 1 a1", "confirmed", 0.5),
)
DUE = tuple(
    replace(one, score=score, steps=())
    for one, score in zip(CASES, (0.9, None, 0.700001, 0.6, 0.5), strict=True)
)
P1 = "r1.o1"
FATES = {
    "d1": Fate(P1, times=1),
    "d2": Fate(P1),
    "d3": Fate(P1, told=True),
    "d4": Fate(P1, waits=True),
    "d5": Fate(P1),
    "d6": Fate(P1),
    "d7": Fate(P1, waits=True),
}
INVITED = {"i1": Invited("a@b.example", 1), "i2": Invited("c@b.example", 0)}
FOLLOWED = {R: v(4), O: v(2), **KEPT}
RIGHT: Case = (
    History(OPERATIONS, (LedgerRead("c", 13, 14, (line(NEED, 10, ("c1", 4)),)),)),
    Final(
        records=RECORDS,
        views={R: v(4), O: v(2)},
        events=(*EVENTS, *MATCHES),
        shortlists={R: Shortlisted(v(4), ("o1", "o2"))},
        ledger=LEDGER,
        commitments={
            "c1": Held("k1", True, {NEED: 4, PROVISION: 4}, v(2)),
            "c2": Held("k2", False, {NEED: 9, PROVISION: 9}),
            "c3": Held("k3", True, {NEED: 6, PROVISION: 6}),
        },
        kept=KEPT,
        followed=FOLLOWED,
        taken={NEED: 10, PROVISION: 10},
        cases=CASES,
        due=DUE,
        fates=FATES,
        invited=INVITED,
    ),
)


def final(**changes: object) -> Callable[[Case], Case]:
    return lambda case: (case[0], replace(case[1], **changes))  # type: ignore[arg-type]


def more(*operations: Operation) -> Callable[[Case], Case]:
    return lambda case: (
        replace(case[0], operations=(*case[0].operations, *operations)),
        case[1],
    )


def read(*lines: Line) -> Callable[[Case], Case]:
    seen = LedgerRead("c", 20, 21, lines)
    return lambda case: (replace(case[0], ledger_reads=(seen,)), case[1])


def events(*told: Told) -> Callable[[Case], Case]:
    return final(events=(*told, *MATCHES))


def kept(pair: str, **changes: object) -> tuple[Compared, ...]:
    return _with(CASES, pair, changes)


def due(pair: str, **changes: object) -> tuple[Compared, ...]:
    return _with(DUE, pair, changes)


def fate(key: str, **changes: object) -> Callable[[Case], Case]:
    return final(fates={**FATES, key: replace(FATES[key], **changes)})  # type: ignore[arg-type]


def _with(
    cases: tuple[Compared, ...], pair: str, changes: dict[str, object]
) -> tuple[Compared, ...]:
    return tuple(
        replace(one, **changes) if one.pair == pair else one  # type: ignore[arg-type]
        for one in cases
    )


VIEWS, HELD = RIGHT[1].views, RIGHT[1].commitments
OLD_MATCH, LATER = Told("matches.v1", PAIR, v(2)), Told("matches.v1", C1, v(3))
PLANTED: tuple[tuple[str, str, Callable[[Case], Case]], ...] = (
    ("acknowledged write lost", "is not there", final(records={R: RECORDS[R]}, views={R: v(4)})),
    ("acknowledged write lost", A, final(records={R: RECORDS[R], O: RECORDS[O]})),
    ("acknowledged write lost", "1.0 is there", final(records={**RECORDS, A: Seen(v(0), "g")})),
    ("value from nowhere", A, final(records={**RECORDS, A: Seen(v(2), "h")})),
    ("event missing", f"{A}: 1.1", final(events=(*EVENTS[:-1], *MATCHES))),
    ("event out of order", A, events(*EVENTS, Told("activities.v1", A, v(1)))),
    ("event from nowhere", "no owner", events(*EVENTS, Told("activities.v1", "activity:x", v(1)))),
    (
        "acknowledged write lost",
        "1.2 is there",
        final(records={**RECORDS, R: Seen(v(2), "b")}),
    ),
    (
        "acknowledged write lost",
        "was written",
        final(records={**RECORDS, R: Seen(v(3), "d")}),
    ),
    ("acknowledged write lost", "without a version", more(op("write", O, 20, value="a"))),
    ("value from nowhere", "nobody has written", final(records={**RECORDS, R: Seen(v(4), "e")})),
    ("value from nowhere", "nobody has written", more(op("read", R, 20, version=v(4), value="x"))),
    ("version made twice", "made 1.3", more(op("write", R, 5.1, version=v(3), value="f"))),
    ("versions go back", "after 1.4", more(op("read", R, 20, version=v(3), value="c"))),
    ("versions go back", "after 1.3", more(op("read", R, 5.6, version=v(2), value="b"))),
    ("versions go back", "after 1.2", more(op("read", C1, 20, version=v(1)))),
    ("versions go back", "there after 1.3", final(kept={**KEPT, PAIR: v(2)})),
    ("versions go back", "there after 1.2", final(kept={**KEPT, C1: v(1)})),
    ("event missing", f"{C1} is at 1.2, the topic has nothing", final(events=EVENTS)),
    ("event missing", f"{PAIR} is at 1.4", final(kept={**KEPT, PAIR: v(4)})),
    ("event out of order", PAIR, final(events=(*EVENTS, *MATCHES, OLD_MATCH))),
    ("event from nowhere", C1, events(*EVENTS, LATER)),
    ("event from nowhere", "no owner", events(*EVENTS, Told("matches.v1", "match:x.y", v(1)))),
    (
        "event from nowhere",
        f"{C1} is shown",
        final(events=(*EVENTS, *MATCHES, replace(LATER, version=v(2), gone=True))),
    ),
    ("event missing", "has nothing", events(*EVENTS[1:])),
    ("event missing", "has 1.2", events(*EVENTS[:2])),
    ("event out of order", "the last word", events(*EVENTS[:4])),
    ("event from nowhere", "1.5 was told", events(*EVENTS, Told("requests.v1", R, v(5)))),
    ("event from nowhere", "no owner", events(*EVENTS, Told("offers.v1", "offer:x", v(1)))),
    (
        "event from nowhere",
        "was told to be gone",
        events(*EVENTS, Told("requests.v1", R, v(0, epoch=2), gone=True)),
    ),
    ("request not worked", "no proposals", final(shortlists={})),
    ("request not worked", "no proposals", final(shortlists={R: Shortlisted(v(4), ())})),
    ("request not worked", "ranked at 1.3", final(shortlists={R: Shortlisted(v(3), ("o1",))})),
    ("proposal twice", "2 times", final(shortlists={R: Shortlisted(v(4), ("o1", "o1"))})),
    ("ledger invariant", "12 is held of 10", read(line(NEED, 10, ("c1", 12)))),
    ("ledger invariant", "not the sum", read(Line(NEED, 10, 5, 5, (("c1", 4),)))),
    ("ledger invariant", "not what is left", read(Line(NEED, 10, 4, 7, (("c1", 4),)))),
    ("ledger invariant", "holds it twice", read(line(NEED, 10, ("c1", 4), ("c1", 4)))),
    ("commitment lost", "does not hold", more(op("commit", "p1", 20, key="k9", made="c9"))),
    (
        "commitment lost",
        "does not hold",
        final(commitments={**HELD, "c1": replace(HELD["c1"], holds=False)}),
    ),
    (
        "commitment lost",
        "was refused",
        final(commitments={**HELD, "c2": replace(HELD["c2"], holds=True)}),
    ),
    (
        "commitment twice",
        "2 commitments",
        final(commitments={**HELD, "c4": replace(HELD["c3"])}),
    ),
    (
        "commitment twice",
        "nobody made",
        final(commitments={**HELD, "c4": Held("?", False, {})}),
    ),
    ("ledger apart from commitments", NEED, final(ledger=LEDGER[1:])),
    (
        "ledger apart from commitments",
        PROVISION,
        final(ledger=(LEDGER[0], line(PROVISION, 20, ("c1", 4)))),
    ),
    (
        "ledger apart from commitments",
        PROVISION,
        final(ledger=(LEDGER[0], line(PROVISION, 20, ("c1", 4), ("c3", 5)))),
    ),
    ("matcher's view apart from owners'", "sees 1.3", final(views={**VIEWS, R: v(3)})),
    ("matcher's view apart from owners'", "sees None", final(views={R: v(4)})),
    ("portal's view apart from the others'", "knows 1.3", final(followed={**FOLLOWED, R: v(3)})),
    ("portal's view apart from the others'", "knows None", final(followed={R: v(4), O: v(2)})),
    ("portal's view apart from the others'", "knows 1.2", final(followed={**FOLLOWED, PAIR: v(2)})),
    (
        "portal's view apart from the others'",
        "nobody has",
        final(followed={**FOLLOWED, "commitment:x": v(2)}),
    ),
    ("owners' lines apart from the ledger", "says None", final(taken={NEED: 10})),
    ("owners' lines apart from the ledger", "says 6", final(taken={NEED: 6, PROVISION: 10})),
    (
        "owners' lines apart from the ledger",
        "holds 0.0",
        final(taken={NEED: 10, PROVISION: 10, "offer:o1:2": 1}),
    ),
    ("matcher's view apart from owners'", "no owner", final(views={**VIEWS, "offer:x": v(1)})),
    ("case missing", "r1 r2 should be open, and is not there", final(cases=CASES[1:])),
    ("case missing", "coverage r1 1 a1 should be open", final(cases=(*CASES[:3], CASES[4]))),
    ("case missing", "is closed", final(cases=kept("duplicate request r1 r2", status="closed"))),
    (
        "case missing",
        "r1 r3 should be open",
        final(due=due("duplicate request r1 r3", status="open")),
    ),
    (
        "case missing",
        "o1 o2 should be open",
        final(due=due("duplicate offer o1 o2", status="open")),
    ),
    (
        "case from nowhere",
        "r1 r2 is open",
        final(due=due("duplicate request r1 r2", status="closed")),
    ),
    (
        "case from nowhere",
        "coverage r2 1 a1 is confirmed",
        final(due=due("coverage r2 1 a1", status="closed")),
    ),
    (
        "case from nowhere",
        "r1 r3 is open",
        final(cases=kept("duplicate request r1 r3", status="open")),
    ),
    ("case from nowhere", "x is open", final(cases=(*CASES, Compared("x", "open", 0.9)))),
    ("case out of date", "tells of 0.9", final(due=due("duplicate request r1 r2", score=0.8))),
    ("case out of date", "coverage r2 1 a1", final(cases=kept("coverage r2 1 a1", score=0.51))),
    ("case twice", "2 cases", final(cases=(*CASES, CASES[0]))),
    (
        "decision lost",
        "link was acknowledged 1 times",
        final(cases=kept("duplicate offer o1 o2", steps=("find", "dismiss"))),
    ),
    ("decision lost", "coverage r1 1 a1", final(cases=kept("coverage r1 1 a1", steps=("find",)))),
    ("decision lost", "it tells of 0", final(cases=CASES[:3])),
    (
        "decision twice",
        "dismiss was taken 3 times",
        final(cases=kept("duplicate offer o1 o2", steps=("link", *(3 * ("dismiss",))))),
    ),
    (
        "decision twice",
        "sent 0 times",
        final(cases=kept("duplicate request r1 r3", steps=("find", "link"))),
    ),
    ("decision at the portal lost", "d7", fate("d7", waits=False)),
    ("decision at the portal lost", "d3", fate("d3", told=False)),
    ("decision at the portal lost", "d1", final(fates={})),
    ("decision at the portal lost", "d1 was told to have", fate("d1", times=0, waits=True)),
    ("decision at the portal twice", "d1 took effect 2 times", fate("d1", times=2)),
    ("decision at the portal twice", "d3 was told to be given up", fate("d3", times=1)),
    ("decision at the portal twice", "d2 was taken back", fate("d2", times=1)),
    ("decision at the portal twice", "d2 was taken back, and waits", fate("d2", waits=True)),
    ("decision at the portal twice", "d6 was refused", fate("d6", times=1)),
    (
        "decision at the portal twice",
        "nobody sent it",
        final(fates={**FATES, "x": Fate(P1, waits=True)}),
    ),
    ("decision at the portal late", "d7", fate("d7", late=True)),
    ("invitation lost", "i1", final(invited={"i2": INVITED["i2"]})),
    ("invitation lost", "no mail", final(invited={**INVITED, "i1": Invited("a@b.example", 0)})),
    ("invitation twice", "2 invitations", final(invited={**INVITED, "i3": INVITED["i1"]})),
    ("invitation twice", "2 mails", final(invited={**INVITED, "i1": Invited("a@b.example", 2)})),
    (
        "invitation twice",
        "nobody did so",
        final(invited={**INVITED, "i3": Invited("d@b.example", 1)}),
    ),
)


def test_a_history_that_is_right_has_no_violation() -> None:
    assert check(*RIGHT) == []
    assert check_history(RIGHT[0]) == []


@pytest.mark.parametrize(("kind", "what", "plant"), PLANTED)
def test_a_planted_violation_is_found(kind: str, what: str, plant: Callable[[Case], Case]) -> None:
    found = check(*plant(RIGHT))
    assert any(one.kind == kind and what in one.what for one in found), found


@pytest.mark.parametrize(
    ("made", "due", "late"),
    [
        (LATE + timedelta(seconds=1), timedelta(minutes=-5), True),
        (LATE + timedelta(seconds=1), timedelta(minutes=4), True),
        (UNDO + timedelta(seconds=40), timedelta(seconds=20), False),
        (timedelta(0), UNDO, False),
    ],
    ids=["left alone", "tried again and again", "tried twice", "in its minute"],
)
def test_a_decision_that_is_tried_again_and_again_is_late_too(
    made: timedelta, due: timedelta, late: bool
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert is_late({"created_at": now - made, "due_at": now + due}, now) is late
    assert timedelta(minutes=2) < LATE - UNDO < timedelta(minutes=5)


def test_every_kind_is_planted() -> None:
    assert {kind for kind, _, _ in PLANTED} == set(CHECKS)
    assert set(CHECKS) > MENDED_BY_TIME


def test_of_what_vanished_the_last_word_is_a_tombstone() -> None:
    told = [Told("offers.v1", "offer:x", v(3)), Told("offers.v1", "offer:x", v(0, 2), gone=True)]
    assert check(*events(*EVENTS, *told)(RIGHT)) == []
    assert check(*events(*EVENTS, *told, told[0])(RIGHT))
    draft = {**RECORDS, "offer:x": Seen(v(1, 2), "a", matched=False)}
    assert check(*final(events=(*EVENTS, *told, *MATCHES), records=draft)(RIGHT)) == []


def test_reads_that_overlap_a_write_may_show_either_version() -> None:
    overlapping = replace(op("read", R, 5.2, version=v(2), value="b"), end=5.9)
    assert check(*more(overlapping)(RIGHT)) == []


def test_a_higher_epoch_is_newer_whatever_its_number() -> None:
    ahead = more(op("read", R, 20, version=v(1, epoch=2), value="d"))
    back = more(op("read", R, 21, version=v(9), value="d"))
    assert check_history(ahead(RIGHT)[0]) == []
    assert check_history(back(ahead(RIGHT))[0])


def test_a_recorder_keeps_what_was_done() -> None:
    recorder = Recorder()
    for one in (*RIGHT[0].operations, *RIGHT[0].ledger_reads):
        recorder.add(one)
    assert recorder.history() == RIGHT[0]


@pytest.mark.parametrize(("kind", "what", "plant"), PLANTED)
def test_what_was_written_down_is_judged_alike(
    kind: str, what: str, plant: Callable[[Case], Case], tmp_path: Path
) -> None:
    history, final = plant(RIGHT)
    file = tmp_path / "build" / "case.json"
    write_case(history, final, file)
    assert read_case(file) == (history, final)
    found = check(*read_case(file))
    assert any(one.kind == kind and what in one.what for one in found), found
