"""Every fault under load, with figures: `make test-faults`, on Kafka `make test-faults-kafka`."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.faults.faults import FAULTS, Fault
from tests.faults.history import now
from tests.faults.house import House, running_house

KIND = os.environ.get("ENTRAIDE_TEST_FAULTS", "")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not KIND, reason="`make test-faults` runs each fault for long"),
]
BUILD = Path(__file__).parents[2] / "build"
RATE, CLIENTS, RECORDS = 25.0, 6, 60
CALM_SECONDS = 5.0
PATIENCE = 180.0


@dataclass
class Run:
    """What a fault did: seconds to recover, acknowledged writes a second, what was violated."""

    fault: str
    reason: str
    recovery_seconds: float | None = None
    writes_per_second: float = 0.0
    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    violations: tuple[str, ...] = ()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house on the broker that the environment names."""
    directory = tmp_path_factory.mktemp("house")
    with running_house(directory, KIND, RATE, CLIENTS, RECORDS, equipped=True) as running:
        yield running


@pytest.fixture(scope="module")
def report() -> Iterator[list[Run]]:
    """Kept as JSON after each fault, so that an interrupted run tells what it saw."""
    runs: list[Run] = []
    yield runs
    told = [f"{one.recovery_seconds or float('nan'):6.1f} s  {one.fault}" for one in runs]
    print("\n".join(["", f"recovery on {KIND}:", *told]))  # noqa: T201


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_it_recovers_and_nothing_is_lost(house: House, report: list[Run], fault: Fault) -> None:
    run = Run(fault.name, fault.reason)
    report.append(run)
    began = now()
    try:
        time.sleep(CALM_SECONDS)
        run.recovery_seconds = round(house.recovered(fault.inject(house, fault.lasts), PATIENCE), 1)
        time.sleep(CALM_SECONDS)
        _count(run, house, now() - began)
        run.violations = tuple(f"{one.kind}: {one.what}" for one in house.violations(PATIENCE))
    finally:
        _write(report)
    assert run.violations == ()


def _count(run: Run, house: House, seconds: float) -> None:
    done = [one for one in house.recorder.history().operations if one.start > 0]
    writes = [one for one in done if one.kind != "read"]
    run.acknowledged = sum(one.outcome == "ok" for one in writes)
    run.refused = sum(one.outcome == "failed" for one in writes)
    run.unknown = sum(one.outcome == "unknown" for one in writes)
    run.writes_per_second = round(run.acknowledged / seconds, 1)


def _write(report: list[Run]) -> None:
    BUILD.mkdir(exist_ok=True)
    file = BUILD / f"faults-{KIND}.json"
    file.write_text(json.dumps([asdict(run) for run in report], indent=1, ensure_ascii=False))
