"""Two threads share a loop, and nobody waits for a thread that is not to be had."""

import multiprocessing
import os
import threading

import pytest

from services.matcher.engine.halves import _beside, halves, in_halves


def test_another_thread_does_the_second_half_meanwhile() -> None:
    both = threading.Barrier(2, timeout=60)

    def work(half: int) -> tuple[int, str]:
        both.wait()
        return half, threading.current_thread().name

    (first, here), (second, beside) = halves(work)
    assert (first, second) == (0, 1)
    assert here == threading.current_thread().name != beside


def test_a_thread_that_is_busy_is_not_waited_for() -> None:
    done = threading.Event()
    busy = _beside(os.getpid()).submit(done.wait, 60)
    try:
        found = halves(lambda half: (half, threading.current_thread().name))
    finally:
        done.set()
    here = threading.current_thread().name
    assert found == ((0, here), (1, here))
    assert busy.result()


@pytest.mark.parametrize("failing", [0, 1])
def test_what_a_half_raises_is_raised_when_neither_is_at_work(failing: int) -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(half: int) -> None:
        if half == 1:
            begun.set()
        assert begun.wait(60)
        if half == failing:
            raise ValueError(half)
        ended.set()

    with pytest.raises(ValueError, match=str(failing)):
        halves(work)
    assert ended.is_set()


def test_every_row_is_in_one_half() -> None:
    for count in range(4):
        first, second = in_halves(count, lambda part: list(range(4))[part])
        assert (first + second)[:count] == list(range(count))


def _in_a_fork() -> None:
    assert halves(lambda half: half) == (0, 1)


def test_a_fork_has_a_thread_of_its_own() -> None:
    assert halves(lambda half: half) == (0, 1)
    fork = multiprocessing.get_context("fork").Process(target=_in_a_fork)
    fork.start()
    fork.join(60)
    assert fork.exitcode == 0
