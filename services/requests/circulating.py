"""What happens to requests without anybody's step: by the time, and by what the ledger holds.

Every write is guarded by the request's version and made only if it is still due, so that any number
of workers may sweep at once: each step is taken once.
"""

import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import structlog

from services.requests import domain
from services.requests.documents import AssistanceRequest
from shared.events.outbox import NotFound, change
from shared.events.work import INFRASTRUCTURE, passes, put_off
from shared.lifecycle import REQUEST
from shared.registers.commitments import held

SWEEP_SECONDS = 5.0
LOOK_BACK = timedelta(days=7)
"""How far back a worker looks for requests that changed: when it starts, and now and then."""
OVERLAP = timedelta(minutes=2)
"""How far the clocks of those who write may be apart without its taking until then."""
AGAIN_SECONDS = 3600.0
_BATCH = 500

log = structlog.get_logger(__name__)


def keep_circulating(stop: threading.Event, clock: Callable[[], datetime]) -> None:
    """The worker's loop: circulate what is due and settle what changed, until told to stop.

    Where something could not be settled now, the next round looks as far back again.
    """
    since, whole = clock() - LOOK_BACK, time.monotonic()
    while not stop.wait(SWEEP_SECONDS):
        now = clock()
        if looks_back(since, now, time.monotonic() - whole):
            since, whole = now - LOOK_BACK, time.monotonic()
        with put_off("requests not looked at"):
            circulate_due(now)
            settle_changed(since, now)
            since = now - OVERLAP


def looks_back(since: datetime, now: datetime, passed: float) -> bool:
    """Whether it is time to look at a week again, after `passed` seconds.

    It is once an hour, for what was written by a clock that was wrong; and at once where this clock
    was set back: what was written since is of before `since`.
    """
    return now < since or passed > AGAIN_SECONDS


def circulate_due(now: datetime) -> int:
    """Circulate the requests whose States' time to object is over; returns how many were due.

    Carries over those that an earlier version published, too. One that cannot be now is due the
    next time. Raises pymongo's errors.
    """
    due = {"status": "authenticated", "circulates_at": {"$lte": now}}
    ids = list(AssistanceRequest.objects(__raw__=due).scalar("id"))
    for id_ in ids:
        _change(id_, lambda request: domain.circulate_if_due(request, now), now)
    for id_ in list(AssistanceRequest.objects(status="published").scalar("id")):
        _change(id_, lambda request: domain.rename_published(request, now), now)
    return len(ids)


def settle_changed(since: datetime, now: datetime) -> int:
    """Settle the requests that changed since then: what they ask for may be another by now.

    Returns how many there were. Raises what `settle` raises.
    """
    recent = {"updated_at": {"$gte": since}, "status": {"$in": sorted(REQUEST.shown)}}
    ids = list(AssistanceRequest.objects(__raw__=recent).scalar("id"))
    settle(ids, now)
    return len(ids)


def settle(ids: Collection[str], now: datetime) -> None:
    """Bring requests to the state that follows from what is held of them; others stay.

    Asks the store for a batch at once, and for a request of its own only where anything of it is
    held, or was by its state. What keeps one from it and passes by itself is raised once the
    others are settled, for it has to be done again: Contention, and errors of pymongo and
    mongoengine. With the database away, nothing is tried any more.
    """
    trouble: Exception | None = None
    wanted = sorted(ids)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        holding = {record for record, _, _ in held(batch)}
        covered = {"_id": {"$in": batch}, "status": {"$in": ["partly-covered", "covered"]}}
        for id_ in {*holding, *AssistanceRequest.objects(__raw__=covered).scalar("id")}:
            met = _change(id_, lambda request: domain.settle(request, held([request.id]), now), now)
            trouble = trouble or met
    if trouble is not None:
        raise trouble


def _change(
    id_: str, mutate: Callable[[AssistanceRequest], object], now: datetime
) -> Exception | None:
    """Change a request, whatever its version; one that is gone or is refused is passed over.

    Returns what kept this one request from it and passes by itself; None where nothing did.
    """
    try:
        change(AssistanceRequest, id_, None, mutate, now)
    except NotFound:
        pass
    except INFRASTRUCTURE:
        raise
    except Exception as error:
        if passes(error):
            log.warning("request must wait", id=id_, error=str(error))
            return error
        log.error("request not taken on", id=id_, exc_info=error)
    return None
