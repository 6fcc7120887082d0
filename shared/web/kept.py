"""Answers that cost much and may be a little old: kept, and asked for again by one at a time."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
_OLDEST: float = 10
"""How many times its time an answer may be old while another is on its way."""


@dataclass
class _Place(Generic[T]):
    """One answer; `lock` is held by who asks."""

    value: T | None = None
    at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Kept(Generic[T]):
    """Answers by their question, each kept for `seconds`, at most `most` of them.

    While one thread asks anew, the others are given what was answered before, unless it is ten
    times as old as it should be: so a crowd asks once. What raises is not kept. May be used by
    several threads at once; `clock` gives seconds that never run back.
    """

    def __init__(
        self, seconds: float, most: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._places: OrderedDict[Hashable, _Place[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer; blocks where there is none yet, raises what `ask` raises."""
        place = self._place(question)
        age = self._age(place)
        if age < self._seconds:
            return place.value  # type: ignore[return-value] # there is one once it has an age
        if not place.lock.acquire(blocking=age >= self._seconds * _OLDEST):
            return place.value  # type: ignore[return-value]
        try:
            if self._age(place) >= self._seconds:  # else another has asked while this one waited
                place.value, place.at = ask(), self._clock()
            return place.value  # type: ignore[return-value]
        finally:
            place.lock.release()

    def _age(self, place: _Place[T]) -> float:
        return float("inf") if place.at is None else self._clock() - place.at

    def _place(self, question: Hashable) -> _Place[T]:
        with self._lock:
            place = self._places.setdefault(question, _Place())
            self._places.move_to_end(question)
            while len(self._places) > self._most:
                self._places.popitem(last=False)
            return place
