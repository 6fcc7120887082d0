"""The ledger under eight threads in four processes that die at any write, in the real database.

ENTRAIDE_LEDGER_OPERATIONS sets how many operations there are in all, two thousand a storm.
"""

import multiprocessing
import os
import signal
import time
from collections import Counter
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from services.matcher.commitments import UNFINISHED, expire, recover
from services.matcher.documents import Commitment, Match
from services.matcher.ledger import review_cases
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from shared.settings import Settings
from tests.services.matcher import storm
from tests.services.matcher.storm import Watch, later, logged

pytestmark = pytest.mark.long

OPERATIONS = int(os.environ.get("ENTRAIDE_LEDGER_OPERATIONS", "400"))
PROCESSES = 4
_LOOK_SECONDS = 0.2
STEPS = {
    *("reserve", "commit the proposal", "hold", "undo"),
    *("give back", "release the proposal", "finish", "start release"),
}
"""Every place between two writes."""


ROUND = 2000
"""Operations on one database: then all is checked, and another storm begins on an empty one."""


@pytest.mark.parametrize("nth", range(max(1, OPERATIONS // ROUND)))
def test_the_ledger_in_a_storm(
    api_settings: Settings, database: Database[Any], tmp_path: Path, nth: int
) -> None:
    operations = min(OPERATIONS, ROUND)
    for name in database.list_collection_names():  # the processes of the storm before wrote too
        database[name].delete_many({})
    storm.prepare()
    began = time.perf_counter()
    watch = Watch()
    killed = rage(api_settings, tmp_path, operations, watch)
    took = time.perf_counter() - began
    said = logged(tmp_path.glob("*.log"))
    assert not watch.seen_wrong
    settle(operations)
    watch.look()
    assert not watch.seen_wrong
    check_nothing_lost(said)
    check_nothing_half_done()
    crashes = Counter(said["crash"])
    assert set(crashes) <= STEPS
    print(  # noqa: T201 (the figures)
        f"storm {nth}: {operations} operations in {took:.0f} s, {killed} processes killed, "
        f"{sum(crashes.values())} crashes {dict(crashes)}, {len(set(said['begin']))} commitments, "
        f"{len(said['held'])} told held, read {watch.looks} times",
        flush=True,
    )


def rage(settings: Settings, logs: Path, operations: int, watch: Watch) -> int:
    """Let the processes operate, and others take the place of those that died; how many did."""
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    started = killed = 0
    running: list[Any] = []
    try:
        while done.value < operations or running:
            for process in [one for one in running if not one.is_alive()]:
                assert process.exitcode in (0, -signal.SIGKILL), "an operation failed"
                killed += process.exitcode != 0
                running.remove(process)
            while done.value < operations and len(running) < PROCESSES:
                arguments = (settings, started, logs, done, operations)
                running.append(context.Process(target=storm.work, args=arguments, daemon=True))
                running[-1].start()
                started += 1
            watch.look()
            wait([one.sentinel for one in running], _LOOK_SECONDS)
    finally:
        for process in running:
            process.kill()
    return killed


def settle(operations: int) -> None:
    """What the sweep does once everybody has come to rest, dying on its way no more."""
    now = later(operations)
    assert recover(now) >= 0
    expire(now)
    review_cases(now)


def check_nothing_lost(said: dict[str, list[str]]) -> None:
    """Whoever was told that it is held holds it, unless it was given back or its time was over."""
    stored = {one.id: one for one in Commitment.objects}
    assert set(stored) <= set(said["begin"])
    assert set(said["held"]) <= set(stored)
    asked_back = set(said["release"])
    for id_, commitment in stored.items():
        actions = Counter(step.action for step in commitment.history)
        assert max(actions.values()) == 1, "a step was taken twice"
        if commitment.expires_at is not None:
            assert commitment.status in ("released", "refused")
        elif id_ not in asked_back:
            assert commitment.status in ("held", "refused")
        if id_ in said["held"]:
            assert commitment.status != "refused"
            ends = actions["release"] + actions["expire"]
            assert ends == (commitment.status == "released")


def check_nothing_half_done() -> None:
    """What the ledger and the proposals hold is what is promised, to the last unit."""
    everything = list(Commitment.objects)
    assert not [one.id for one in everything if one.status in UNFINISHED]
    promised = {
        (line.take().ledger_line, one.id): line.amount
        for one in everything
        if one.status == "held"
        for line in one.lines
    }
    holds = {(line.id, h.commitment): h.amount for line in LedgerLine.objects for h in line.holds}
    assert holds == promised
    of_proposals = {id_ for match in Match.objects for id_ in match.holds}
    assert of_proposals == {one.id for one in everything if one.status == "held"}
    for match in Match.objects:
        assert (match.status == "committed") == bool(match.holds)
    over = {line.id for line in LedgerLine.objects if line.free < 0}
    assert {case.id for case in LedgerCase.objects(status="open")} == over
