"""The real command with the real processes: start, load, crash, recover, stop, start again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.cli.target import find_settings
from deploy.local.programs import check_ports_free
from deploy.local.servers import wait_until
from deploy.local.stack import Ports, StackError
from shared.events.reader import read_to_end
from shared.events.topics import Topics

pytestmark = [pytest.mark.journey, pytest.mark.long]

ENTRAIDE = str(Path(sys.executable).with_name("entraide"))
START_SECONDS = 240
TEXT = {"language": "en", "window": {"from": "2026-07-01", "to": "2035-12-31"}}


def request_row(number: int, country: str) -> dict[str, Any]:
    return TEXT | {
        "id": f"R{number}",
        "country": country,
        "title": f"Marking machines for {country}",
        "description": "Four portable dot-peen machines to mark rifles and pistols in service.",
        "needs": [
            {
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "quantity": 4,
                "unit": "machines",
                "amount_usd": 160000,
            }
        ],
        "priority": "high",
        "channel": "direct",
    }


def offer_row(number: int, regions: list[str]) -> dict[str, Any]:
    return TEXT | {
        "id": f"O{number}",
        "donor": f"Donor {number}",
        "donor_type": "ngo",
        "donor_country": None,
        "title": f"Marking equipment, lot {number}",
        "description": "We give dot-peen machines for marking firearms, with training.",
        "provisions": [
            {
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "capacity": 10,
                "unit": "machines",
                "amount_usd": None,
            }
        ],
        "eligibility": {"countries": [], "regions": regions, "groups": []},
        "conditions": [],
    }


ACTIVITY = {
    "id": "A1",
    "country": "SEN",
    "provider": "Provider 1",
    "language": "en",
    "title": "A course",
    "description": "A course for markers.",
    "theme": "marking",
    "kind": "training",
    "quantity": 10,
    "unit": "persons",
    "amount_usd": None,
    "start": "2026-01-01",
    "end": "2026-12-31",
    "status": "ongoing",
}


@pytest.fixture
def small_set(tmp_path: Path) -> Path:
    directory = tmp_path / "small"
    directory.mkdir()
    files: dict[str, list[dict[str, Any]]] = {
        "requests": [request_row(1, "SEN"), request_row(2, "FJI")],
        "offers": [offer_row(1, []), offer_row(2, ["Western Africa"])],
        "activities": [ACTIVITY],
    }
    for name, rows in files.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (directory / f"{name}.jsonl").write_text(text)
    return directory


class Up:
    """A running `entraide up`."""

    def __init__(self, data: Path, base: int) -> None:
        self.data, self.base = data, base
        self.output = data.parent / f"output-{time.monotonic_ns()}"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [ENTRAIDE, "up", "--data-dir", str(data), "--port-base", str(base)],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> None:
        wait_until(
            lambda: "Ctrl-C" in self.said() or self.process.poll() is not None,
            START_SECONDS,
            f"start: {self.said()}",
        )
        assert self.process.poll() is None, self.said()

    def pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.data / "stack.json").read_text())["processes"]
        return found

    def kill(self, name: str) -> None:
        before = self.pids()[name]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self.pids().get(name) not in (None, before), 120, f"{name} again")

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Up]]:
    base = free_base()
    started: list[Up] = []

    def begin() -> Up:
        up = Up(tmp_path / "data", base)
        started.append(up)
        up.wait_ready()
        return up

    yield begin
    for up in started:
        if up.process.poll() is None:
            up.stop(signal.SIGTERM)


def free_base() -> int:
    for _ in range(50):
        base = random.randrange(20_000, 32_000, 10)
        try:
            check_ports_free(Ports.from_base(base))
        except StackError:
            continue
        return base
    raise AssertionError("no ten free ports")


def entraide(up: Up, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [ENTRAIDE, *map(str, arguments), "--data-dir", str(up.data)]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "120"}, timeout=120
    )


def family(up: Up) -> set[int]:
    """Every process of the stack: those the supervisor names, and theirs."""
    named = set(up.pids().values())
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                group = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[2])
            except (OSError, IndexError):
                continue
            if group in named:
                found.add(int(entry.name))
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def counts(up: Up) -> dict[str, int]:
    token = entraide(up, "token", "--role", "operator").stdout.strip()
    session = requests.Session()
    session.trust_env = False
    found = {}
    for offset, name in ((1, "requests"), (2, "offers"), (2, "activities"), (2, "organisations")):
        answer = session.get(
            f"http://127.0.0.1:{up.base + offset}/v1/{name}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        )
        assert answer.status_code == 200, answer.text
        found[name] = len(answer.json()["items"])
    return found


def subjects(up: Up) -> dict[str, set[str]]:
    """The keys that stand in each topic; of the matcher's the shortlists': cases come by the by."""
    settings = find_settings(up.data, {}, "test")
    found: dict[str, set[str]] = {topic: set() for topic in Topics().states}
    for record in read_to_end(settings, Topics().states):
        key = record.key.decode()
        if record.topic != Topics().matches or key.startswith("shortlist-"):
            found[record.topic].add(key)
    return found


def proposals(up: Up, request: str) -> str:
    """What the command prints once the request has both offers, or with time up."""
    deadline = time.monotonic() + 30
    while True:
        result = entraide(up, "proposals", request)
        assert result.returncode == 0, result.stderr
        if "lot 1" in result.stdout or time.monotonic() > deadline:
            return result.stdout
        time.sleep(0.5)


def test_a_stack_is_loaded_survives_crashes_and_goes_on_after_its_end(
    start: Callable[[], Up], small_set: Path, tmp_path: Path
) -> None:
    up = start()
    said = up.said()
    for offset in (0, 1, 2, 3):
        assert f"http://127.0.0.1:{up.base + offset}" in said
    for worker in ("portal-worker", "requests-worker", "offers-worker", "matcher-worker"):
        assert f"\n{worker} " in said

    same_data = entraide(up, "up", "--port-base", up.base + 20)
    assert same_data.returncode == 1
    assert f"already (process {up.process.pid})" in same_data.stderr
    same_ports = subprocess.run(
        [ENTRAIDE, "up", "--data-dir", str(tmp_path / "other"), "--port-base", str(up.base)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert same_ports.returncode == 1
    assert f"port {up.base} (for portal)" in same_ports.stderr

    first = entraide(up, "load", small_set)
    assert first.returncode == 0, first.stderr
    expected = {"requests": 2, "offers": 2, "activities": 1, "organisations": 3}
    assert counts(up) == expected
    again = entraide(up, "load", small_set)
    assert again.returncode == 0, again.stderr
    assert [line.split() for line in again.stdout.splitlines()][1:] == [
        ["organisations", "0", "3", "0"],
        ["offers", "0", "2", "0"],
        ["activities", "0", "1", "0"],
        ["requests", "0", "2", "0"],
    ]
    assert counts(up) == expected

    shown = proposals(up, "R1")
    assert "Marking machines for SEN" in shown
    assert "Donor 1" in shown
    assert "lot 2" in shown
    assert "lot 2" not in proposals(up, "small/R2")  # its offer serves Western Africa only
    unknown = entraide(up, "proposals", "R99")
    assert unknown.returncode == 2
    assert "there is no request with the id R99" in unknown.stderr

    before = subjects(up)
    assert {topic: len(keys) for topic, keys in before.items()} == {
        "requests.v1": 2,
        "offers.v1": 2,
        "activities.v1": 1,
        "matches.v1": 2,
    }
    up.kill("matcher-worker")
    wait_until(lambda: "matcher-worker is ready again" in up.said(), 180, "the worker's return")
    up.kill("broker")
    filled = "the broker has been filled again from the stores"
    wait_until(lambda: filled in up.said(), 300, f"the replay: {up.said()}")
    wait_until(lambda: subjects(up) == before, 120, "all records in the topics again")
    assert proposals(up, "R1") == shown
    assert "no dead letters" in entraide(up, "dead-letters", "list").stdout
    assert "all topics are there" in entraide(up, "topics").stdout
    assert "requests: 2 records published again" in entraide(up, "replay").stdout

    processes = family(up)
    assert len(processes) >= 9
    assert up.stop(signal.SIGINT) == 0
    assert alive(processes) == set()
    assert "what was registered is kept" in up.said()
    assert not (up.data / "stack.json").exists()

    up = start()
    assert counts(up) == expected
    wait_until(lambda: subjects(up) == before, 120, "all records in the topics again")
    assert proposals(up, "R1") == shown

    rows = [request_row(1, "SEN"), request_row(3, "XYZ"), request_row(4, "FJI")]
    rows[2]["needs"][0]["amount_usd"] = -1
    file = small_set / "requests.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows) + "\n{}\n")
    result = entraide(up, "load", small_set)
    assert result.returncode == 1
    assert "requests.jsonl:2: country: " in result.stderr
    assert "requests.jsonl:3: needs[0].amount_usd: " in result.stderr
    assert "requests.jsonl:4: id: is missing" in result.stderr
    assert "3 rows are wrong" in result.stderr
    assert ["requests", "0", "1", "3"] in [line.split() for line in result.stdout.splitlines()]
    file.write_text(json.dumps(request_row(4, "FJI")) + "\n")
    assert entraide(up, "load", small_set).returncode == 0
    assert counts(up) == expected | {"requests": 3}

    processes = family(up)
    up.process.kill()
    up.process.wait()
    wait_until(lambda: not alive(processes), 15, "the end of all processes")
