"""Whose calls the embedded database does first."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pymongo
import pytest

server = pytest.importorskip("secantus.server")

from deploy.local import turns  # noqa: E402 (after the skip)
from deploy.local.servers import database_command, database_uri, free_port  # noqa: E402
from shared.web.database import WORKERS  # noqa: E402
from tests.serving import serve, stop  # noqa: E402

PATIENCE = 30.0
Call = Callable[[str, Mapping[str, Any]], Any]


class Answering:
    """A database that answers a call to "slow" once it is let."""

    def __init__(self) -> None:
        self.let, self.slow = threading.Event(), threading.Event()
        self.done: list[str] = []

    def __call__(self, body: Mapping[str, Any], ctx: Any) -> Mapping[str, Any]:
        if "slow" in body:
            self.slow.set()
            assert self.let.wait(PATIENCE)
        self.done.append(next(iter(body)))
        return {"ok": 1}


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    found = Answering()
    monkeypatch.setattr(server, "dispatch", found)
    monkeypatch.setattr(turns, "MOST_SECONDS", PATIENCE)
    turns.take_turns()
    return found


def calling(name: str | None, *commands: str) -> threading.Thread:
    """A connection of an application of that name that sends these commands."""
    said = {} if name is None else {"application": {"name": name}}
    connections = {1: SimpleNamespace(client_metadata=said)}
    ctx = SimpleNamespace(connection_id=1, connections=connections)

    def call() -> None:
        for command in ("hello", *commands):
            server.dispatch({command: 1}, ctx)

    thread = threading.Thread(target=call)
    thread.start()
    return thread


@pytest.mark.parametrize("name", ["entraide-matcher", "somebody", None])
def test_a_workers_call_waits_for_others(answering: Answering, name: str | None) -> None:
    first = calling(name, "slow")
    assert answering.slow.wait(PATIENCE)
    worker = calling(f"entraide-portal{WORKERS}", "find")
    other = calling("entraide-portal", "update")
    other.join(PATIENCE)
    assert [one for one in answering.done if one != "hello"] == ["update"]
    answering.let.set()
    for thread in (first, worker):
        thread.join(PATIENCE)
    assert [one for one in answering.done if one != "hello"] == ["update", "slow", "find"]


def test_it_waits_for_a_moment_at_most_and_for_no_other_worker(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_SECONDS", 0.01)
    first = calling("entraide-matcher", "slow")
    assert answering.slow.wait(PATIENCE)
    calling(f"entraide-portal{WORKERS}", "find").join(PATIENCE)
    assert answering.done[-1] == "find"
    answering.let.set()
    first.join(PATIENCE)

    monkeypatch.setattr(turns, "MOST_SECONDS", PATIENCE)
    answering.let.clear()
    answering.slow.clear()
    one = calling(f"entraide-matcher{WORKERS}", "slow")
    assert answering.slow.wait(PATIENCE)
    calling(f"entraide-portal{WORKERS}", "find").join(PATIENCE)
    assert answering.done[-1] == "find"
    answering.let.set()
    one.join(PATIENCE)


@pytest.fixture
def uri(tmp_path: Path) -> Iterator[str]:
    """A database of its own."""
    port = free_port()
    command = database_command(port, tmp_path / "files", lasting=False)
    process = serve(command, port, tmp_path / "log")
    yield database_uri(port)
    stop(process)


def test_all_are_answered_however_much_is_asked(uri: str) -> None:
    stopping, counted = threading.Event(), dict.fromkeys(("entraide-x", f"entraide-x{WORKERS}"), 0)

    def ask(name: str) -> None:
        with pymongo.MongoClient[dict[str, Any]](uri, appname=name) as client:
            while not stopping.is_set():
                client.d.c.update_one({"_id": name}, {"$inc": {"n": 1}}, upsert=True)
                counted[name] += 1

    threads = [threading.Thread(target=ask, args=[name]) for name in counted for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        deadline = threading.Event()
        for _ in range(int(PATIENCE * 10)):
            if min(counted.values()) >= 20:
                break
            deadline.wait(0.1)
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    assert min(counted.values()) >= 20
