"""Long work that goes easy on the database: a worker's, that nobody waits for.

Who goes through a register has the embedded database to itself for seconds, in the midst of which a
page takes several times as long. So such work rests after each part, some times as long as the part
took, and ends there when its worker is told to stop.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

RESTS: Final = 3
"""How many times as long as it works it rests."""

_STOP: ContextVar[threading.Event | None] = ContextVar("unhurried", default=None)


class _StoppedError(Exception):
    """The worker is to stop: what is done in parts ends between two of them."""


@contextmanager
def unhurried(stop: threading.Event) -> Iterator[None]:
    """What is done in the block rests between its parts (`part_done`), and is left where it stands
    once `stop` is set."""
    token = _STOP.set(stop)
    try:
        yield
    except _StoppedError:
        pass
    finally:
        _STOP.reset(token)


def part_done(began: float) -> None:
    """A part is done that began then (monotonic): rest, where that is wanted."""
    stop = _STOP.get()
    if stop is not None and stop.wait(RESTS * (time.monotonic() - began)):
        raise _StoppedError
