"""A backup of a house that works makes an empty installation what that house was."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pymongo
import pytest

from deploy.cli.client import Client
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.beside import stack_beside
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import broker_command, database_command, database_uri, wait_until
from deploy.local.stack import SERVICES, DataDirectory, Ports
from tests.faults.history import Final, Held, History
from tests.faults.house import House, judge_patiently, running_house
from tests.faults.load import MATCHED
from tests.faults.reading import AS_OF, Asked, known_already, read_final
from tests.faults.restoring import entraide
from tests.serving import serve, stop

pytestmark = [pytest.mark.journey, pytest.mark.long]
PATIENCE = 180
MOST = 18


def test_an_empty_installation_is_what_the_backup_was(tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    with running_house(tmp_path / "first", "embedded", rate=6, clients=3, most=MOST) as house:
        wait_until(lambda: _has_done_all(house), PATIENCE, "something of each kind being done")
        found, before = house.judge(PATIENCE)
        assert found == []
        entraide(house.stack.plan, "backup", str(backup))
        pairs = tuple(house.load.bank.pairs)
        asked = house.asked(house.recorder.history())
    second = DataDirectory(tmp_path / "second" / "data")
    shutil.copytree(house.stack.plan.directory.keys, second.keys)  # which no backup has
    with _servers_alone(second) as ports:
        entraide(house.stack.plan, "topics", ports=ports)
        entraide(house.stack.plan, "restore", str(backup), ports=ports)
    with stack_beside(second, Ports.free(), print, {"ENTRAIDE_AS_OF": AS_OF}) as stack:
        known = History(tuple(known_already(before, pairs)))
        found, after = judge_patiently(known, lambda: _read(stack, before, asked), PATIENCE)
        assert found == []
        _is_the_same(before, after)
        wait_until(lambda: _followed(stack, after), PATIENCE, "the portal knowing all of it")


def _has_done_all(house: House) -> bool:
    """Whether all records are made and matched, so that there are offers for each request, and
    something was committed to."""
    records = list(house.load.records)
    matched = all(one.status == MATCHED[one.side] for one in records)
    done = {(one.kind, one.outcome) for one in house.recorder.history().operations}
    return len(records) >= MOST and matched and ("commit", "ok") in done


@contextmanager
def _servers_alone(directory: DataDirectory) -> Iterator[Ports]:
    """A broker and an empty database, without any process of the product."""
    ports = Ports.free()
    directory.database.mkdir(parents=True)
    database = database_command(ports.database, directory.database)
    running = [
        serve(database, ports.database, directory.path / "database.log"),
        serve(broker_command(ports.broker), ports.broker, directory.path / "broker.log"),
    ]
    try:
        yield ports
    finally:
        for one in running:
            stop(one)


def _read(stack: Stack, before: Final, asked: Asked) -> Final:
    """All that anybody can read of the records there were, once nothing is left to do."""
    settings = {name: service_settings(stack.plan, name) for name in SERVICES}
    requests = [name.partition(":")[2] for name in before.shortlists]
    wait_until_settled(Watch(settings, requests), 0.6, PATIENCE)
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "faults"), "operator")
    uri = database_uri(stack.plan.ports.database)
    settings["portal"] = service_settings(stack.plan, "portal")
    return read_final(client, settings, uri, asked)


def _is_the_same(before: Final, after: Final) -> None:
    """The same records, proposals, commitments and lines; each record of a higher epoch."""
    assert after.records.keys() == before.records.keys()
    for name, seen in before.records.items():
        now = after.records[name]
        assert (now.value, now.matched) == (seen.value, seen.matched)
        assert now.version.epoch > seen.version.epoch
    assert after.views.keys() == before.views.keys()
    assert before.shortlists
    assert {name: set(one.offers) for name, one in after.shortlists.items()} == {
        name: set(one.offers) for name, one in before.shortlists.items()
    }
    assert before.commitments
    assert _unversioned(after.commitments) == _unversioned(before.commitments)
    assert after.ledger == before.ledger
    assert before.cases
    assert set(after.cases) == set(before.cases)


def _unversioned(held: Mapping[str, Held]) -> dict[str, Held]:
    return {id_: replace(one, version=None) for id_, one in held.items()}


def _followed(stack: Stack, after: Final) -> bool:
    """Whether the portal knows each record that is matched in its present version."""
    portal = service_settings(stack.plan, "portal")
    with closing(pymongo.MongoClient[dict[str, Any]](portal.mongodb)) as client:
        known = {
            one["_id"]: (one["epoch"], one["number"])
            for one in client[portal.database]["followed"].find({}, {"epoch": 1, "number": 1})
        }
    return all(
        known.get(name) == (seen.version.epoch, seen.version.number)
        for name, seen in after.records.items()
        if seen.matched and name in after.views  # which nobody keeps of activities
    )
