"""Which services are late, as far as this process has seen: for so long they are waited for less.

A service that takes calls and answers none would otherwise hold every page for the whole of a
call's time.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

REMEMBERED_SECONDS: Final = 30.0
"""For how long a service that did not answer in time is given less of it."""


class Lateness:
    """Services that did not answer in time. May be used by several threads at once.

    A service that is late is given its whole time once in REMEMBERED_SECONDS, by one call, so that
    one that has only become slow is not late for ever. Any answer makes it one that is not late.
    `clock` gives seconds that never run back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def hurries(self, service: str) -> bool:
        """Whether the call that is about to be made should wait less than its whole time."""
        with self._lock:
            until, now = self._until.get(service), self._clock()
            if until is None:
                return False
            if now < until:
                return True
            # This call is the one that finds out; others hurry until it has.
            self._until[service] = now + REMEMBERED_SECONDS
            return False

    def timed_out(self, service: str) -> None:
        """The service did not answer in its whole time."""
        with self._lock:
            self._until[service] = self._clock() + REMEMBERED_SECONDS

    def answered(self, service: str) -> None:
        """The service answered, whatever it said."""
        with self._lock:
            self._until.pop(service, None)
