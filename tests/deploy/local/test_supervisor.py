"""The supervisor over small real processes: order, restarts, an empty broker, and the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.children import Program
from deploy.local.servers import wait_until
from deploy.local.supervisor import RestartPolicy, StartError, Supervisor, run_until

POLICY = RestartPolicy(first=0.05, most=0.2, calm=60, looping=3, grace=2)

TICKING = """
import pathlib, sys, time
journal, name, ready = sys.argv[1:4]
with open(journal, 'a') as file:
    print('start', name, file=file)
pathlib.Path(ready).touch()
time.sleep(600)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + TICKING
ONE_SHOT = """
import sys
with open(sys.argv[1], 'a') as file:
    print('replay', file=file)
"""


class Stack:
    """A supervisor of fake servers and services, and what it said and did."""

    def __init__(self, directory: Path, lasting: tuple[str, ...] = (), **scripts: str) -> None:
        self.directory = directory
        self.journal = directory / "journal"
        self.said: list[str] = []
        programs = [
            *(
                replace(self._program(name, "broker", scripts), lasting=bool(lasting))
                for name in lasting or ("broker",)
            ),
            self._program("database", "database", scripts),
            self._program("requests", "api", scripts),
            self._program("requests-worker", "worker", scripts),
            self._program("matcher-worker", "worker", scripts),
        ]
        replay = Program(
            "replay",
            "replay",
            (sys.executable, "-c", scripts.get("replay", ONE_SHOT), str(self.journal)),
            os.environ,
            lambda: True,
        )
        self.supervisor = Supervisor(
            programs, replay, directory, self.prepare, self.said.append, policy=POLICY
        )

    def _program(self, name: str, kind: str, scripts: dict[str, str]) -> Program:
        ready = self.directory / f"{name}.ready"
        script = scripts.get(name.replace("-", "_"), TICKING)
        command = (sys.executable, "-c", script, str(self.journal), name, str(ready))
        return Program(name, kind, command, os.environ, ready.exists, "", ready)  # type: ignore[arg-type]

    def prepare(self) -> None:
        with self.journal.open("a") as file:
            print("topics", file=file)

    def events(self) -> list[str]:
        return self.journal.read_text().splitlines()

    def pid(self, name: str) -> int:
        return self.supervisor.pids()[name]

    def run_until(self, done: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        run_until(self.supervisor, lambda: done() or time.monotonic() > deadline)
        assert done(), self.said

    def kill(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGKILL)
        self.run_until(lambda: not self.supervisor.ready())


MakeStack = Callable[..., Stack]


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[MakeStack]:
    stacks: list[Stack] = []

    def make(lasting: tuple[str, ...] = (), **scripts: str) -> Stack:
        stacks.append(Stack(tmp_path, lasting, **scripts))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.supervisor.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return status != "Z"


def test_starts_servers_then_topics_then_replays_then_starts_workers(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.run_until(stack.supervisor.ready)
    events = stack.events()
    assert set(events[:2]) == {"start broker", "start database"}
    assert events[2] == "topics"
    workers = ["start matcher-worker", "start requests-worker"]
    assert sorted(events[3:]) == ["replay", *workers[:1], "start requests", *workers[1:]]
    assert all(events.index("replay") < events.index(worker) for worker in workers)
    assert stack.said == []


def test_progress_names_what_is_waited_for(make_stack: MakeStack) -> None:
    stack = make_stack()
    before = stack.supervisor.progress()
    assert (before.done, before.total) == (0, 6)
    assert before.waiting_for == (
        "broker, database, requests, the replay of what is stored, requests-worker, matcher-worker"
    )
    stack.run_until(stack.supervisor.ready)
    assert stack.supervisor.progress().done == 6


def test_a_killed_worker_is_restarted_and_nothing_else(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.run_until(stack.supervisor.ready)
    before = stack.supervisor.pids()
    stack.kill("matcher-worker")
    stack.run_until(stack.supervisor.ready)
    after = stack.supervisor.pids()
    assert {name for name in after if after[name] != before[name]} == {"matcher-worker"}
    assert stack.events()[7:] == ["start matcher-worker"]
    assert "matcher-worker ended (killed by SIGKILL)" in stack.said[0]
    assert "matcher-worker is ready again" in stack.said


def test_an_empty_broker_gets_topics_then_a_replay_then_workers(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.run_until(stack.supervisor.ready)
    workers = [stack.pid("requests-worker"), stack.pid("matcher-worker")]
    api = stack.pid("requests")
    stack.kill("broker")
    stack.run_until(stack.supervisor.ready)
    again = stack.events()[7:]
    assert again[:3] == ["start broker", "topics", "replay"]
    assert set(again[3:]) == {"start requests-worker", "start matcher-worker"}
    assert not any(alive(worker) for worker in workers)
    assert stack.pid("requests") == api


def test_both_servers_dying_at_once_come_back(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.run_until(stack.supervisor.ready)
    os.kill(stack.pid("database"), signal.SIGKILL)
    stack.kill("broker")
    stack.run_until(stack.supervisor.ready)
    assert stack.events().count("replay") == 2


def test_a_lasting_broker_is_started_again_under_all_who_work_with_it(
    make_stack: MakeStack,
) -> None:
    stack = make_stack(("broker",))
    stack.run_until(stack.supervisor.ready)
    before, started = stack.supervisor.pids(), len(stack.events())
    stack.kill("broker")
    stack.run_until(stack.supervisor.ready)
    after = stack.supervisor.pids()
    assert {name for name in after if after[name] != before[name]} == {"broker"}
    assert stack.events()[started:] == ["start broker"]
    assert "replay" not in stack.events()
    assert not any("log is gone" in line or "filled again" in line for line in stack.said)


def test_what_dies_while_a_lasting_broker_is_away_is_started_without_it(
    make_stack: MakeStack,
) -> None:
    away = (
        "import pathlib, sys, time\n"
        "while pathlib.Path(sys.argv[1]).with_name('away').exists():\n"
        "    time.sleep(0.01)\n" + TICKING
    )
    stack = make_stack(("broker", "broker-2", "broker-3"), broker_2=away)
    stack.run_until(stack.supervisor.ready)
    assert stack.events().count("topics") == 1
    mark = stack.directory / "away"
    mark.touch()
    stack.kill("broker-2")
    stack.kill("matcher-worker")
    stack.run_until(lambda: "matcher-worker is ready again" in stack.said)
    assert not stack.supervisor.ready()
    assert stack.supervisor.progress().waiting_for == "broker-2"
    mark.unlink()
    stack.run_until(stack.supervisor.ready)
    assert stack.events().count("topics") == 1


def test_a_replay_that_fails_is_tried_again(make_stack: MakeStack) -> None:
    failing_once = (
        "import pathlib, sys\n"
        + ONE_SHOT
        + "\n".join(
            [
                "mark = pathlib.Path(sys.argv[1]).with_name('failed')",
                "if not mark.exists():",
                "    mark.touch()",
                "    sys.exit('the database went away')",
            ]
        )
    )
    stack = make_stack(replay=failing_once)
    stack.run_until(stack.supervisor.ready)
    events = stack.events()
    assert events.count("replay") == 2
    assert "replay" not in events[events.index("start matcher-worker") :]


def test_a_program_that_never_starts_ends_the_start_with_its_reason(make_stack: MakeStack) -> None:
    stack = make_stack(matcher_worker="raise SystemExit('set ENTRAIDE_KAFKA: the servers')")
    with pytest.raises(StartError) as caught:
        run_until(stack.supervisor, stack.supervisor.ready)
    text = str(caught.value)
    assert "matcher-worker does not start (exit code 1)" in text
    assert "set ENTRAIDE_KAFKA: the servers" in text
    assert f"log: {stack.directory / 'matcher-worker.log'}" in text


def test_a_crash_loop_later_on_is_told_once(make_stack: MakeStack) -> None:
    fragile = (
        "import pathlib, sys\n"
        "if pathlib.Path(sys.argv[1]).with_name('broken').exists():\n"
        "    raise ValueError('a bad deploy')\n" + TICKING
    )
    stack = make_stack(matcher_worker=fragile)
    stack.run_until(stack.supervisor.ready)
    broken = stack.directory / "broken"
    broken.touch()
    stack.kill("matcher-worker")
    told = "keeps crashing"
    stack.run_until(lambda: any(told in line for line in stack.said))
    line = next(line for line in stack.said if told in line)
    assert "ValueError: a bad deploy" in line
    broken.unlink()
    stack.run_until(stack.supervisor.ready)
    assert sum(told in line for line in stack.said) == 1


def test_stop_leaves_nothing_even_of_a_stubborn_process(make_stack: MakeStack) -> None:
    stack = make_stack(requests_worker=STUBBORN)
    stack.run_until(stack.supervisor.ready)
    pids = list(stack.supervisor.pids().values())
    assert len(pids) == 5
    stack.supervisor.stop()
    assert not any(alive(pid) for pid in pids)
    assert stack.supervisor.pids() == {}


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from test_supervisor import Stack\n"
        "stack = Stack(pathlib.Path(sys.argv[1]))\n"
        "stack.run_until(stack.supervisor.ready)\n"
        "print(*stack.supervisor.pids().values(), flush=True)\n"
        "time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        assert len(pids) == 5
        assert all(alive(pid) for pid in pids)
        process.kill()
        wait_until(lambda: not any(alive(pid) for pid in pids), 10, "the children's end")
