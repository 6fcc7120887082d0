"""A worker process: ready when it says so, and gone when told."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

from deploy.local.servers import wait_until
from shared.events.running import run_worker
from shared.settings import Settings

PLAIN = Settings("test", "", "", "", b"k" * 32)


def waiting(stop: threading.Event) -> None:
    stop.wait()


def test_ready_then_terminated(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready"
    ready_file.touch()  # of an earlier life
    seen: list[bool] = []

    def look(stop: threading.Event) -> None:
        seen.append(ready_file.exists())
        ready.set()
        wait_until(ready_file.exists, 10, "the ready file")
        os.kill(os.getpid(), signal.SIGTERM)
        stop.wait()

    ready = threading.Event()
    settings = replace(PLAIN, ready_file=ready_file)
    before = signal.getsignal(signal.SIGTERM)
    assert run_worker("w", settings, {"look": look, "waiting": waiting}, ready.is_set) == 0
    assert seen == [False]
    assert not ready_file.exists()
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_failing_loop_ends_the_worker() -> None:
    def failing(stop: threading.Event) -> None:
        raise ZeroDivisionError

    assert run_worker("w", PLAIN, {"failing": failing, "waiting": waiting}, lambda: True) == 1


def test_a_loop_that_ends_by_itself_ends_the_worker() -> None:
    loops = {"short": lambda stop: None, "waiting": waiting}
    assert run_worker("w", PLAIN, loops, lambda: False) == 1
