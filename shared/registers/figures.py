"""Figures for everybody, reckoned by a service's worker and kept in its database.

Adding up a register takes the longer the larger it is; who looks at the figures waits for none of
it, and is told when they were made (`as_of`).
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import structlog
from mongoengine import DictField, Document, StringField

from shared.events.work import INFRASTRUCTURE
from shared.unhurried import unhurried

Clock = Callable[[], datetime]
Make = Callable[[datetime], dict[str, Any]]

_ID: Final = "public"
_LEAST: Final = 5.0
"""Seconds that a worker rests at least: who has just filled a register soon finds it told of."""
_REST: Final = 25
"""A worker rests that many times as long as it reckoned, unhurried: so that it takes a hundredth of
the database, which who reads a page meanwhile shares with it."""
_MOST: Final = 3_600.0
"""Seconds that a worker rests at most: of a large register nobody is told what is of yesterday."""

log = structlog.get_logger(__name__)


class Figures(Document):
    """The figures as they were told last, `as_of` among them."""

    meta = {"collection": "figures"}  # noqa: RUF012 (mongoengine declares it so)

    id = StringField(primary_key=True)
    told = DictField(required=True)


def keep_reckoning(make: Make, stop: threading.Event, clock: Clock) -> None:
    """The worker's loop: reckon every few seconds, or more seldom where that takes long."""
    rest = 0.0
    while not stop.wait(rest):
        began = time.monotonic()
        try:
            with unhurried(stop):
                reckon(make, clock())
        except INFRASTRUCTURE as error:
            log.warning("figures not reckoned", error=str(error))
        except Exception as error:  # one odd record must not end the worker's other loops
            log.error("figures not reckoned", exc_info=error)
        rest = min(max(_LEAST, _REST * (time.monotonic() - began)), _MOST)


def reckon(make: Make, now: datetime) -> None:
    """Reckon the figures and keep them. Raises pymongo's errors."""
    Figures(id=_ID, told=make(now)).save()


def told(make: Make, now: datetime) -> dict[str, Any]:
    """The figures that are kept; reckoned here before a worker ever did."""
    found = Figures.objects(id=_ID).first()
    return make(now) if found is None else dict(found.told)
