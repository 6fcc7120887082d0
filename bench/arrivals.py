"""Calls that come by themselves at a rate, whether or not those before were answered.

Who waits for an answer before it asks again lets a slow service set the pace and hides how long
others would have waited. Here calls are due at times drawn beforehand (Poisson), and a call's time
begins when it was due.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Done = tuple[str, int, bool]
"""What was asked, the HTTP status (0 where no answer came), whether Retry-After was told."""


@dataclass(frozen=True)
class Outcome:
    """A call: what, when it was due (seconds from the first), how long until it was answered."""

    what: str
    due: float
    seconds: float
    status: int
    told_when: bool

    @property
    def served(self) -> bool:
        """Whether it was done, or is to be answered as it was: a refusal by a rule counts."""
        return 200 <= self.status < 500 and self.status != 429


@dataclass(frozen=True)
class Stretch:
    """What came of the calls of one stretch of time at one rate."""

    rate: float
    outcomes: Sequence[Outcome]

    def quantile(self, percent: float) -> float:
        """Seconds, of all that were due; infinite for who was not served."""
        times = [one.seconds if one.served else float("inf") for one in self.outcomes]
        return float(np.percentile(times, percent, method="higher")) if times else float("nan")

    def share(self, *statuses: int) -> float:
        """The part of the calls that had one of these statuses."""
        counts = Counter(one.status for one in self.outcomes)
        return sum(counts[status] for status in statuses) / max(len(self.outcomes), 1)

    def holds(self, seconds: float) -> bool:
        """Whether 99 of 100 were served within so many seconds."""
        return self.quantile(99) <= seconds


def due_times(rate: float, seconds: float, seed: int) -> list[float]:
    """When calls are due, from 0 on: a Poisson process of so many a second."""
    rng = random.Random(seed)
    times, at = [], rng.expovariate(rate)
    while at < seconds:
        times.append(at)
        at += rng.expovariate(rate)
    return times


def arrive(
    rate: float,
    seconds: float,
    act: Callable[[random.Random], Done],
    *,
    callers: int,
    seed: int = 1,
) -> Stretch:
    """Make the calls of a stretch, at most `callers` at once; returns when all have ended."""
    due = due_times(rate, seconds, seed)
    outcomes: list[Outcome] = []
    lock, place = threading.Lock(), iter(enumerate(due))
    begun = time.perf_counter()

    def call() -> None:
        while True:
            with lock:
                number, at = next(place, (-1, 0.0))
            if number < 0:
                return
            time.sleep(max(begun + at - time.perf_counter(), 0.0))
            what, status, told_when = act(random.Random(f"{seed}/{number}"))
            outcome = Outcome(what, at, time.perf_counter() - begun - at, status, told_when)
            with lock:
                outcomes.append(outcome)

    threads = [threading.Thread(target=call) for _ in range(min(callers, len(due)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Stretch(rate, sorted(outcomes, key=lambda one: one.due))
