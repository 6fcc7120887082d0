"""Every fault under load, with figures: `make test-faults`, on Kafka `make test-faults-kafka`, and
on three of its brokers `make test-faults-three`."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, Fault
from tests.faults.history import Final, now, write_case
from tests.faults.house import House, running_house
from tests.faults.restoring import restore_after
from tests.faults.table import RESTORED, Run, case_of, commit, keep, kept_at

KIND = os.environ.get("ENTRAIDE_TEST_FAULTS", "")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not KIND, reason="`make test-faults` runs each fault for long"),
]
RATE = float(os.environ.get("ENTRAIDE_TEST_FAULTS_RATE", "6"))
"""Calls a second, four of five of which write: half of the 12 that two cores answer at most.

More than they do, and what is behind falls further behind, with a fault or without.
"""
CLIENTS, RECORDS = 6, 60
CALM_SECONDS = 2.0
PATIENCE = 180.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on the broker that the environment names."""
    directory = tmp_path_factory.mktemp("house")
    with running_house(directory, KIND, RATE, CLIENTS, RECORDS, equipped=True) as running:
        yield running


@pytest.fixture(scope="module")
def report() -> list[Run]:
    """What this run saw; each fault is kept as JSON at once, so that pieces make a whole."""
    return []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_it_recovers_and_nothing_is_lost(house: House, report: list[Run], fault: Fault) -> None:
    run = Run(fault.name, fault.reason)
    began = now()
    with _told(house, report, run, began):
        time.sleep(CALM_SECONDS)
        run.recovery_seconds = round(house.recovered(fault.inject(house, fault.lasts), PATIENCE), 1)
        time.sleep(CALM_SECONDS)
        _count(run, house, now() - began)
        run.violations = tuple(f"{one.kind}: {one.what}" for one in house.violations(PATIENCE))
    assert run.violations == ()


def test_a_restored_house_agrees(house: House, report: list[Run], tmp_path: Path) -> None:
    run = Run(RESTORED, "what was registered since the backup is left somewhere, or wins")
    with _told(house, report, run, now()):
        found = restore_after(house, tmp_path / "backup", 5)
        run.violations = tuple(f"{one.kind}: {one.what}" for one in found)
        time.sleep(CALM_SECONDS)
        _count(run, house, CALM_SECONDS)
    assert run.violations == ()


@contextmanager
def _told(house: House, report: list[Run], run: Run, began: float) -> Iterator[None]:
    """Tell of a run once it is over, however it ends, and keep what was done and read."""
    house.judged = None
    try:
        yield
    except pytest.skip.Exception as skipped:
        run.skipped = str(skipped)
        raise
    except BaseException as error:
        run.failed = f"{type(error).__name__}: {error}"
        raise
    finally:
        if not run.skipped:
            write_case(*(house.judged or (house.recorder.history(), Final())), case_of(KIND, run))
        _tell(report, run, now() - began)


def _count(run: Run, house: House, seconds: float) -> None:
    done = [one for one in house.recorder.history().operations if one.start > 0]
    writes = [one for one in done if one.kind != "read"]
    run.acknowledged = sum(one.outcome == "ok" for one in writes)
    run.refused = sum(one.outcome == "failed" for one in writes)
    run.unknown = sum(one.outcome == "unknown" for one in writes)
    run.writes_per_second = round(run.acknowledged / seconds, 1)


def _tell(report: list[Run], run: Run, seconds: float) -> None:
    run.seconds = round(seconds, 1)
    report.append(run)
    run.rate, run.date, run.commit = RATE, datetime.now(UTC).date().isoformat(), commit()
    keep(run, kept_at(KIND))
    print(f"\n[{len(report)}/{len(FAULTS) + 1}] {run.line()}", flush=True)  # noqa: T201
