"""Doing one of many things in a sweep, so that the others are done whatever becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.matcher import metrics
from shared.events.work import INFRASTRUCTURE

log = structlog.get_logger(__name__)


@contextmanager
def apart(what: str, id_: str) -> Iterator[None]:
    """Log and count what fails in the block, and go on behind it; the next sweep tries again.

    `what` says in words what was not done of the thing with that id. Raises INFRASTRUCTURE's
    errors: with database or broker away the others would fail as well.
    """
    try:
        yield
    except INFRASTRUCTURE:
        raise
    except Exception as error:  # noqa: BLE001 (whatever it is, the others go on)
        tell_not_done(what, id_, error)


def tell_not_done(what: str, id_: str, error: Exception) -> None:
    """Log and count what was not done of the thing with that id, and why."""
    metrics.NOT_DONE.labels(what).inc()
    log.error(what, id=id_, exc_info=error)
