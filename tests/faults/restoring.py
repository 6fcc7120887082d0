"""A backup of a house that works, brought back into it after it went on."""

import signal
import time
from collections.abc import Collection
from pathlib import Path

from click.testing import CliRunner

from deploy.cli.main import main
from deploy.local.programs import Plan, portal_environment
from deploy.local.servers import database_uri, wait_until
from deploy.local.stack import Ports
from shared.events.reader import read_to_end
from tests.faults.checker import Violation
from tests.faults.history import Final
from tests.faults.house import House
from tests.faults.injecting import PRODUCT, READY_SECONDS, direct
from tests.faults.reading import SIDES, known_already

MORE = 6
"""So many records come after the backup."""


def restore_after(house: House, directory: Path, seconds: float) -> list[Violation]:
    """Back up at rest, go on for so many seconds, restore, go on: what is wrong then.

    What was there at the backup counts as what was done before; nothing of what was done since may
    be seen anywhere. AssertionError where it is, or where a record is not of a higher epoch.
    """
    found, before = house.judge()
    assert found == []
    entraide(house.stack.plan, "backup", str(directory))
    house.go_on(known_already(before, house.load.bank.pairs))
    house.load.most = len(house.load.records) + MORE

    def made() -> set[str]:
        return {one.name for one in list(house.load.records)} - before.records.keys()

    wait_until(lambda: len(made()) >= MORE, READY_SECONDS, "records being registered")
    time.sleep(seconds)
    house.load.pause()
    vanishing = made()
    _stopped_for(house, directory)
    house.load.forget(vanishing)
    house.go_on(known_already(before, house.load.bank.pairs))
    time.sleep(seconds)
    found, after = house.judge()
    _agreed(house, before, after, vanishing)
    house.go_on(known_already(after, house.load.bank.pairs))
    return found


def _stopped_for(house: House, directory: Path) -> None:
    """Restore while no process of the product runs; the supervisor starts them afterwards."""
    house.signal(signal.SIGSTOP, *PRODUCT)
    try:
        entraide(
            house.stack.plan, "restore", str(directory)
        )  # waits until the groups miss their members
    finally:
        house.kill(*PRODUCT)
    wait_until(house.stack.supervisor.ready, READY_SECONDS, "every process being ready again")


def _agreed(house: House, before: Final, after: Final, made: Collection[str]) -> None:
    epochs = {name: seen.version.epoch for name, seen in before.records.items()}
    assert all(after.records[name].version.epoch > epoch for name, epoch in epochs.items())
    assert not made & after.records.keys()
    assert not made & after.views.keys()
    settings = direct(house)
    last = {
        f"{SIDES[record.topic.removeprefix(settings.topic_prefix)]}:{record.key.decode()}": record
        for record in read_to_end(settings, [settings.topic_prefix + name for name in SIDES])
        if record.key is not None
    }
    assert {name for name in made if name in last and last[name].value is not None} == set()


def entraide(plan: Plan, *words: str, ports: Ports | None = None) -> None:
    """A command of the operator's, past the proxies; at these ports, if not at the plan's own."""
    environ = {
        **portal_environment(plan),
        "ENTRAIDE_KAFKA": ports.kafka if ports else plan.kafka,
        "ENTRAIDE_MONGODB": database_uri((ports or plan.ports).database),
    }
    done = CliRunner().invoke(main, list(words), env=environ)
    assert done.exit_code == 0, done.output
