"""A backup of a house that works, brought back into it after it went on."""

import signal
import time
from pathlib import Path

from deploy.local.servers import wait_until
from tests.faults.backups import (
    back_up,
    brought_back,
    doubtful,
    entraide,
    vanished,
    wrong_after,
)
from tests.faults.checker import Violation, check_history
from tests.faults.house import House
from tests.faults.injecting import PRODUCT, READY_SECONDS
from tests.faults.reading import known_already, seen_now

MORE = 6
"""So many records come after the backup."""


def restore_after(house: House, directory: Path, seconds: float) -> list[Violation]:
    """Go on for so many seconds, back up meanwhile, go on, restore, go on: what is wrong then.

    What was acknowledged before the backup began counts as done; nothing of what was done after it
    may be seen anywhere.
    """
    time.sleep(seconds)
    backup = back_up(house.stack.plan, directory)
    house.load.most = len(house.load.records) + MORE
    wait_until(
        lambda: len(vanished(house.recorder.history(), backup)) >= MORE,
        READY_SECONDS,
        "records being registered",
    )
    time.sleep(seconds)
    house.load.pause()
    history = house.recorder.history()
    found = check_history(history)
    _stopped_for(house, directory)
    perhaps = doubtful(history, backup) & {one.name for one in house.load.records}
    gone = {name for name in perhaps if seen_now(house.client, name) is None}
    house.load.forget(gone | vanished(history, backup))
    house.go_on(brought_back(history, backup))
    time.sleep(seconds)
    judged, after = house.judge()
    house.go_on(known_already(after, house.load.bank.pairs))
    return [*found, *judged, *wrong_after(history, backup, after)]


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
