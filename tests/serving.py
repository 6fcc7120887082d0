"""Servers for the tests, bound to the process that started them."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import child
from deploy.local.servers import listens, wait_until


def serve(
    command: Sequence[str],
    port: int,
    log: Path,
    timeout_seconds: float = 60,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server and wait until it listens; it is gone when it does not come up in time.

    Its environment is the caller's unless another is given. The kernel kills it with the process
    that called this: a worker of the tests that dies leaves no server behind.
    """
    bound = [sys.executable, str(Path(child.__file__)), str(os.getpid()), *command]
    with log.open("wb") as output:
        process = subprocess.Popen(
            bound, stdout=output, stderr=output, start_new_session=True, env=environment
        )
    try:
        wait_until(
            lambda: listens(port) or process.poll() is not None,
            timeout_seconds,
            f"{command[0]} starting",
        )
        assert process.poll() is None, log.read_text()
    except BaseException:
        stop(process)
        raise
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, gently first."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
