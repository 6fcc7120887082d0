"""Merging a record into another of the same owner, and undoing that, without transactions.

Two documents change, in single writes of which the first one says what is meant:

    merge    1. the record is `merged` and says into what: it is open no more    (taking-over)
             2. the other takes over its lines, once, and notes the merging
             3. the record says that all is done                                 (merged)
    unmerge  1. the record says that it is to be as it was                       (giving-back)
             2. the other loses the lines that it took over, and notes the undoing
             3. the record has the state again that it had before

After a crash between two of them `finish` goes on from where the record stands: whoever repeats the
call does, and `recover` in the register's worker does for those that nobody repeats. Every write
may be repeated, by several at once. In between a need is nowhere rather than in two places, so that
nothing can be given twice. Where the other cannot take the lines any more (it was withdrawn
between 1 and 2), the merging is undone by itself. A commitment that the register has not heard of
yet cannot be lost by either: the line's limit in the ledger falls to nothing, and what holds more
than that is a case for the coordinator.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from shared.events.outbox import NotFound, change
from shared.events.work import INFRASTRUCTURE, put_off
from shared.graces import over
from shared.registers.merged import MergeableRecord
from shared.registers.merging_rules import (
    GIVING_BACK,
    MERGED,
    TAKING_OVER,
    Register,
    give_back,
    reopen,
    set_merged,
    take_over,
)
from shared.registers.writing import load
from shared.web.problems import Problem, conflict

GRACE = timedelta(seconds=30)
"""How long a half-done merging is left to whoever began it."""
SWEEP_SECONDS = 10.0

log = structlog.get_logger(__name__)

Step = Callable[[str], None]
"""Called before each write with its name; an exception out of it is a crash at that place."""


def no_step(_: str) -> None:
    """Goes on."""


def finish(register: Register, identifier: str, now: datetime, step: Step = no_step) -> Any:
    """Bring the merging of a record, or its undoing, to its end; returns the record.

    Safe to repeat and to run by several at once. Raises NotFound, Contention after too many lost
    races, and, after undoing the merging, the problem for which the other could not take the lines.
    """
    refusal: Problem | None = None
    while True:
        record = load(register.document, identifier)
        state = None if record.merging is None else record.merging.state
        if state == TAKING_OVER:
            refusal = _hand_over(register, record, now, step)
        elif state == GIVING_BACK:
            _take_back(register, record, now, step)
        elif refusal is not None:
            raise refusal
        else:
            return record


def recover(
    register: Register, now: datetime, grace: timedelta = GRACE, step: Step = no_step
) -> int:
    """Finish what was left half done for longer than `grace`; returns how many there were.

    One that cannot be finished is logged and tried again by the next call.
    """
    stale = {
        "merging.state": {"$in": [TAKING_OVER, GIVING_BACK]},
        **over("updated_at", now, grace),
    }
    ids = list(register.document.objects(__raw__=stale).scalar("id"))
    for identifier in ids:
        try:
            finish(register, identifier, now, step)
        except INFRASTRUCTURE:
            raise
        except Problem as refusal:
            log.warning("merging undone", id=identifier, reason=refusal.code)
        except Exception as error:
            log.error("merging not finished", id=identifier, exc_info=error)
    return len(ids)


def keep_finishing(
    register: Register, stop: threading.Event, clock: Callable[[], datetime]
) -> None:
    """The worker's loop: `recover` every SWEEP_SECONDS until told to stop."""
    while not stop.wait(SWEEP_SECONDS):
        with put_off("mergings not looked at"):
            recover(register, clock())


def _hand_over(
    register: Register, record: MergeableRecord, now: datetime, step: Step
) -> Problem | None:
    """Let the other take the lines; where it cannot, begin to undo, and return why."""
    merging = record.merging
    step("take over")
    try:
        change(register.document, merging.into, None, lambda o: take_over(register, record, o), now)
    except NotFound:
        refusal = conflict("gone", f"There is no record {merging.into} any more.")
    except Problem as problem:
        refusal = problem
    else:
        step("settle")
        _set(register, record, MERGED, now)
        return None
    step("give up")
    _set(register, record, GIVING_BACK, now)
    return refusal


def _take_back(register: Register, record: MergeableRecord, now: datetime, step: Step) -> None:
    step("give back")
    try:
        change(register.document, record.merging.into, None, lambda o: give_back(record, o), now)
    except NotFound:
        log.warning("a merged record's other is gone", id=record.id, other=record.merging.into)
    step("reopen")
    change(register.document, record.id, None, lambda one: reopen(one, record.merging, now), now)


def _set(register: Register, record: MergeableRecord, state: str, now: datetime) -> None:
    merging = record.merging
    change(register.document, record.id, None, lambda one: set_merged(one, merging, state), now)
