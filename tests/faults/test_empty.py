"""A backup of a house that goes on makes an empty installation what that house was."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.cli.client import Client
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import stack_target
from deploy.local.beside import stack_beside
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import broker_command, database_command, database_uri, wait_until
from deploy.local.stack import SERVICES, DataDirectory, Ports
from tests.faults.backups import back_up, brought_back, entraide, wrong_after
from tests.faults.history import Final, History
from tests.faults.house import House, judge_patiently, published, running_house
from tests.faults.load import MATCHED
from tests.faults.reading import AS_OF, Asked, read_final
from tests.serving import serve, stop

pytestmark = [pytest.mark.journey, pytest.mark.long]
PATIENCE = 180
MOST = 18


def test_an_empty_installation_is_what_the_backup_was(tmp_path: Path) -> None:
    directory = tmp_path / "backup"
    with running_house(tmp_path / "first", "embedded", rate=6, clients=3, most=MOST) as house:
        wait_until(lambda: _has_done_all(house), PATIENCE, "something of each kind being done")
        backup = back_up(house.stack.plan, directory)
        house.load.pause()
        history = house.recorder.history()
        asked = house.asked(history)
    second = DataDirectory(tmp_path / "second" / "data")
    shutil.copytree(house.stack.plan.directory.keys, second.keys)  # which no backup has
    with _servers_alone(second) as ports:
        entraide(house.stack.plan, "topics", ports=ports)
        entraide(house.stack.plan, "restore", str(directory), ports=ports)
    with stack_beside(second, Ports.free(), print, {"ENTRAIDE_AS_OF": AS_OF}) as stack:
        known = History(tuple(brought_back(history, backup)))
        found, after = judge_patiently(known, lambda: _read(stack, known, asked), PATIENCE)
        assert [*found, *wrong_after(history, backup, after)] == []
        assert after.shortlists
        assert after.commitments
        assert after.cases


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


def _read(stack: Stack, known: History, asked: Asked) -> Final:
    """All that anybody can read of the records there were, once nothing is left to do."""
    settings = {name: service_settings(stack.plan, name) for name in SERVICES}
    wait_until_settled(Watch(settings, published(known)), 0.6, PATIENCE)
    client = Client(stack_target(stack.plan.ports, stack.plan.keys, "faults"), "operator")
    uri = database_uri(stack.plan.ports.database)
    settings["portal"] = service_settings(stack.plan, "portal")
    return read_final(client, settings, uri, asked)
