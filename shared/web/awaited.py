"""Work that may take longer than who asks for it can wait: then it is done once for all who ask."""

import contextvars
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Final, Generic, TypeVar

import structlog

_log = structlog.get_logger(__name__)
T = TypeVar("T")
_AT_ONCE: Final = 4
"""So many works are done at once; who asks for one more is told to come again."""
SOON: Final = 0.5
"""Seconds: what takes no longer is done anew for whoever asks next."""
_WORTH: Final = 5
"""What took longer is given out for so many times as long: a sixth of the time at most goes into
doing it."""


class BeingDoneError(Exception):
    """It takes longer than callers wait, and goes on: who asks again may find it done."""


class _Work(Generic[T]):
    def __init__(self, begun: float) -> None:
        self.result: Future[T] = Future()
        self.begun = begun
        self.took = 0.0
        self.ended: float | None = None

    def young(self, now: float, over: float = 0.0) -> bool:
        """Whether it may be given out still; `over`: so many seconds after it was over, too."""
        return self.ended is not None and now - self.ended <= max(_WORTH * self.took, over)


class Awaited(Generic[T]):
    """Does work for callers who wait so many seconds. For several threads.

    Who asks while the same is being done gets what comes of that. What is soon done is done anew
    for who asks next; what takes longer is kept for some time. What is over is done anew, and who
    asks waits for that. Who would wait too long, or for what fails, is given what is over instead
    in the first `stale` seconds after it ended: at once if it took longer than callers wait.
    """

    def __init__(
        self,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        stale: float = 0.0,
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._stale = stale
        self._lock = Lock()
        self._kept: dict[object, _Work[T]] = {}
        self._begun: dict[object, _Work[T]] = {}
        self._running = 0

    def get(self, key: object, make: Callable[[], T]) -> T:
        """What `make` returns, or returned not long ago; raises what it raises.

        Raises BeingDoneError while that takes longer than callers wait.
        """
        with self._lock:
            work, old = self._found(key, make)
            seconds = self._patience if old is None else self._worth_waiting(work, old)
        if work is not None:
            wait([work.result], seconds)
            if work.result.done() and (old is None or work.result.exception() is None):
                return work.result.result()
        if old is None:
            raise BeingDoneError
        return old.result.result()

    def forget(self) -> None:
        """Give nothing out to who asks from now on that was begun before."""
        with self._lock:
            self._kept.clear()
            self._begun.clear()

    def _found(self, key: object, make: Callable[[], T]) -> tuple[_Work[T] | None, _Work[T] | None]:
        """The work to wait for, unless too many are done, and what may be given out instead."""
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and kept.young(now):
            return kept, None
        old = kept if kept is not None and kept.young(now, self._stale) else None
        work = self._begun.get(key)
        if work is None and self._running < _AT_ONCE:
            work = self._begin(key, make)
        return work, old

    def _worth_waiting(self, work: _Work[T] | None, old: _Work[T]) -> float:
        """For how many seconds, where there is an old one: none if it is known to take long."""
        if work is None or old.took > self._patience:
            return 0.0
        return max(0.0, work.begun + self._patience - self._clock())

    def _begin(self, key: object, make: Callable[[], T]) -> _Work[T]:
        work: _Work[T] = _Work(self._clock())
        context = contextvars.copy_context()  # of its trace
        # No process waits for it at its end; it needs the lock to end.
        Thread(target=context.run, args=(self._do, key, work, make), daemon=True).start()
        self._running += 1
        self._begun[key] = work
        return work

    def _do(self, key: object, work: _Work[T], make: Callable[[], T]) -> None:
        made, failure = None, None
        try:
            made = make()
        except BaseException as error:  # noqa: BLE001 (whoever waits is told)
            failure = error
        with self._lock:
            self._running -= 1
            work.ended = self._clock()
            work.took = work.ended - work.begun
            if self._begun.get(key) is work:  # nobody had it forgotten meanwhile
                del self._begun[key]
                self._keep(key, work, failure)
        if failure is None:
            work.result.set_result(made)  # type: ignore[arg-type]
        else:  # perhaps nobody waits for it
            _log.warning("awaited work failed", exc_info=failure)
            work.result.set_exception(failure)

    def _keep(self, key: object, work: _Work[T], failure: BaseException | None) -> None:
        now = self._clock()
        self._kept = {
            other: kept for other, kept in self._kept.items() if kept.young(now, self._stale)
        }
        if failure is None and work.took > SOON:
            self._kept[key] = work
        elif failure is None:
            self._kept.pop(key, None)
