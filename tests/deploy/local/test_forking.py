"""Programs that are forks of a prepared process: what they are given, how their ends are told."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import forking
from deploy.local.forking import Fork, Prepared
from deploy.local.servers import wait_until

SCRIPT = """
import json, os, signal, sys, threading
print(json.dumps({
    "arguments": sys.argv[1:], "name": __name__, "environment": dict(os.environ),
    "group": os.getpgid(0), "pid": os.getpid(), "threads": len(os.listdir("/proc/self/task")),
    "loaded": "kafka" in sys.modules, "input": sys.stdin.read(),
    "comm": open("/proc/self/comm").read().strip(),
    "child_signal": signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL,
}))
match sys.argv[1]:
    case "exit": sys.exit(int(sys.argv[2]))
    case "raise": raise ValueError("what went wrong")
    case "wait": signal.pause()
"""
Forking = Callable[..., Fork]


def ended(process: Fork) -> int:
    wait_until(lambda: process.poll() is not None, 30, "the fork's end")
    code = process.poll()
    assert code is not None
    return code


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module that is run stands, and its logs."""
    directory = tmp_path_factory.mktemp("forks")
    (directory / "a_program.py").write_text(SCRIPT)
    return directory


@pytest.fixture(scope="module")
def prepared(directory: Path) -> Iterator[Prepared]:
    """One prepared process for the tests of this module, which knows the directory's modules."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(directory))
    made = Prepared()
    with (directory / "log").open("ab") as output:  # it comes up with the path as it is here
        ended(made.fork("first", ["json.tool", "-h"], {}, directory / "log", output))
    patch.undo()
    yield made
    made.close()


@pytest.fixture
def fork(prepared: Prepared, directory: Path, tmp_path: Path) -> Forking:
    """Runs the script: fork("exit", "3")."""

    def run(*arguments: str) -> Fork:
        log = tmp_path / "log"
        with log.open("ab") as output:
            return prepared.fork(
                "a-long-name-of-a-worker", ["a_program", *arguments], {"ONE": "1"}, log, output
            )

    return run


def test_a_fork_is_a_program_of_its_own(fork: Forking, tmp_path: Path) -> None:
    process = fork("exit", "3")
    assert ended(process) == 3
    said = json.loads((tmp_path / "log").read_text())
    assert said == {
        "arguments": ["exit", "3"],
        "name": "__main__",
        "environment": {"ONE": "1"},
        "group": process.pid,
        "pid": process.pid,
        "threads": 1,
        "loaded": True,
        "input": "",
        "comm": "a-long-name-of-",
        "child_signal": True,
    }


def test_an_error_is_told_in_the_log(fork: Forking, tmp_path: Path) -> None:
    assert ended(fork("raise")) == 1
    assert "ValueError: what went wrong" in (tmp_path / "log").read_text()


def test_forks_end_by_signals_and_side_by_side(fork: Forking) -> None:
    first, second = fork("wait"), fork("wait")
    assert first.poll() is None
    os.kill(second.pid, signal.SIGKILL)
    assert ended(second) == -signal.SIGKILL
    assert first.poll() is None
    first.terminate()
    assert ended(first) == -signal.SIGTERM
    first.terminate()  # of what has ended nothing is asked


def test_forks_end_with_the_prepared_process_and_the_next_brings_up_another(
    fork: Forking, prepared: Prepared
) -> None:
    lost = fork("wait")
    parent = int(Path(f"/proc/{lost.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(parent, signal.SIGKILL)
    assert ended(lost) == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{lost.pid}").exists(), 10, "the end of the fork")
    another = fork("wait")
    assert another.poll() is None
    prepared.close()
    assert another.poll() == -signal.SIGKILL
    wait_until(lambda: not Path(f"/proc/{another.pid}").exists(), 10, "the end of the fork")


def test_what_keeps_it_from_coming_up_is_told_in_the_forks_log(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kafka.py").write_text("raise ImportError('a broken library')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    prepared, log = Prepared(), tmp_path / "log"
    with log.open("ab") as output:
        process = prepared.fork("one", ["http.server", "0"], {}, log, output)
    assert process.poll() == 1
    assert "ImportError: a broken library" in log.read_text()


def test_the_services_import_no_other_libraries_than_are_prepared() -> None:
    """But for the one that each must import itself."""
    script = """
import sys
from importlib import import_module
from deploy.local.prepared import LIBRARIES
for name in LIBRARIES: import_module(name)
assert "prometheus_client" not in sys.modules
def packages(): return {name.partition(".")[0] for name in sys.modules}
before = packages()
for service in ("requests", "offers", "matcher", "portal"):
    for program in ("app", "worker"): import_module(f"services.{service}.{program}")
print(*packages() - before - {"services", "entraide", *sys.stdlib_module_names})
"""
    environment = {**os.environ, **forking.ONE_THREAD}
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=120,
    )
    new = {name for name in result.stdout.split() if not name.startswith("_")}
    assert new == {"prometheus_client"}
