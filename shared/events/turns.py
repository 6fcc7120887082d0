"""When the loops of a worker last came round: what tells one that hangs from one that waits.

Every loop asks between two pieces of its work whether it is to stop, whatever is away, and waits
for that where it has nothing to do. So its turns are seen by what it asks, and none has to tell of
them; only who does many things in one turn notes each (`note`).
"""

import threading
import time
from typing import Final

LONGEST_TURN_SECONDS: Final = 900.0
"""A loop that has not come round for so long hangs. What a turn may wait for ends by itself within
20 s (database, mail server) or 30 s (broker, scanner). What takes longest is work: the index of a
million offers, which another day has made anew, takes 200 s. A worker that is killed at work would
begin with the same again, for ever: so this is far more."""

_of_thread = threading.local()


class Turns(threading.Event):
    """The event that tells one loop to stop; it keeps when the loop asked it last.

    It is set when `stop` is, and sets that. Where a loop has several threads, the turn of any of
    them is the loop's.
    """

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self._told = stop
        self._lock = threading.Lock()
        self._turned = time.monotonic()
        self._resting = 0

    def is_set(self) -> bool:
        """Whether to stop."""
        self.note()
        return self._told.is_set()

    def set(self) -> None:
        """Tell all loops to stop."""
        self._told.set()

    def clear(self) -> None:
        """Tell no loop to stop any more."""
        self._told.clear()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is time to stop, at most `timeout` seconds: a rest, however long."""
        self._rests(1)
        try:
            return self._told.wait(timeout)
        finally:
            self._rests(-1)

    def note(self) -> None:
        """Note that the loop goes on."""
        self._turned = time.monotonic()

    def age(self) -> float:
        """For how many seconds the loop has not come round; 0 while it rests."""
        with self._lock:
            return 0.0 if self._resting else time.monotonic() - self._turned

    def _rests(self, more: int) -> None:
        with self._lock:
            self.note()
            self._resting += more


def turns_of(stop: threading.Event) -> Turns:
    """The turns of a loop that was given `stop`: a worker gives its loops their own."""
    return stop if isinstance(stop, Turns) else Turns(stop)


def belong(turns: Turns) -> None:
    """Let what this thread notes be turns of that loop."""
    _of_thread.turns = turns


def note() -> None:
    """Note that the loop of this thread goes on, if it is one's: for each of many things that are
    done in one turn."""
    turns: Turns | None = getattr(_of_thread, "turns", None)
    if turns is not None:
        turns.note()
