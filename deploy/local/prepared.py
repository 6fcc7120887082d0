"""The process that the stack's Python programs are forks of. Run as a program by `forking.py`.

It imports the libraries that the services use and what they all read texts by, and then makes a
fork for every order that comes. So nine processes need not each spend seconds of a core on that,
and what does not change of it lies in memory once. Of the services' own code nothing is imported
here: they are as far apart as anywhere, and so are their metrics (prometheus_client decides at its
import whether they are counted in files, by a variable that is each program's own).
"""

import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import sys
from collections.abc import Mapping
from importlib import import_module
from types import FrameType
from typing import Any

from deploy.local.child import bind
from shared.language import read

LIBRARIES = (
    *("gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "flask", "flask_smorest", "apispec"),
    *("marshmallow", "webargs", "mongoengine", "pymongo", "kafka", "structlog", "jsonschema_rs"),
    *("joserfc.jwt", "joserfc.jwk", "limits", "requests", "requests_hardened", "babel.dates"),
    *("babel.numbers", "flask_babel", "flask_wtf", "wtforms", "holidays", "pycountry", "argon2"),
    *("pyotp", "segno", "xlsxwriter", "python_calamine", "standardwebhooks", "yaml", "numba"),
    *("scipy.sparse", "greenlet", "orjson"),
)
PR_SET_NAME = 15


def prepare() -> None:
    """Import the libraries, and read a text, which loads what reading needs."""
    for name in LIBRARIES:
        import_module(name)
    read({"title": "Machines to mark small arms"}, "en", b"")
    gc.collect()
    gc.freeze()  # collecting would write to what the forks share, and so make copies of it


def serve(orders: socket.socket) -> Mapping[str, Any] | None:
    """Fork for every order; its own order is returned in each fork, and None here at their end.

    Orders are lines of JSON: `module` and its `arguments`, the `environment`, the `log` to append
    to, a `name` for the process. The answers are lines too: {"started": PID} for each order, and
    {"ended": PID, "code": CODE} whenever a fork has ended (minus a signal's number).
    """

    def tell(**said: int) -> None:
        orders.sendall(json.dumps(said).encode() + b"\n")

    def reap(number: int, frame: FrameType | None) -> None:
        del number, frame
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            tell(ended=pid, code=os.waitstatus_to_exitcode(status))

    signal.signal(signal.SIGCHLD, reap)
    ended = {signal.SIGCHLD}
    parent = os.getpid()
    with orders.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            order: dict[str, Any] = json.loads(line)
            signal.pthread_sigmask(signal.SIG_BLOCK, ended)  # no end is told before its start
            pid = os.fork()
            if pid == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, ended)
                bind(parent)
                return order
            tell(started=pid)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, ended)
    return None


def become(order: Mapping[str, Any]) -> None:
    """Make this process what the order says, but for the code that it is to run."""
    os.setsid()
    output = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(output)
    os.close(nothing)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, order["name"].encode()[:15])


def main() -> None:
    """Serve the supervisor, whose socket is the standard input, or be one of the forks."""
    with socket.socket(fileno=os.dup(0)) as orders:
        prepare()
        order = serve(orders)
    if order is not None:
        become(order)
        runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
