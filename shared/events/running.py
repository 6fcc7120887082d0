"""Running a worker: its loops as threads of one process, stopped together."""

import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

import structlog
from prometheus_client import start_http_server

from shared import tracing
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

    Every loop gets the event that tells it to stop, and should end within 30 s of it. Once
    `ready()` holds, logs "worker ready" and makes the file ENTRAIDE_READY_FILE, which is touched
    every 5 s from then on (a healthcheck may look at its age) and removed at the end. Serves
    Prometheus on ENTRAIDE_METRICS_PORT unless that is 0. Returns 0 after a signal and 1 when a loop
    failed or ended by itself: somebody should start the process again. Call it in the main thread.
    """
    stop = threading.Event()
    previous = {
        number: signal.signal(number, _setter(stop)) for number in (signal.SIGTERM, signal.SIGINT)
    }
    _remove(settings.ready_file)
    tracing.start(settings)
    if settings.metrics_port:
        start_http_server(settings.metrics_port)
    failed: list[str] = []
    threads = [
        threading.Thread(
            target=_guarded, args=(loop_name, loop, stop, failed), name=loop_name, daemon=True
        )
        for loop_name, loop in loops.items()
    ]
    try:
        for thread in threads:
            thread.start()
        _watch(name, settings.ready_file, stop, ready)
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        late = [thread.name for thread in threads if thread.is_alive()]
        if late:
            log.error("loops did not stop", worker=name, loops=late)
    finally:
        tracing.stop()
        _remove(settings.ready_file)
        for number, handler in previous.items():
            signal.signal(number, handler)
    log.info("worker stopped", worker=name, failed=failed)
    return 1 if failed or late else 0


def _guarded(name: str, loop: Loop, stop: threading.Event, failed: list[str]) -> None:
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
    name: str, ready_file: Path | None, stop: threading.Event, ready: Callable[[], bool]
) -> None:
    """Wait for readiness, then for the end, touching the ready file all the while."""
    while not ready():
        if stop.wait(_LOOK_SECONDS):
            return
    look_seldom()
    log.info("worker ready", worker=name)
    while True:
        if ready_file is not None:
            ready_file.touch()
        if stop.wait(_HEARTBEAT_SECONDS):
            return


def _remove(path: Path | None) -> None:
    if path is not None:
        path.unlink(missing_ok=True)


def _setter(stop: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    return handle
