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

    names = set()

    def work() -> None:
        both.wait()
        names.add(threading.current_thread().name)

    together(work)
    assert threading.current_thread().name in names
    assert len(names) == 2


def test_what_is_shared_out_is_done_once() -> None:
    for size in (0, 1, 2, 100_001):
        taken, rows, found = untaken(), np.zeros(size, dtype=np.int64), list[int]()
        wake()
        together(lambda: found.append(take_all(taken, rows)))  # noqa: B023 (done at once)
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
        names = list[str]()
        together(lambda: names.append(threading.current_thread().name))
        assert names == [threading.current_thread().name]
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
    done = set[int]()
    together(lambda: done.add(1))
    assert done == {1}


def test_a_fork_has_a_thread_of_its_own() -> None:
    together(lambda: 1)
    fork = multiprocessing.get_context("fork").Process(target=_in_a_fork)
    fork.start()
    fork.join(60)
    assert fork.exitcode == 0
