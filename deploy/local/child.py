"""Becomes the given command, bound to the supervisor: the kernel kills it when that one dies.

Run as a script, before every child's command: `child.py SUPERVISOR_PID COMMAND ARGUMENT…`. It
uses the standard library only, so that it costs some ten milliseconds.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1


def bind(parent: int) -> None:
    """Have the kernel kill this process when `parent` dies; exits 1 where it is gone already.

    Only Linux knows the parent-death signal. Elsewhere children end with the supervisor only when
    it can stop them itself, that is by anything but SIGKILL.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(1)


def main(arguments: Sequence[str]) -> None:
    """Replace this process by the command, bound to the supervisor."""
    supervisor, command = int(arguments[1]), list(arguments[2:])
    bind(supervisor)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the supervisor's own command
    except OSError as error:
        sys.exit(f"cannot start {command[0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv)
