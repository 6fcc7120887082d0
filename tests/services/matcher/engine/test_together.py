"""Two threads share a work, and nobody waits for a thread that is not to be had."""

import multiprocessing
import os
import threading

import numpy as np
import pytest

from services.matcher.engine.compiled import claimed, compiled
from services.matcher.engine.together import _Beside, _other, together, untaken, wake


@compiled
def take_all(taken, rows):  # type: ignore[no-untyped-def]
    """Count those of some rows that nobody else takes, each of which is marked."""
    count = 0
    first = claimed(taken, 2)
    while first < len(rows):
        for at in range(first, min(first + 2, len(rows))):
            rows[at] += 1
            count += 1
        first = claimed(taken, 2)
    return count


def test_both_threads_do_the_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=60)

    def work() -> str:
        both.wait()
        return threading.current_thread().name

    here, beside = together(work)
    assert here == threading.current_thread().name != beside


def test_what_is_shared_out_is_done_once() -> None:
    for size in (0, 1, 2, 100_001):
        taken, rows = untaken(), np.zeros(size, dtype=np.int64)
        wake()
        found = together(lambda taken=taken, rows=rows: take_all(taken, rows))  # type: ignore[misc]
        assert sum(found) == size
        assert (rows == 1).all()


def test_a_thread_that_is_busy_is_not_waited_for() -> None:
    begun, done = threading.Event(), threading.Event()

    def busy() -> None:
        begun.set()
        done.wait(60)

    _other(os.getpid()).give(_Beside(busy))
    assert begun.wait(60)
    try:
        assert together(lambda: threading.current_thread().name) == (
            threading.current_thread().name,
        )
    finally:
        done.set()


@pytest.mark.parametrize("here_fails", [True, False])
def test_what_either_raises_is_raised_when_neither_is_at_work(here_fails: bool) -> None:
    here, both, ended = threading.current_thread(), threading.Barrier(2, timeout=60), []

    def work() -> None:
        both.wait()
        if (threading.current_thread() is here) == here_fails:
            raise ValueError("one of two")
        ended.append(threading.current_thread())

    with pytest.raises(ValueError, match="one of two"):
        together(work)
    assert len(ended) == 1


def _in_a_fork() -> None:
    assert set(together(lambda: 1)) == {1}


def test_a_fork_has_a_thread_of_its_own() -> None:
    together(lambda: 1)
    fork = multiprocessing.get_context("fork").Process(target=_in_a_fork)
    fork.start()
    fork.join(60)
    assert fork.exitcode == 0
