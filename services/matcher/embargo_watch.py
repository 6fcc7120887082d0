"""What time does to commitments under an embargo: an exemption expires, an embargo begins.

Nobody sends an event for that, so the worker's sweep looks. What was delivered was delivered; what
is only held is given back, and its refusal says by which embargo.
"""

from datetime import datetime

import structlog

from services.matcher import commitments, metrics
from services.matcher.actors import MATCHER
from services.matcher.documents import Commitment, Match
from services.matcher.domain import COMMITMENT
from services.matcher.embargo_checks import lines_bar
from services.matcher.embargo_documents import Embargo
from shared.events.outbox import change
from shared.events.work import INFRASTRUCTURE
from shared.lifecycle import IllegalTransition
from shared.registers.steps import take_step_as

_GIVEN = frozenset({"delivered", "follow-up", "closed"})
"""States of a match in which its help has been given."""

log = structlog.get_logger(__name__)


def sweep(now: datetime) -> int:
    """Give back what is held and barred by now; returns how many commitments that were.

    Idempotent, and safe for several at once. One that cannot be given back is logged, counted and
    tried again by the next call.
    """
    today = now.date().isoformat()
    fallen = 0
    for country in sorted({one.country for one in Embargo.objects(start__lte=today)}):
        for held in Commitment.objects(status="held", country=country):
            try:
                fallen += _fall(held, now)
            except INFRASTRUCTURE:
                raise
            except Exception as error:
                metrics.NOT_FINISHED.inc()
                log.error("barred commitment not given back", id=held.id, exc_info=error)
    return fallen


def _fall(held: Commitment, now: datetime) -> bool:
    reason = lines_bar(held.country, held.request, held.lines, now.date())
    if reason is None or _was_given(held):
        return False

    def step(commitment: Commitment) -> None:
        take_step_as(COMMITMENT, commitment, "bar", (MATCHER.role, None), now)
        commitment.refusal = reason

    try:
        change(Commitment, held.id, None, step, now)
    except IllegalTransition:
        return False  # another sweep, or its owner, was faster
    commitments.finish(held.id, now)
    return True


def _was_given(held: Commitment) -> bool:
    if held.coverage is not None:
        return True  # it stands for assistance under way, which nobody here gives
    if held.match is None:
        return False
    match = Match.objects(id=held.match).only("status").first()
    return match is not None and match.status in _GIVEN
