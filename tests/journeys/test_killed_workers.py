"""The examples are loaded while workers are killed; nothing is lost and nothing comes twice."""

import os
import signal
import threading
from collections import Counter
from contextlib import closing, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pymongo
import pytest

from deploy.cli.client import Client
from deploy.cli.goldset import GoldSet, read_set
from deploy.cli.loading import load
from deploy.cli.rankings import Ranked
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.cli.through_engine import rank_through_engine
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import wait_until
from deploy.local.stack import SERVICES
from services.matcher.documents import AGGREGATES, Commitment, Match, Shortlist
from services.matcher.exchange import is_counted_whole
from shared.events.outbox import Aggregate
from shared.events.reader import read_to_end
from shared.events.topics import Topics
from tests.journeys.speaking import both_agree

pytestmark = [pytest.mark.journey, pytest.mark.long]

WORKERS = tuple(f"{service}-worker" for service in SERVICES)
OWNED = {
    "requests.v1": ("requests", "requests"),
    "offers.v1": ("offers", "offers"),
    "activities.v1": ("offers", "activities"),
}
OF_MATCHER: tuple[type[Aggregate], ...] = AGGREGATES
"""The documents that share matches.v1."""
MADE_HERE = (Shortlist, Match, Commitment)
"""Those that there are some of, whatever the examples are like."""
COMMITTED = 3


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
    settings = service_settings(stack.plan, "matcher")
    assert settings.as_of is not None
    names = {row.id: row.external for row in loaded.offers}
    served = {}
    for row in loaded.requests:
        items = list(client.items("matcher", "/v1/proposals", request=row.id))
        assert all(item["reasons"] for item in items), row.external
        served[row.external] = [Ranked(names[item["offer"]], item["score"]) for item in items]
    expected = rank_through_engine(loaded, None, settings.as_of, settings.term_key)
    assert served == expected
    assert any(expected.values())


@pytest.fixture(scope="module")
def acted(stack: Stack, loaded: GoldSet) -> GoldSet:
    """Some proposals agreed to, and committed in part, while the matcher's worker is killed."""
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "coordinator")
    killer = threading.Thread(target=_kill, args=(stack, "matcher-worker"))
    killer.start()
    made = 0
    for row in loaded.requests:
        proposal = next(client.items("matcher", "/v1/proposals", request=row.id), None)
        if proposal is None or made == COMMITTED:
            continue
        path = f"/v1/proposals/{proposal['id']}"
        seen = client.get("matcher", path).etag
        client.post("matcher", f"{path}/decision", {"decision": "endorse"}, if_match=seen)
        both_agree(stack, proposal["id"], proposal["country"], proposal["organisation"])
        parts = [_part(client, side, proposal[side]) for side in ("request", "offer")]
        body = {"proposal": proposal["id"], "lines": parts}
        made += client.post("matcher", "/v1/commitments", body).status == HTTPStatus.CREATED
    killer.join(60)
    assert made == COMMITTED
    _settled(stack, loaded)
    return loaded


def _part(client: Client, side: str, record: str) -> dict[str, Any]:
    """The least of a record's first ledger line."""
    line = next(client.items("matcher", "/v1/ledger", record=record))
    least = (
        {"quantity": 1 if is_counted_whole(line["unit"]) else 0.001}
        if line["measure"] == "quantity"
        else {"amount": 0.01, "currency": line["unit"]}
    )
    return {"side": side, "line": line["line"], **least}


def test_the_stores_agree_with_the_topics(stack: Stack, acted: GoldSet) -> None:
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
        matcher = database[service_settings(stack.plan, "matcher").database]
        told: dict[str, tuple[int, int]] = {}
        for kind in OF_MATCHER:
            documents = [kind._from_son(one) for one in matcher[kind._get_collection_name()].find()]
            assert documents or kind not in MADE_HERE, kind
            told |= {one.id: (one.epoch, one.number) for one in documents if one.event()}
        assert last["matches.v1"] == told


def test_loading_again_makes_nothing_twice(stack: Stack, loaded: GoldSet) -> None:
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "operator")
    summary = load(loaded, client)
    assert not summary.made
    assert not summary.errors
    assert summary.known["request"] == len(loaded.requests)


def test_a_broker_that_dies_has_all_of_it_again(stack: Stack, loaded: GoldSet) -> None:
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
