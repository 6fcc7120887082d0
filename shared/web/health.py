"""Readiness: whether what the service needs can be reached, without asking it at every probe."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import structlog

CHECK_TIMEOUT_SECONDS = 2.0
KEPT_SECONDS = 3.0

Check = Callable[[], None]

_log = structlog.get_logger(__name__)


class Degraded(Exception):  # noqa: N818 (no error: the service works without)
    """Raised by a check of what the service can do without; the message says what is missing."""


class CheckResult(TypedDict):
    """What a probe is told of one check: its state, and how long it took in milliseconds.

    The state is `ok`, `failing` or `degraded`, which has a `detail` and leaves the service ready.
    """

    state: str
    ms: int
    detail: NotRequired[str]


@dataclass(frozen=True)
class Report:
    """The results of all checks, made at `at` (monotonic seconds)."""

    checks: Mapping[str, CheckResult]
    at: float

    @property
    def ready(self) -> bool:
        """Whether no check failed."""
        return not self.failing

    @property
    def failing(self) -> list[str]:
        """The names of the checks that failed."""
        return [name for name, result in self.checks.items() if result["state"] == "failing"]


class Readiness:
    """Runs named checks side by side, at most once in KEPT_SECONDS, one round at a time.

    A check raises where something is amiss, Degraded where the service does without; it should give
    up within CHECK_TIMEOUT_SECONDS. `report` blocks while the first round runs; later rounds let
    other threads have the last one.
    """

    def __init__(
        self, checks: Mapping[str, Check], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._checks = dict(checks)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._last: Report | None = None

    def report(self) -> Report:
        """The state of every check, no older than KEPT_SECONDS and the time of one round."""
        last = self._last
        if last is not None and self._fresh(last):
            return last
        if last is not None and self._lock.locked():
            return last  # a round is under way in another thread
        with self._lock:
            last = self._last
            if last is None or not self._fresh(last):
                last = self._last = self._round()
            return last

    def _fresh(self, report: Report) -> bool:
        return self._monotonic() - report.at < KEPT_SECONDS

    def _round(self) -> Report:
        with ThreadPoolExecutor(max_workers=max(1, len(self._checks))) as pool:
            results = dict(zip(self._checks, pool.map(self._run, self._checks), strict=True))
        return Report(results, self._monotonic())

    def _run(self, name: str) -> CheckResult:
        started = time.monotonic()
        state, detail = "ok", ""
        try:
            self._checks[name]()
        except Degraded as missing:
            state, detail = "degraded", str(missing)
        except Exception:  # noqa: BLE001 (whatever it is, the service is not ready)
            state = "failing"
            _log.warning("readiness check failed", check=name, exc_info=True)
        result: CheckResult = {"state": state, "ms": round((time.monotonic() - started) * 1000)}
        return {**result, "detail": detail} if detail else result
