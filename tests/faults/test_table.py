"""Runs are kept and read again, and stand in one table."""

from dataclasses import replace
from pathlib import Path

from tests.faults.table import Run, keep, read, table

KILLED = Run("kill portal", "why", 2.5, 20.0, 200, 1, 2, seconds=30.0)
BROKEN = Run("cut kafka", "why", 4.0, violations=("event missing: x", "event missing: y"))
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
    told = table({"embedded": [KILLED, BROKEN, SKIPPED], "kafka": [FAILED, KILLED]}).splitlines()
    assert told[0] == "| fault | embedded, s | Apache Kafka, s | violations |"
    assert told[2:6] == [
        "| kill portal | 2.5 | 2.5 | 0 |",
        "| cut kafka | 4.0 |  | 2 |",
        "| full disk | skipped |  | 0 |",
        "| hold kafka |  | FAILED | 0 |",
    ]
    assert "2 faults" in told[7]
    assert "1 failed" in told[8]
    assert "FAILED: TimeoutError" in FAILED.line()
    assert "2 violations" in BROKEN.line()
