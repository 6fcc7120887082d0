"""The examples are loaded while workers are killed; nothing is lost and nothing comes twice."""

import os
import signal
import threading
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pymongo
import pytest

from deploy.cli.client import Client
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.loading import load
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from deploy.local.stack import SERVICES
from shared.events.reader import read_to_end
from shared.events.topics import Topics

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]

WORKERS = tuple(f"{service}-worker" for service in SERVICES)
OWNED = {
    "requests.v1": ("requests", "requests"),
    "offers.v1": ("offers", "offers"),
    "activities.v1": ("offers", "activities"),
}


def _kill(stack: Stack, worker: str) -> None:
    """SIGKILL the worker, and wait until another process does its work."""
    before = stack.supervisor.pids()[worker]
    os.kill(before, signal.SIGKILL)
    wait_until(
        lambda: stack.supervisor.pids().get(worker, before) != before, 60, f"{worker} restarting"
    )


def _settled(stack: Stack, gold: GoldSet) -> None:
    settings = {service: service_settings(stack.plan, service) for service in SERVICES}
    wait_until(stack.supervisor.ready, 120, "every process being ready again")
    wait_until_settled(Watch(settings, [row.id for row in gold.requests]), 2.0, 240)


@pytest.fixture(scope="module")
def loaded(stack: Stack, examples: Path) -> GoldSet:
    """The examples, loaded in one thread while another kills a worker of each kind, twice."""
    gold = read_set(examples)
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "operator")
    done = threading.Event()
    killed: Counter[str] = Counter()

    def kill() -> None:
        while not done.is_set() or len(killed) < len(WORKERS):
            for worker in WORKERS:
                with suppress(KeyError):
                    _kill(stack, worker)
                    killed[worker] += 1
                if done.wait(0.5) and len(killed) == len(WORKERS):
                    return

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        summary = load(gold, client)
    finally:
        done.set()
        killer.join(180)
    assert summary.errors == []
    assert set(killed) == set(WORKERS)
    _settled(stack, gold)
    return gold


def test_every_request_has_its_proposals_and_none_twice(stack: Stack, loaded: GoldSet) -> None:
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "coordinator")
    served = 0
    for row in loaded.requests:
        items = list(client.items("matcher", "/v1/proposals", request=row.id))
        offers = [item["offer"] for item in items]
        assert len(offers) == len(set(offers)), row.external
        assert all(item["reasons"] for item in items), row.external
        served += bool(items)
    # Some examples are there to show that nothing fits; most must be served.
    assert served > len(loaded.requests) // 2


def test_the_stores_agree_with_the_topics(stack: Stack, loaded: GoldSet) -> None:
    last = _last_versions(stack)
    database: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(stack.plan.ports.mongodb)
    with closing(database):
        for topic, (service, collection) in OWNED.items():
            name = service_settings(stack.plan, service).database
            stored = {
                document["_id"]: (document["epoch"], document["number"])
                for document in database[name][collection].find({}, {"epoch": 1, "number": 1})
            }
            assert stored
            assert {key: last[topic].get(key) for key in stored} == stored
            assert set(last[topic]) == set(stored)


def test_loading_again_makes_nothing_twice(stack: Stack, loaded: GoldSet) -> None:
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "operator")
    summary = load(loaded, client)
    assert not summary.made
    assert not summary.errors
    assert summary.known["request"] == len(loaded.requests)


def test_a_broker_that_dies_is_filled_again(stack: Stack, loaded: GoldSet) -> None:
    before = _last_versions(stack)
    os.kill(stack.supervisor.pids()["broker"], signal.SIGKILL)
    wait_until(lambda: not stack.supervisor.ready(), 30, "the broker's death being seen")
    wait_until(stack.supervisor.ready, 180, "the stack being ready again")
    _settled(stack, loaded)
    after = _last_versions(stack)
    assert {topic: after[topic] for topic in OWNED} == {topic: before[topic] for topic in OWNED}


def _last_versions(stack: Stack) -> dict[str, dict[str, tuple[int, int]]]:
    """Of each state topic, the version of every key's last record."""
    settings = service_settings(stack.plan, "matcher")
    last: dict[str, dict[str, tuple[int, int]]] = {topic: {} for topic in Topics("").states}
    for record in read_to_end(settings, list(last)):
        headers = dict(record.headers)
        version = int(headers["ce_epoch"]), int(headers["ce_number"])
        last[record.topic][record.key.decode()] = version
    return last
