"""Telling in a record's history that a file was attached to it or removed, so that its readers
hear of it.

The attachment is written first, marked as untold; the step in the history is a second write.
Whoever attached or removed it tells at once. What a crash left, or the virus scanner had yet to
look at, the sweep tells; told again, nothing changes.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import structlog

from shared.attachments.documents import Attachment
from shared.attachments.keeping import SWEEP_SECONDS, scan_state
from shared.events.outbox import Aggregate, NotFound, Transition, change
from shared.events.work import INFRASTRUCTURE, put_off
from shared.lifecycle import ATTACHMENT, FILING, IllegalTransition

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 200
_ATTACHED, _DETACHED = FILING

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Told:
    """Records that tell of their files: `record` is their document, `tell` makes the step.

    `tell` is called within the change of the record, with it, the action (of FILING), who did it
    to the file, the time, and the file's code; raises IllegalTransition where a record is in no
    state in which it tells of files.
    """

    record: type[Aggregate]
    tell: Callable[[Any, str, Transition, datetime, str], object]


def keep_telling(
    told: Told, clamd: str, stop: threading.Event, clock: Callable[[], datetime]
) -> None:
    """The worker's loop: tell of what waits to be told of, until told to stop."""
    while not stop.wait(SWEEP_SECONDS):
        with put_off("files not told of"):
            tell_waiting(told, clamd, clock())


def tell_waiting(told: Told, clamd: str, now: datetime) -> int:
    """Tell of files that were not told of; returns how many are settled by that.

    One that fails is logged. Those that wait for the scanner come last, or they would keep all
    that came after them from being told.
    """
    waiting = Attachment.objects(untold_since__gt=_BEGINNING)
    settled = 0
    for one in list(waiting.order_by("unscanned_since", "untold_since").limit(_BATCH)):
        with _apart(one.id):
            settled += tell_of(told, one, clamd, now)
    return settled


def tell_of(told: Told, attachment: Attachment, clamd: str, now: datetime) -> bool:
    """Tell of a file that was attached or removed, once; False while the scanner has yet to look
    at it.

    Of a record that is over, or not yet to be seen by others, nobody is told.
    """
    if attachment.untold_since is None:
        return True
    if attachment.status == "kept" and scan_state(attachment, clamd) == "waiting":
        return False
    with suppress(IllegalTransition, NotFound):
        step = partial(_tell, told, attachment, now)
        change(told.record, attachment.audited_under, None, step, now)
    # Only what was told of: it may have been removed meanwhile, which is yet to be told.
    same = {"_id": attachment.id, "status": attachment.status}
    Attachment._get_collection().update_one(same, {"$unset": {"untold_since": ""}})
    return True


def _tell(told: Told, attachment: Attachment, now: datetime, record: Any) -> None:
    action = _ATTACHED if attachment.status == ATTACHMENT.initial else _DETACHED
    own = attachment.visibility
    code = f"file-{attachment.id}" if own is None else f"file-{own}-{attachment.id}"
    if any(step.action == action and step.reason == code for step in record.history):
        return
    told.tell(record, action, attachment.history[-1], now, code)


@contextmanager
def _apart(id_: str) -> Iterator[None]:
    """What fails in the block is logged, and fails for this file alone."""
    try:
        yield
    except INFRASTRUCTURE:
        raise
    except Exception as error:
        log.error("file not told of", id=id_, exc_info=error)
