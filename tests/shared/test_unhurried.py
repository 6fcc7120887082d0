"""Work that nobody waits for rests between its parts, and ends there; what somebody waits for goes
on."""

import threading
import time

import pytest

from shared.unhurried import RESTS, part_done, unhurried


class Rests(threading.Event):
    """Keeps how long it was waited for, and waits for nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note it."""
        self.seconds.append(timeout or 0)
        return self.is_set()


def test_each_part_is_followed_by_a_rest_some_times_as_long_as_it_took() -> None:
    stop, began = Rests(), time.monotonic() - 2
    part_done(began)
    with unhurried(stop):
        part_done(began)
        part_done(time.monotonic())
    part_done(began)
    assert stop.seconds == [
        pytest.approx(2 * RESTS, rel=0.1),
        pytest.approx(0, abs=0.5),
    ]


def test_who_is_told_to_stop_does_no_other_part() -> None:
    stop, done = threading.Event(), list[int]()
    with unhurried(stop):
        for number in range(3):
            done.append(number)
            if number == 1:
                stop.set()
            part_done(time.monotonic() - 0.001)
    assert done == [0, 1]
    with pytest.raises(ZeroDivisionError), unhurried(stop):
        _ = 1 / 0
