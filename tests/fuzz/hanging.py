"""What takes too long is ended, and fails."""

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_LATER = 1.5
"""Where the alarm does not get in, as within a pattern, the process ends after so much longer."""


class HangError(BaseException):
    """Something took too long; nobody between who hangs and who watches catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises HangError where the block takes longer; in the main thread alone.

    Where the interpreter gets no turn for it, the process tells where it is, and ends with 1.
    """

    def hangs(_number: int, _frame: FrameType | None) -> None:
        raise HangError(f"more than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(_LATER * seconds, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
