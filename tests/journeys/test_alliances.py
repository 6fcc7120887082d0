"""Three neighbours ask alike: an alliance appears, two agree, one declines and is left alone."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.cli.goldset import GoldSet, Row, read_set
from deploy.cli.loading import load
from deploy.cli.target import Target, stack_target
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from deploy.local.stack import SERVICES
from shared.web.identity import Identity
from shared.web.tokens import issue_token

pytestmark = [pytest.mark.journey, pytest.mark.long]

NEIGHBOURS = {"E-R03": "RWA", "E-R04": "BDI", "E-R05": "TZA"}
SECONDS = 90.0


@pytest.fixture
def speaking(stack: Stack) -> Callable[..., Client]:
    """Clients of the stack: for a role, and for a State where one is named."""

    def make(role: str, state: str | None = None) -> Client:
        identity = Identity(subject="journey", role=role, state=state)
        text = issue_token(stack.plan.keys.pair, identity, timedelta(hours=1), datetime.now(UTC))
        urls = {name: stack.plan.ports.url(name) for name in SERVICES}
        return Client(Target(urls, lambda _: text), role)

    return make


@pytest.fixture
def requests(stack: Stack, examples: Path) -> dict[str, Row]:
    """The three requests, circulated, by the name they have in the examples."""
    every = read_set(examples)
    three = tuple(row for row in every.requests if row.external in NEIGHBOURS)
    gold: GoldSet = replace(every, requests=three, activities=())
    target = stack_target(stack.plan.ports, stack.plan.keys, "journey")
    summary = load(gold, Client(target, "operator"))
    assert summary.errors == []
    return {row.external: row for row in three}


ALL_AGREE = ("BFA", "CIV", "GHA")
"""Neighbours of one another, of which no other journey asks for what these ask."""


def standings(alliance: dict[str, Any]) -> dict[str, str]:
    return {member["country"]: member["standing"] for member in alliance["members"]}


def test_three_neighbours(
    stack: Stack, speaking: Callable[..., Client], requests: dict[str, Row]
) -> None:
    coordinator = speaking("coordinator")

    def alliances(client: Client) -> list[dict[str, Any]]:
        return list(client.items("matcher", "/v1/alliances"))

    def three_together() -> bool:
        return [one["states"] for one in alliances(coordinator)] == [["BDI", "RWA", "TZA"]]

    wait_until(three_together, SECONDS, "three neighbours being proposed together")
    (proposed,) = alliances(coordinator)
    path = f"/v1/alliances/{proposed['id']}"
    assert proposed["common"]
    wait_until(
        lambda: coordinator.get("matcher", path).body["offers"], SECONDS, "offers for all of them"
    )
    seen = coordinator.get("matcher", path)
    decided = coordinator.post(
        "matcher", f"{path}/decision", {"decision": "endorse"}, if_match=seen.etag
    )
    assert decided.body["status"] == "endorsed"

    said = {"E-R03": {"answer": "agree"}, "E-R04": {"answer": "agree"}}
    said["E-R05"] = {"answer": "decline", "reason": "a laboratory of our own (illustrative)"}
    for name, body in said.items():
        state = speaking("requester", NEIGHBOURS[name])
        etag = state.get("matcher", path).etag
        state.post("matcher", f"{path}/members/{requests[name].id}/answer", body, if_match=etag)
    after = coordinator.get("matcher", path).body
    assert after["status"] == "agreed"
    assert standings(after) == {"RWA": "agreed", "BDI": "agreed", "TZA": "declined"}

    # The State that declined changes its request, and the worker starts anew: it stays declined.
    tza, path_of_request = speaking("requester", "TZA"), f"/v1/requests/{requests['E-R05'].id}"
    stored = tza.get("requests", path_of_request)
    before = stack.supervisor.pids()["matcher-worker"]
    os.kill(before, signal.SIGKILL)
    wait_until(
        lambda: stack.supervisor.pids().get("matcher-worker", before) != before,
        SECONDS,
        "the worker restarting",
    )
    body = {**requests["E-R05"].body, "priority": "critical"}
    changed = tza.put("requests", path_of_request, body, if_match=stored.etag)
    assert changed.body["priority"] == "critical"

    # What the worker has to say of a withdrawal is said after all that it has to say of the change.
    bdi = speaking("requester", "BDI")
    asked = bdi.get("requests", f"/v1/requests/{requests['E-R04'].id}")
    bdi.post("requests", f"/v1/requests/{requests['E-R04'].id}/withdraw", if_match=asked.etag)
    wait_until(
        lambda: coordinator.get("matcher", path).body["status"] == "dissolved",
        SECONDS,
        "the alliance dissolving",
    )
    last = coordinator.get("matcher", path).body
    assert last["cause"] == "withdrawn"
    assert standings(last) == {"RWA": "agreed", "BDI": "left", "TZA": "declined"}
    assert alliances(tza) == []


def test_all_agree(speaking: Callable[..., Client], examples: Path) -> None:
    """Neighbours ask for what those three asked for; and each of them agrees."""
    bodies = [row.body for row in read_set(examples).requests if row.external in NEIGHBOURS]
    coordinator = speaking("coordinator")
    asked: dict[str, str] = {}
    for country, body in zip(ALL_AGREE, bodies, strict=True):
        state = speaking("requester", country)
        sent = {**body, "country": country, "external_id": None}
        made = state.post("requests", "/v1/requests", sent)
        asked[country] = str(made.body["id"])
        path = f"/v1/requests/{asked[country]}"
        state.post("requests", f"{path}/submit", {"consent": "express"}, if_match=made.etag)
        seen = coordinator.get("requests", path).etag
        coordinator.post("requests", f"{path}/authenticate", if_match=seen)

    def theirs() -> list[dict[str, Any]]:
        found = coordinator.items("matcher", "/v1/alliances")
        return [one for one in found if set(one["states"]) == set(ALL_AGREE)]

    wait_until(lambda: bool(theirs()), SECONDS, "the neighbours being proposed together")
    path = f"/v1/alliances/{theirs()[0]['id']}"
    etag = coordinator.get("matcher", path).etag
    coordinator.post("matcher", f"{path}/decision", {"decision": "endorse"}, if_match=etag)
    for country, request in asked.items():
        assert coordinator.get("matcher", path).body["status"] == "endorsed"
        state = speaking("requester", country)
        etag = state.get("matcher", path).etag
        answer = f"{path}/members/{request}/answer"
        state.post("matcher", answer, {"answer": "agree"}, if_match=etag)
    after = coordinator.get("matcher", path).body
    assert after["status"] == "agreed"
    assert standings(after) == dict.fromkeys(ALL_AGREE, "agreed")
    for country in ALL_AGREE:
        shown = speaking("requester", country).get("matcher", path).body
        assert shown["status"] == "agreed"
