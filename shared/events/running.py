"""Running a worker: its loops as threads of one process, stopped together."""

import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

import structlog
from prometheus_client import start_http_server

from shared import tracing
from shared.events import metrics
from shared.events.turns import LONGEST_TURN_SECONDS, Turns, belong
from shared.garbage import look_seldom
from shared.settings import Settings

Loop = Callable[[threading.Event], None]

_LOOK_SECONDS = 0.2
_HEARTBEAT_SECONDS = 5.0
_JOIN_SECONDS = 30.0

log = structlog.get_logger(__name__)


def run_worker(
    name: str, settings: Settings, loops: Mapping[str, Loop], ready: Callable[[], bool]
) -> int:
    """Run the loops until SIGTERM or SIGINT, or until one of them ends; returns the exit code.

    Every loop gets an event that tells it to stop, and should end within 30 s of it. It asks that
    event between two pieces of work, or waits for it: one that does neither for
    LONGEST_TURN_SECONDS hangs. Once `ready()` holds, logs "worker ready" and makes the file
    ENTRAIDE_READY_FILE, which is touched every 5 s from then on while no loop hangs (a healthcheck
    may look at its age) and removed at the end. Serves Prometheus on ENTRAIDE_METRICS_PORT unless
    that is 0. Returns 0 after a signal and 1 when a loop failed or ended by itself: somebody should
    start the process again. Call it in the main thread.
    """
    stop = threading.Event()
    previous = {
        number: signal.signal(number, _setter(stop)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    tracing.start(settings)
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    failed: list[str] = []
    turns = {loop_name: Turns(stop) for loop_name in loops}
    threads = [
        threading.Thread(
            target=_guarded,
            args=(loop_name, loop, turns[loop_name], failed),
            name=loop_name,
            daemon=True,
        )
        for loop_name, loop in loops.items()
    ]
    for loop_name, its in turns.items():
        metrics.LOOP_AGE.labels(loop_name).set_function(its.age)
    try:
        for thread in threads:
            thread.start()
        _watch(name, settings.ready_file, stop, ready, turns)
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        late = [thread.name for thread in threads if thread.is_alive()]
        if late:
            log.error("loops did not stop", worker=name, loops=late)
    finally:
        tracing.stop()
        for loop_name in turns:
            metrics.LOOP_AGE.remove(loop_name)
        if settings.ready_file is not None:
            settings.ready_file.unlink(missing_ok=True)
        for number, handler in previous.items():
            signal.signal(number, handler)
    log.info("worker stopped", worker=name, failed=failed)
    return 1 if failed or late else 0


def _guarded(name: str, loop: Loop, stop: Turns, failed: list[str]) -> None:
    belong(stop)
    try:
        loop(stop)
        if not stop.is_set():
            log.error("loop ended by itself", loop=name)
            failed.append(name)
    except Exception as error:
        log.error("loop failed", loop=name, exc_info=error)
        failed.append(name)
    finally:
        stop.set()


def _watch(
    name: str,
    ready_file: Path | None,
    stop: threading.Event,
    ready: Callable[[], bool],
    turns: Mapping[str, Turns],
) -> None:
    """Wait for readiness, then for the end, touching the ready file while every loop turns."""
    hanging: set[str] = set()
    while not ready():
        if stop.wait(_LOOK_SECONDS):
            return
    look_seldom()
    log.info("worker ready", worker=name)
    while True:
        hanging = _hanging(name, turns, hanging)
        if ready_file is not None and not hanging:
            with suppress(OSError):  # a disk without space; it is touched again soon
                ready_file.touch()
        if stop.wait(_HEARTBEAT_SECONDS):
            return


def _hanging(name: str, turns: Mapping[str, Turns], known: set[str]) -> set[str]:
    """The loops that hang; those that are not `known` to are logged with where they stand."""
    hanging = {loop for loop, its in turns.items() if its.age() > LONGEST_TURN_SECONDS}
    for loop in sorted(hanging - known):
        log.error("loop hangs", worker=name, loop=loop, stack=_stack(loop))
    return hanging


def _stack(loop: str) -> list[str]:
    """Where a loop's thread stands; the innermost place is the last."""
    frames = sys._current_frames()
    return [
        f"{place.filename}:{place.lineno} {place.name}"
        for thread in threading.enumerate()
        if thread.name == loop and thread.ident in frames
        for place in traceback.extract_stack(frames[thread.ident])
    ]


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    return handle
