"""How long calls wait for a thread: who has waited too long is told to come again, at little cost.

A service that more is asked of than it can do would else answer everybody later and later, most of
them after they have given up. So nobody's wait, nor that of those behind, grows without end.
"""

import math
import time
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from shared.garbage import look_seldom
from shared.web.metrics import QUEUE_SECONDS
from shared.web.problems import Problem

_waited: ContextVar[float] = ContextVar("waited", default=0.0)


class QueueingWorker(ThreadWorker):
    """gunicorn's worker with threads, which also knows how long each call waited for one."""

    def load_wsgi(self) -> None:
        """Make the app, which lives as long as the process."""
        super().load_wsgi()
        look_seldom()

    def enqueue_req(self, conn: Any) -> None:
        """Let the connection wait for a thread, from now on."""
        conn.queued = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Answer on the thread that was waited for; a slow client's own pauses do not count."""
        _waited.set(time.monotonic() - conn.queued)
        return super().handle(conn)


def check_waited(service: str, most: int) -> None:
    """Count how long this call waited for a thread; raises the 503 problem for over `most` seconds.

    0 permits any wait. A server of another kind (a test's) knows of none.
    """
    waited = _waited.get()
    QUEUE_SECONDS.labels(service).observe(waited)
    if most and waited > most:
        raise overloaded(math.ceil(waited))


def overloaded(seconds: int) -> Problem:
    """The 503 problem: more is asked than the service can answer, which takes that long to pass."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "overloaded",
        "Too much is asked at once",
        f"The service has more calls than it can answer. Send the request again in {seconds} "
        "seconds: nothing was done with it.",
        headers={"Retry-After": str(seconds)},
    )
