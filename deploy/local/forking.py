"""Processes that are forks of one that has imported already what they share (`prepared.py`)."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from deploy.local import child

WRAPPER = (sys.executable, "-I", "-S", str(Path(child.__file__)))
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""Threads of BLAS would not come along into a fork."""
_NOT_STARTED = 1


class Fork:
    """A process that the prepared one started; to be used as subprocess.Popen is."""

    def __init__(self, prepared: "Prepared", pid: int) -> None:
        self._prepared = prepared
        self.pid = pid

    def poll(self) -> int | None:
        """The exit code (minus a signal's number) once it has ended, else None."""
        return self._prepared.code(self.pid)

    def terminate(self) -> None:
        """Ask it to end."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)


class Prepared:
    """The prepared process, and the forks that it made. It belongs to one thread.

    The kernel ends it with that thread, and the forks with it. It comes up with the
    first fork and takes seconds for it; when it has died, then with the next.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._unread = b""
        self._codes: dict[int, int] = {}
        self._living: set[int] = set()

    def fork(
        self,
        name: str,
        module: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        output: IO[bytes],
    ) -> Fork:
        """A process that runs a Python module, given with its arguments, as `python -m` would.

        Its output goes to the end of `log`; so does, by `output`, what the prepared process says
        when it cannot come up, and then the fork has ended with code 1 already.
        """
        came_up = self._come_up(output)
        order = {
            "name": name,
            "module": module[0],
            "arguments": list(module[1:]),
            "environment": dict(environment),
            "log": str(log.resolve()),
        }
        pid = self._ordered(json.dumps(order).encode() + b"\n")
        if pid is None:
            pid = came_up
            self._codes[pid] = _NOT_STARTED
        return Fork(self, pid)

    def code(self, pid: int) -> int | None:
        """The exit code of a fork that has ended, else None."""
        while pid not in self._codes and self._hear(blocking=False):
            pass
        return self._codes.get(pid)

    def close(self) -> None:
        """End the prepared process, and so whatever it forked."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self._unread = b""
        self._codes |= dict.fromkeys(self._living, -signal.SIGKILL)
        self._living.clear()

    def _come_up(self, output: IO[bytes]) -> int:
        """The id of the prepared process, which is started where none is."""
        if self._process is None:
            self._socket, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    (*WRAPPER, str(os.getpid()), sys.executable, "-m", "deploy.local.prepared"),
                    stdin=theirs.fileno(),
                    stdout=output,
                    stderr=output,
                    env={**os.environ, **ONE_THREAD},
                    start_new_session=True,
                )
        return self._process.pid

    def _ordered(self, order: bytes) -> int | None:
        """The id of the process that an order made; None where the prepared one is gone."""
        try:
            if self._socket is not None:
                self._socket.sendall(order)
        except OSError:
            self.close()
            return None
        while (said := self._hear(blocking=True)) is not None:
            if "started" in said:
                return int(said["started"])
        return None

    def _hear(self, blocking: bool) -> dict[str, Any] | None:
        """The next thing that the prepared process said; None where there is none.

        With its end all that it forked has ended.
        """
        while b"\n" not in self._unread:
            if self._socket is None:
                return None
            try:
                came = self._socket.recv(65_536, 0 if blocking else socket.MSG_DONTWAIT)
            except BlockingIOError:
                return None
            except OSError:
                came = b""
            if not came:
                self.close()
                return None
            self._unread += came
        line, _, self._unread = self._unread.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        if "started" in said:
            self._codes.pop(said["started"], None)  # of a process that had the same id before
            self._living.add(said["started"])
        else:
            self._living.discard(said["ended"])
            self._codes[said["ended"]] = said["code"]
        return said
