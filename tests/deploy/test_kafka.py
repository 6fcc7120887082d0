"""Running tests on Apache Kafka: what is a skip, what is a failure, and that nothing stays behind.

Kafka itself is `make test-kafka`'s; here a small program stands for it.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.kafka import server
from deploy.local.servers import wait_until

LISTENS = """
import os, pathlib, socket, sys, time
pathlib.Path(sys.argv[2]).write_text(str(os.getpid()))
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)
"""
BREAKS = "print('line\\n' * 99); raise SystemExit('the log directory is broken')"
RUN = """
import sys
from deploy.kafka import run, server
code, mark, *command = sys.argv[1:]
server.prepare_node = lambda port, *_: [sys.executable, "-c", code, str(port), mark]
sys.exit(run.main(command))
"""


def run(code: str, mark: Path, *command: str) -> subprocess.Popen[str]:
    """`deploy.kafka.run` with a command, `code` standing for Kafka's server."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, code, str(mark), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def stopped(mark: Path) -> bool:
    try:
        os.kill(int(mark.read_text()), 0)
    except ProcessLookupError:
        return True
    return False


def test_the_command_gets_the_node_and_its_code_is_told(tmp_path: Path) -> None:
    told = "import os; print('at', os.environ['ENTRAIDE_TEST_KAFKA']); raise SystemExit(3)"
    process = run(LISTENS, tmp_path / "node", sys.executable, "-c", told)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "at 127.0.0.1:" in said
    assert stopped(tmp_path / "node")


def test_a_node_that_does_not_start_is_a_failure(tmp_path: Path) -> None:
    process = run(BREAKS, tmp_path / "node", "true")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Kafka stopped at once (1):" in said
    assert said.endswith("the log directory is broken\n")
    assert said.count("line\n") < 99


def test_without_java_it_is_a_skip(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.kafka.run", "false"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "skipped: no Apache Kafka to test with (java is not installed)" in done.stdout


def test_a_log_that_cannot_be_formatted_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "fetch_libraries", lambda: tmp_path)
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho no such option >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RuntimeError, match="could not be formatted:\nno such option"):
        server.prepare_node(1, tmp_path / "node")


def test_who_is_asked_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    tidy = tmp_path / "tidy"
    waits = (
        "import pathlib, time\n"
        "try:\n"
        "    print('waiting', flush=True)\n"
        "    while True: time.sleep(.1)\n"
        f"finally: pathlib.Path({str(tidy)!r}).touch()\n"
    )
    process = run(LISTENS, tmp_path / "node", sys.executable, "-c", waits)
    assert process.stdout is not None
    assert any("waiting" in line for line in process.stdout)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert tidy.exists()
    wait_until(lambda: stopped(tmp_path / "node"), 10, "the node's end")
