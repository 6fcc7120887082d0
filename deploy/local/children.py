"""One supervised process: starting it, knowing when it is ready, stopping it for certain."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from deploy.local.excerpts import error_lines
from deploy.local.forking import WRAPPER, Fork, Prepared

Kind = Literal["broker", "database", "api", "worker", "replay"]
_LARGEST_LOG = 10_000_000


@dataclass(frozen=True)
class Program:
    """What is to run: a command with its whole environment, and how to tell that it is ready.

    A `forked` command is a Python module and its arguments, run by a fork (forking.py).
    `ready` is asked again and again until it says yes once. `ready_file` is removed before every
    start, so that a file of the last run is not taken for this one's. `address` is for people.
    A `lasting` broker has its log again when it is started again.
    """

    name: str
    kind: Kind
    command: tuple[str, ...]
    environment: Mapping[str, str]
    ready: Callable[[], bool]
    address: str = ""
    ready_file: Path | None = None
    scratch: Path | None = None
    forked: bool = False
    lasting: bool = False


@dataclass
class Child:
    """A program and the process that runs it now, if any."""

    program: Program
    log: Path
    prepared: Prepared
    process: subprocess.Popen[bytes] | Fork | None = None
    ready: bool = False
    started: float = 0.0
    incarnation: int = 0
    deaths: list[float] = field(default_factory=list)
    due: float = 0.0
    log_start: int = 0
    terminated: float | None = None

    @property
    def running(self) -> bool:
        """Whether a process was started and its end has not been seen."""
        return self.process is not None

    @property
    def pid(self) -> int | None:
        """The process's id, which is its group's id too; None while none runs."""
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start the process in a group of its own, its output appended to the log.

        Must be called from the supervisor's main thread: the kernel's parent-death signal comes
        when the thread that started the child ends.
        """
        program = self.program
        if program.ready_file:
            program.ready_file.unlink(missing_ok=True)
        if program.scratch:
            program.scratch.mkdir(parents=True, exist_ok=True)
            for left in program.scratch.iterdir():
                left.unlink()
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.log_start = output.tell()
            self.process = self._started(output)
        self.ready = False
        self.terminated = None
        self.started = time.monotonic()
        self.incarnation += 1

    def _started(self, output: IO[bytes]) -> subprocess.Popen[bytes] | Fork:
        program = self.program
        if program.forked:
            return self.prepared.fork(
                program.name, program.command, program.environment, self.log, output
            )
        return subprocess.Popen(
            (*WRAPPER, str(os.getpid()), *program.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(program.environment),
            start_new_session=True,
        )

    def ended(self) -> int | None:
        """The exit code of a process that has just ended (minus a signal's number), else None.

        What its group left behind is killed, and the child counts as not running from then on.
        """
        if self.process is None:
            return None
        code = self.process.poll()
        if code is None:
            return None
        kill_group(self.process.pid)
        self.process = None
        self.ready = False
        self.terminated = None
        return code

    def terminate(self, grace: float) -> None:
        """Ask the process to end; once `grace` seconds have passed since, kill its group."""
        if self.process is None:
            return
        now = time.monotonic()
        if self.terminated is None:
            self.terminated = now
            self.process.terminate()
        elif now - self.terminated > grace:
            kill_group(self.process.pid)

    def said(self) -> list[str]:
        """The lines of this run's log that tell why it ended."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return error_lines(log.read(_LARGEST_LOG).decode("utf-8", "replace"))


def kill_group(group: int) -> None:
    """Send SIGKILL to every process of a group; nothing happens where none is left."""
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return
