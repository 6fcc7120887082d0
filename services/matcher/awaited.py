"""Work that may take longer than who asks for it can wait: then it is done once for all who ask."""

import contextvars
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_AT_ONCE: Final = 4
_WORTH: Final = 20
"""What took long is given out for so many times as long: a twentieth of the time at most goes into
doing it anew."""


class BeingDoneError(Exception):
    """It takes longer than callers wait, and goes on: who asks again may find it done."""


@dataclass
class _Work(Generic[T]):
    result: Future[T]
    begun: float
    ended: float | None = None

    def over(self, now: float) -> bool:
        """Whether it failed, or is too old to be given out any more."""
        if self.ended is None:
            return False
        failed = self.result.exception() is not None
        return failed or now - self.ended > _WORTH * (self.ended - self.begun)


class Awaited(Generic[T]):
    """Does work for callers who wait so many seconds. For several threads.

    What is done in that time is done for each caller anew. What is not is shared by all who ask for
    the same, while it is done and for some time after.
    """

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience = patience
        self._clock = clock
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._long: dict[object, _Work[T]] = {}

    def get(self, key: object, make: Callable[[], T]) -> T:
        """What `make` returns, or returned not long ago; raises what it raises.

        Raises BeingDoneError while that takes longer than callers wait.
        """
        with self._lock:
            work = self._long.get(key)
            if work is None or work.over(self._clock()):
                self._long.pop(key, None)
                work = self._begin(make)
        try:
            return work.result.result(self._patience)
        except TimeoutError:
            if work.result.done():  # by the work itself
                raise
            with self._lock:
                self._long.setdefault(key, work)
            raise BeingDoneError from None

    def forget(self) -> None:
        """Give nothing out any more that was done before now."""
        with self._lock:
            self._long.clear()

    def _begin(self, make: Callable[[], T]) -> _Work[T]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_AT_ONCE, "awaited")
        context = contextvars.copy_context()  # of its trace
        work = _Work(self._pool.submit(context.run, make), self._clock())

        def end(_: Future[T]) -> None:
            work.ended = self._clock()

        work.result.add_done_callback(end)
        return work
