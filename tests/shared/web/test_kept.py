"""Answers that are kept: asked for by one, given to all."""

import threading

import pytest

from shared.web.kept import Kept


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_asked_for_again_once_it_is_old() -> None:
    time, asked = Time(), iter(range(10))
    kept: Kept[int] = Kept(60, clock=time)
    assert [kept.get("a", lambda: next(asked)) for _ in range(3)] == [0, 0, 0]
    time.now = 60.0
    assert kept.get("a", lambda: next(asked)) == 1


def test_an_error_is_not_kept_and_the_next_asks() -> None:
    kept: Kept[int] = Kept(60)

    def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        kept.get("a", fail)
    assert kept.get("a", lambda: 1) == 1


def test_while_one_asks_the_others_have_what_was() -> None:
    time, began, go_on = Time(), threading.Event(), threading.Event()
    kept: Kept[int] = Kept(60, clock=time)
    kept.get("a", lambda: 0)
    time.now = 61.0

    def slow() -> int:
        began.set()
        assert go_on.wait(60)
        return 1

    asking = threading.Thread(target=lambda: kept.get("a", slow))
    asking.start()
    assert began.wait(60)
    assert kept.get("a", lambda: 2) == 0
    go_on.set()
    asking.join()
    assert kept.get("a", lambda: 2) == 1


def test_the_least_used_is_forgotten() -> None:
    kept: Kept[str] = Kept(60, most=2)
    for question in "abac":
        kept.get(question, lambda question=question: question)
    assert kept.get("a", lambda: "again") == "a"
    assert kept.get("b", lambda: "again") == "again"
