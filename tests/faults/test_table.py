"""Runs are kept and read again, and stand in one table."""

from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from shared.events.versions import Version
from tests.faults.faults import FAULTS
from tests.faults.history import Final, History, Operation, write_case
from tests.faults.table import Run, case_of, keep, main, read, table

KILLED = Run(
    *("kill portal", "why", 2.5, 20.0, 200, 1, 2),
    seconds=30.0,
    rate=25.0,
    date="2026-01-03",
    commit="abc",
)
BROKEN = Run(
    *("cut kafka", "why", 4.0),
    violations=("event missing: x", "event missing: y"),
    rate=6.0,
    date="2026-01-02",
    commit="def+",
)
NAMES = ("kill portal", "cut kafka", "full disk", "other")
SKIPPED = Run("full disk", "why", skipped="no root")
FAILED = Run("hold kafka", "why", failed="TimeoutError: recovery")


def test_runs_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "build" / "faults.json"
    assert read(file) == []
    skipped = replace(BROKEN, skipped="no root")
    for run in (replace(KILLED, violations=("lost",)), BROKEN, KILLED, skipped):
        keep(run, file)
    assert read(file) == [KILLED, BROKEN]


def test_a_line_tells_what_became_of_a_fault() -> None:
    told = table(
        {"embedded": [KILLED, BROKEN, SKIPPED], "kafka": [FAILED, KILLED]}, NAMES
    ).splitlines()
    assert told[0] == "| fault | embedded, s | Apache Kafka, s | violations |"
    assert told[2:6] == [
        "| kill portal | 2.5 | 2.5 | 0 |",
        "| cut kafka | 4.0 |  | 2 |",
        "| full disk | skipped |  | 0 |",
        "| hold kafka |  | FAILED | 0 |",
    ]
    assert "2 faults" in told[7]
    assert "from 2026-01-02 to 2026-01-03, of abc, def+, at 6, 25 calls a second" in told[7]
    assert "not run: full disk, other." in told[7]
    assert "1 failed" in told[8]
    assert "FAILED: TimeoutError" in FAILED.line()
    assert "2 violations" in BROKEN.line()


def test_what_an_earlier_version_kept_is_read(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text('[{"fault": "kill portal", "reason": "why", "violations": []}]')
    keep(BROKEN, file)
    assert read(file) == [Run("kill portal", "why"), BROKEN]


def test_each_fault_has_a_case_of_its_own() -> None:
    cases = {case_of("embedded", Run(fault.name, "")) for fault in FAULTS}
    assert len(cases) == len(FAULTS)


def test_a_case_is_judged_again(tmp_path: Path) -> None:
    lost = History((Operation("c", "write", "offer:o", 0, 1, "ok", Version(1, 1), "a"),))
    file = tmp_path / "case.json"
    write_case(lost, Final(), file)
    told = CliRunner().invoke(main, [str(file)])
    assert (told.exit_code, told.output) == (
        0,
        "acknowledged write lost: offer:o was acknowledged and is not there\n",
    )
    write_case(History(), Final(), file)
    assert CliRunner().invoke(main, [str(file)]).output == "no violation\n"
