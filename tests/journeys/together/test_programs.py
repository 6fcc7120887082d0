"""Machines of others, against the real processes: an example program, the interfaces' documents."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.local.running import Stack
from tests.journeys.speaking import token_for

pytestmark = pytest.mark.journey

PROGRAM = Path(__file__).parents[3] / "examples" / "programs" / "hear_of_proposals.py"
OFFER = {
    "title": "Marking machines (illustrative)",
    "description": "We give portable marking machines for service weapons.",
    "language": "en",
    "organisation": "program-agency",
    "provisions": [
        {"theme": "marking", "kind": "equipment", "capacity": 10, "unit": "machines"},
    ],
    "window": {"from": "2026-07-01", "to": "2035-12-31"},
}


def test_it_registers_a_request_and_prints_its_proposals(
    stack: Stack,
    operator: Client,
    coordinator: Client,
    published: Callable[[str, dict[str, Any]], str],
) -> None:
    donor = {"name": "Agency of the program", "type": "state", "country": "JPN"}
    operator.put("offers", "/v1/organisations/program-agency", donor)
    offer = published("offers", OFFER)
    ports = stack.plan.ports
    command = [
        *(sys.executable, str(PROGRAM), "--requests", ports.url("requests"), "--state", "GMB"),
        *("--kafka", ports.kafka, "--seconds", "90"),
    ]
    environ = {
        "ENTRAIDE_TOKEN": token_for(stack, "requester", state="GMB"),
        "PATH": os.environ["PATH"],
        "no_proxy": "127.0.0.1",
    }
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ) as program:
        assert program.stdout is not None
        request = program.stdout.readline().split()[-1]
        path = f"/v1/requests/{request}"
        etag = coordinator.get("requests", path).etag
        coordinator.post("requests", f"{path}/authenticate", if_match=etag)
        printed = program.stdout.read()
    operator.post("requests", f"{path}/withdraw", if_match=operator.get("requests", path).etag)
    assert program.returncode == 0, printed
    assert printed.splitlines()[-1].startswith("entraide.shortlist.v1 {")
    assert offer in printed


def test_what_the_stack_offers_breaks_nothing_of_the_last_release(stack: Stack) -> None:
    entraide = str(Path(sys.executable).with_name("entraide"))
    command = [entraide, "interfaces", "--data-dir", str(stack.plan.directory.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
