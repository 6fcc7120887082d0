"""Loops over a large register shared by two threads: compiled ones hold no lock (compiled.py).

A thread that sleeps takes longer to wake, on a core that sleeps too, than most of these loops take.
So the other thread stays awake for a moment after each of them, for the next may follow, and who
waits for it does.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from functools import cache
from queue import Empty, SimpleQueue

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import watch

AWAKE = 200_000
"""How often a thread looks for what it waits for before it sleeps: for a fraction of a
millisecond."""


def together(work: Callable[[], object]) -> None:
    """Do a work, and beside have another thread do it, unless it comes to it too late.

    The work is one that shares itself out: whoever does it takes a part at a time of what nobody
    has taken (compiled.claimed). So nobody waits for what others gave the other thread to do, nor
    for a core that is not to be had. What either raises is raised, when neither is at work any
    more.
    """
    beside = _Beside(work)
    _other(os.getpid()).give(beside)
    try:
        work()
    finally:
        beside.end()
    beside.require_done_well()


def alone(work: Callable[[], object]) -> None:
    """The same without another thread."""
    work()


def untaken() -> npt.NDArray[np.int64]:
    """Where threads say how much they have taken (compiled.claimed)."""
    return np.zeros(1, dtype=np.int64)


def wake() -> None:
    """Let the other thread be awake by the time there is something to do."""
    _other(os.getpid()).give(_Beside(lambda: None))


@cache
def cores() -> int:
    """How many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Beside:
    """A work as the other thread does it, unless it comes to it too late."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._begun, self._at_work = threading.Lock(), threading.Lock()
        self._at_work.acquire()
        self._ended = untaken()
        self._error: BaseException | None = None

    def do(self) -> None:
        """Do it, unless it is at an end."""
        if not self._begun.acquire(blocking=False):
            return
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 (raised to who has it done)
            self._error = error
        finally:
            self._ended[0] = 1
            self._at_work.release()

    def end(self) -> None:
        """Let it not begin any more, or wait until it is done."""
        if not self._begun.acquire(blocking=False):
            watch(self._ended, 0, AWAKE)
            self._at_work.acquire()

    def require_done_well(self) -> None:
        """Raise what it raised."""
        if self._error is not None:
            raise self._error


class _Other:
    """The other thread."""

    def __init__(self) -> None:
        self._given, self._done = np.zeros(1, dtype=np.int64), 0
        self._works: SimpleQueue[_Beside] = SimpleQueue()
        threading.Thread(target=self._run, name="together", daemon=True).start()

    def give(self, work: _Beside) -> None:
        """Have a work done beside, unless it ends before."""
        self._works.put(work)
        self._given[0] += 1

    def _run(self) -> None:
        while True:
            self._do(self._works.get())
            with contextlib.suppress(Empty):
                while True:
                    watch(self._given, self._done, AWAKE)
                    self._do(self._works.get_nowait())

    def _do(self, work: _Beside) -> None:
        self._done += 1
        work.do()


@cache
def _other(_process: int) -> _Other:
    """The other thread of a process: what a fork was made of left its own behind."""
    return _Other()
