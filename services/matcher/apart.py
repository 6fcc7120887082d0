"""Doing one of many things, so that the others are done whatever becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.matcher import metrics
from shared.events.outbox import Contention
from shared.events.work import passes

log = structlog.get_logger(__name__)


@contextmanager
def apart(what: str, id_: str, *, swept: bool = True) -> Iterator[None]:
    """Log and count what fails in the block, and go on behind it.

    `what` says in words what was not done of the thing with that id. Raises what passes by itself
    (work.passes), for then the others would fail as well. Contention is of the one thing alone: it
    is counted like any other failure where the next sweep tries again, and raised where nothing
    comes by to do so (not `swept`).
    """
    try:
        yield
    except Exception as error:
        if passes(error) and not (swept and isinstance(error, Contention)):
            raise
        metrics.NOT_DONE.labels(what).inc()
        log.error(what, id=id_, exc_info=error)
