"""Loops over a large register shared by two threads: compiled ones hold no lock (compiled.py)."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")


def halves(work: Callable[[int], T]) -> tuple[T, T]:
    """What `work` gives for both halves, of which another thread does the second; what it raises.

    If that has not begun by the time the first is done, it is done here: nobody waits for what
    others gave the thread to do, nor for a core that is not to be had. Either way neither half is
    at work any more in the end.
    """
    beside = _beside(os.getpid()).submit(work, 1)
    try:
        first = work(0)
    finally:
        taken_back = beside.cancel()
        if not taken_back:
            beside.exception()
    return first, work(1) if taken_back else beside.result()


def in_halves(count: int, work: Callable[[slice], T]) -> tuple[T, T]:
    """What `work` gives for both halves of so many rows."""
    parts = (slice(count // 2), slice(count // 2, None))
    return halves(lambda half: work(parts[half]))


@cache
def cores() -> int:
    """How many cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def _beside(_process: int) -> ThreadPoolExecutor:
    """The other thread of a process: what a fork was made of left its own behind."""
    return ThreadPoolExecutor(1, thread_name_prefix="halves")
