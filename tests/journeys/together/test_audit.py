"""Audit trails and the register of embargoes against real processes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.cli.client import Client
from deploy.local.running import Stack
from deploy.local.servers import database_uri
from shared.events.trail import COLLECTION

pytestmark = [pytest.mark.journey, pytest.mark.long]

ENTRAIDE = str(Path(sys.executable).with_name("entraide"))
PATIENCE = 120.0


def entraide(stack: Stack, *arguments: str) -> CompletedProcess[str]:
    command = [ENTRAIDE, *arguments, "--data-dir", str(stack.plan.directory.path)]
    return run(command, capture_output=True, text=True, timeout=120, check=False)


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_what_was_done_stands_in_whole_trails_until_somebody_touches_one(
    stack: Stack,
    coordinator: Client,
    published: Callable[[str, dict[str, Any]], str],
) -> None:
    listed = entraide(stack, "embargoes", "load", "--yes")
    assert listed.returncode == 0, listed.stderr
    entries = list(coordinator.items("matcher", "/v1/embargoes", status="unconfirmed"))
    assert f"entered: {len(entries)}, in the register before: 0" in listed.stdout
    request = published(
        "requests",
        {
            "country": "SEN",
            "title": "Marking",
            "description": "Machines to mark weapons with.",
            "needs": [{"theme": "marking", "kind": "equipment", "quantity": 2, "unit": "machines"}],
        },
    )

    def steps(service: str, record: str) -> list[str]:
        return [one["action"] for one in coordinator.items(service, f"/v1/audit/{record}")]

    eventually(lambda: "authenticate" in steps("requests", request), "the request's steps")
    eventually(lambda: steps("matcher", entries[-1]["id"]) == ["record"], "the embargo's steps")
    whole = entraide(stack, "audit", "verify")
    assert whole.returncode == 0, whole.stderr
    ends = [line.split()[-1] for line in whole.stdout.splitlines()]
    assert [end.split("=")[0] for end in ends] == ["requests", "offers", "matcher", "portal"]

    database = MongoClient(database_uri(stack.plan.ports.database))["entraide_matcher"]
    trail = database[COLLECTION]
    (entry,) = trail.find({"_id": 2})
    trail.update_one({"_id": 2}, {"$set": {"content.role": "nobody"}})
    broken = entraide(stack, "audit", "verify", "matcher", "--expect", ends[2])
    assert broken.returncode == 1
    assert "matcher: entry 2: altered" in broken.stderr
    assert entraide(stack, "audit", "verify", "requests", "--expect", ends[0]).returncode == 0
    trail.replace_one({"_id": 2}, entry)
