"""A bad release of one worker: what it cannot use is put aside until it stops; a good one goes on.

From the poison to its mending, as an operator goes through it: metrics, the list, sending back.
"""

import re
import signal
from contextlib import closing, suppress
from typing import Any

import pymongo
import requests
from click.testing import CliRunner

from deploy.cli.main import main
from deploy.local.programs import service_environment, service_settings
from deploy.local.servers import LOOPBACK, database_uri, free_port, wait_until
from services.portal.followed_state import FOLLOWED, key_of
from shared.events.dead_letters import DeadLetter, list_dead_letters
from shared.events.envelope import decode
from shared.events.versions import Version
from tests.faults.history import now
from tests.faults.house import House
from tests.faults.injecting import READY_SECONDS, direct, second

_NONE = Version(0, 0)
WORKER, CONSUMER = "portal-worker", "portal"
REASON = "handler-failed"
BAD = """
import sys
from services.portal import worker

def forgets(*_):
    def handler(events):
        raise KeyError("a field that this release has forgotten")
    return handler

worker.keep_telling = forgets
sys.exit(worker.main())
"""
_COUNTED = re.compile(
    rf'^entraide_dead_letters_total{{consumer="{CONSUMER}",reason="{REASON}"}} ([0-9.]+)', re.M
)


def bad_release(house: House, _seconds: float) -> float:
    """The portal's worker gives way to one that fails at every event; then it goes on again.

    AssertionError where the bad one goes on for ever, where its metrics or the list do not tell
    what it put aside, or where something of that is not known to the portal in the end.
    """
    port = free_port()
    house.signal(signal.SIGSTOP, WORKER)
    try:
        bad = second(house, WORKER, ("-c", BAD), ENTRAIDE_METRICS_PORT=str(port))
        try:
            counted = 0.0

            def ended() -> bool:
                nonlocal counted
                counted = max(counted, _counted(port))
                return bad.process.poll() is not None

            wait_until(ended, READY_SECONDS, "the bad release stopping by itself")
        finally:
            bad.process.kill()
            bad.process.wait()
    finally:
        house.signal(signal.SIGCONT, WORKER)
    since = now()
    assert bad.process.returncode > 0
    assert "TooManyDeadLetters" in bad.log.read_text(errors="replace")
    assert counted > 0
    letters = [
        one
        for one in list_dead_letters(direct(house))
        if one.reason == REASON and one.consumer == CONSUMER
    ]
    assert letters
    _send_back(house, letters)
    wait_until(lambda: _all_known(house, letters), READY_SECONDS, "the portal knowing all of it")
    return since


def _counted(port: int) -> float:
    with suppress(requests.RequestException):
        told = requests.get(f"http://{LOOPBACK}:{port}/metrics", timeout=2).text
        if found := _COUNTED.search(told):
            return float(found[1])
    return 0.0


def _send_back(house: House, letters: list[DeadLetter]) -> None:
    """By the command: listed before, and no more afterwards."""
    environ = {
        **service_environment(house.stack.plan),
        "ENTRAIDE_KAFKA": house.stack.plan.kafka,
    }

    def entraide(*words: str) -> str:
        done = CliRunner().invoke(main, ["dead-letters", *words], env=environ)
        assert done.exit_code == 0, done.output
        return done.output

    ids = [one.id for one in letters]
    listed = entraide("list")
    assert all(one in listed for one in ids)
    assert entraide("retry", *ids) == f"sent back: {len(ids)}\n"
    listed = entraide("list")
    assert not any(one in listed for one in ids)


def _all_known(house: House, letters: list[DeadLetter]) -> bool:
    """Whether the portal knows each record as its letter told it, or newer."""
    events = [event for event in map(decode, letters) if event.type in FOLLOWED]
    settings = service_settings(house.stack.plan, "portal")
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(
        database_uri(house.stack.plan.ports.database)
    )
    with closing(client):
        known = {
            one["_id"]: Version(one["epoch"], one["number"])
            for one in client[settings.database]["followed"].find({}, {"epoch": 1, "number": 1})
        }
    return all(known.get(key_of(one), _NONE) >= one.version for one in events)
