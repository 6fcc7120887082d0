"""Work that may take longer than callers wait."""

import threading
import weakref
from collections.abc import Callable
from contextlib import suppress

import pytest

from deploy.local.servers import wait_until
from shared.web.awaited import Awaited, BeingDoneError

PATIENCE = 0.05


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def two_seconds(clock: Clock) -> Callable[[], float]:
    """Work that takes two seconds, and comes to when it ended."""

    def work() -> float:
        clock.now += 2.0
        return clock.now

    return work


class Long:
    """Work that ends when it is told to; counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = threading.Event()

    def __call__(self) -> str:
        self.begun += 1
        self.may_end.wait(60)
        return f"found {self.begun}"


def done(awaited: Awaited[str], work: Callable[[], str], key: str = "all") -> str:
    """What comes of asking again and again."""
    found: list[str] = []

    def asked() -> bool:
        try:
            found.append(awaited.get(key, work))
        except BeingDoneError:
            return False
        return True

    wait_until(asked, 60, "the work")
    return found[0]


def test_what_is_soon_done_is_done_for_each_anew() -> None:
    awaited, count = Awaited[int](60), iter(range(10))
    assert [awaited.get("all", lambda: next(count)) for _ in range(3)] == [0, 1, 2]


def test_what_takes_long_is_done_once_for_all_and_given_out_for_some_time() -> None:
    clock, work = Clock(), Long()
    awaited = Awaited[str](PATIENCE, clock)
    for _ in range(3):
        with pytest.raises(BeingDoneError):
            awaited.get("all", work)
    assert work.begun == 1
    clock.now = 10.0
    work.may_end.set()
    assert done(awaited, work) == "found 1"
    clock.now = 59.0  # it took ten seconds, and ended less than fifty ago
    assert done(awaited, work) == "found 1"
    clock.now = 61.0
    assert done(awaited, work) == "found 2"


def test_what_takes_longer_than_a_moment_is_given_out_though_callers_wait_for_it() -> None:
    clock = Clock()
    awaited, find = Awaited[float](60, clock), two_seconds(clock)
    assert awaited.get("all", find) == 2.0
    clock.now = 11.0
    assert awaited.get("all", find) == 2.0
    clock.now = 12.5
    assert awaited.get("all", find) == 14.5


def test_others_that_ask_for_something_else_wait_for_none_of_it() -> None:
    awaited, work = Awaited[str](PATIENCE), Long()
    with pytest.raises(BeingDoneError):
        awaited.get("all", work)
    assert awaited.get("some", lambda: "soon") == "soon"
    work.may_end.set()


def test_so_many_are_done_at_once_and_no_more() -> None:
    awaited, works = Awaited[str](PATIENCE), [Long() for _ in range(5)]
    for number, work in enumerate(works):
        with pytest.raises(BeingDoneError):
            awaited.get(number, work)
    assert [work.begun for work in works] == [1, 1, 1, 1, 0]
    for work in works:
        work.may_end.set()
    wait_until(lambda: done(awaited, works[4], "5") == "found 1", 60, "the fifth")


def test_what_was_begun_before_it_was_forgotten_is_given_to_nobody_later() -> None:
    awaited, work = Awaited[str](PATIENCE), Long()
    with pytest.raises(BeingDoneError):
        awaited.get("all", work)
    awaited.forget()
    assert awaited.get("all", lambda: "anew") == "anew"
    work.may_end.set()


def test_what_is_forgotten_is_done_anew() -> None:
    clock, work = Clock(), Long()
    awaited = Awaited[str](PATIENCE, clock)
    with pytest.raises(BeingDoneError):
        awaited.get("all", work)
    clock.now = 10.0
    work.may_end.set()
    assert done(awaited, work) == "found 1"
    awaited.forget()
    assert done(awaited, work) == "found 2"


def test_what_fails_is_told_and_tried_again() -> None:
    awaited = Awaited[str](60)

    def fail() -> str:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        awaited.get("all", fail)
    assert awaited.get("all", lambda: "well") == "well"


def test_a_timeout_of_the_works_own_is_no_waiting() -> None:
    def fail() -> str:
        raise TimeoutError("the store")

    with pytest.raises(TimeoutError, match="the store"):
        Awaited[str](60).get("all", fail)


def test_what_failed_after_long_is_told_and_then_tried_again() -> None:
    awaited, may_end = Awaited[str](PATIENCE), threading.Event()

    def fail() -> str:
        may_end.wait(60)
        raise ValueError("in the end")

    with pytest.raises(BeingDoneError):
        awaited.get("all", fail)
    may_end.set()
    with suppress(ValueError):  # who asks in the moment in which it fails is told
        done(awaited, lambda: "well")
    assert done(awaited, lambda: "well") == "well"


def test_what_is_over_is_given_out_while_it_is_done_anew() -> None:
    clock, work = Clock(), Long()
    awaited = Awaited[str](PATIENCE, clock, stale=100.0)
    with pytest.raises(BeingDoneError):  # nothing is there that could be given out
        awaited.get("all", work)
    clock.now = 10.0
    work.may_end.set()
    assert done(awaited, work) == "found 1"
    work.may_end.clear()
    clock.now = 61.0  # it took ten seconds, and ended more than fifty ago
    assert [awaited.get("all", work) for _ in range(3)] == ["found 1"] * 3
    wait_until(lambda: work.begun == 2, 60, "the second")
    clock.now = 111.0
    with pytest.raises(BeingDoneError):  # it ended more than a hundred ago
        awaited.get("all", work)
    work.may_end.set()
    assert done(awaited, work) == "found 2"
    assert work.begun == 2


def test_what_fails_anew_leaves_what_was_there() -> None:
    clock, failed = Clock(), threading.Event()
    awaited = Awaited[str](60, clock, stale=100.0)

    def find() -> str:
        clock.now += 2.0
        return "found"

    def fail() -> str:
        failed.set()
        raise ValueError("not now")

    assert awaited.get("all", find) == "found"
    clock.now = 50.0
    assert awaited.get("all", fail) == "found"
    assert failed.is_set()
    assert awaited.get("all", fail) == "found"


def test_what_callers_wait_for_is_given_to_nobody_once_it_is_over() -> None:
    clock = Clock()
    awaited, find = Awaited[float](60, clock, stale=100.0), two_seconds(clock)
    assert awaited.get("all", find) == 2.0
    clock.now = 12.0
    assert awaited.get("all", find) == 2.0
    clock.now = 50.0  # it is over, and the next takes no longer than callers wait
    assert [awaited.get("all", find) for _ in range(3)] == [52.0] * 3


def test_what_was_soon_done_and_takes_long_now_is_waited_for_once() -> None:
    clock, work = Clock(), Long()
    awaited = Awaited[str](0.5, clock, stale=100.0)

    def find() -> str:
        clock.now += 0.5
        return "found"

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.web.awaited.SOON", 0.0)
        assert done(awaited, find) == "found"
    clock.now = 50.0
    assert awaited.get("all", work) == "found"  # after half a second
    clock.now = 51.0  # it takes longer than callers wait by now
    waited: list[float | None] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.web.awaited.wait", lambda _works, seconds: waited.append(seconds))
        assert awaited.get("all", work) == "found"
    assert waited == [0.0]
    work.may_end.set()
    wait_until(lambda: awaited.get("all", work) == "found 1", 60, "what is there now")


def test_what_is_soon_done_by_now_is_not_kept() -> None:
    clock = Clock()
    awaited, count = Awaited[str](60, clock, stale=100.0), iter(range(10))

    def find() -> str:
        clock.now += 2.0
        return "long"

    assert awaited.get("all", find) == "long"
    clock.now = 50.0
    assert [awaited.get("all", lambda: f"soon {next(count)}") for _ in range(2)] == [
        "soon 0",
        "soon 1",
    ]


def test_what_nobody_is_given_any_more_is_let_go() -> None:
    clock = Clock()
    awaited = Awaited[set[str]](60, clock, stale=100.0)

    def find() -> set[str]:
        clock.now += 2.0
        return {"large"}

    gone = weakref.ref(awaited.get("all", find))
    clock.now = 150.0
    awaited.get("some", find)
    wait_until(lambda: gone() is None, 60, "what was kept to go")


def test_a_work_whose_thread_cannot_start_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    awaited = Awaited[str](60)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        for _ in range(5):
            with pytest.raises(RuntimeError):
                awaited.get("all", lambda: "found")
    assert awaited.get("all", lambda: "found") == "found"
