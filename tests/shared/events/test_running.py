"""A worker process: ready when it says so, and gone when told."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from deploy.local.servers import wait_until
from shared.events import metrics, turns
from shared.events.running import run_worker
from shared.settings import Settings

PLAIN = Settings("test", "", "", "", b"k" * 32)


def waiting(stop: threading.Event) -> None:
    stop.wait()


def test_ready_then_terminated(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready"
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


def test_the_ready_file_is_touched_while_every_loop_comes_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready_file = tmp_path / "ready"
    hang, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr("shared.events.running.LONGEST_TURN_SECONDS", 1.0)
    monkeypatch.setattr("shared.events.running._HEARTBEAT_SECONDS", 0.05)

    def turning(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            if hang.is_set():
                go_on.wait()

    def busy(stop: threading.Event) -> None:
        """Its turns are longer than a turn may be, and are of many things."""
        while not stop.is_set():
            for _ in range(20):
                time.sleep(0.1)
                turns.note()

    def touched_again() -> bool:
        ready_file.unlink(missing_ok=True)
        time.sleep(0.3)
        return ready_file.exists()

    def look_on() -> list[bool]:
        seen = []
        try:
            wait_until(ready_file.exists, 10, "the ready file")
            time.sleep(1.5)  # longer than a turn may take; `waiting` rests all the while
            seen.append(touched_again())
            hang.set()
            wait_until(lambda: not touched_again(), 10, "a worker that says that it hangs")
            wait_until(lambda: age("turning") > 1, 10, "the age of a loop that hangs")
            seen.append(age("waiting") == 0)
            hang.clear()
            go_on.set()
            wait_until(touched_again, 10, "a worker that goes on")
        finally:
            go_on.set()
            os.kill(os.getpid(), signal.SIGTERM)
        return seen

    def age(loop: str) -> float:
        (metric,) = metrics.LOOP_AGE.collect()
        return {one.labels["loop"]: one.value for one in metric.samples}[loop]

    loops = {"turning": turning, "busy": busy, "waiting": waiting}
    settings = replace(PLAIN, ready_file=ready_file)
    with ThreadPoolExecutor(1) as pool, capture_logs() as logs:
        seen = pool.submit(look_on)
        assert run_worker("w", settings, loops, lambda: True) == 0
        assert seen.result() == [True, True]
    (told,) = (one for one in logs if one["event"] == "loop hangs")
    assert told["loop"] == "turning"
    assert any(place.endswith(" turning") for place in told["stack"])
    (metric,) = metrics.LOOP_AGE.collect()
    assert not metric.samples
