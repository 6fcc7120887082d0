"""What time does under an embargo: an exemption expires, an embargo begins or ends.

Nobody sends an event for that, so the worker's sweep looks. What was delivered was delivered; what
is only held is given back, and its refusal says by which embargo. Proposals that nothing is
committed of fall, and come back when they are barred no more.
"""

from datetime import datetime

from services.matcher import commitments
from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.documents import Commitment, Match, view_id
from services.matcher.domain import COMMITMENT
from services.matcher.embargo_checks import lines_bar, pair_bar
from services.matcher.embargo_documents import Embargo
from services.matcher.record_views import stored_views
from services.matcher.refusing import Refused
from services.matcher.settling import EMBARGOED, FOLLOWING, follow_proposals
from shared.events.outbox import change
from shared.lifecycle import GIVEN, IllegalTransition
from shared.registers.steps import take_step_as


def sweep(now: datetime) -> int:
    """Give back what is held and barred by now, and settle proposals; how many were given back.

    Idempotent, and safe for several at once. One that cannot be given back is logged, counted and
    tried again by the next call.
    """
    today = now.date().isoformat()
    fallen = 0
    for country in sorted({one.country for one in Embargo.objects(start__lte=today)}):
        for held in Commitment.objects(status="held", country=country):
            with apart("barred commitment not given back", held.id):
                fallen += _fall(held, now)
        _settle_proposals(country, now)
    return fallen


def _fall(held: Commitment, now: datetime) -> bool:
    reason = lines_bar(held.country, held.request, held.lines, now.date())
    if reason is None or _was_given(held):
        return False

    def step(commitment: Commitment) -> None:
        take_step_as(COMMITMENT, commitment, "bar", (MATCHER.role, None), now)
        refused = Refused("embargo", reason)
        commitment.refusal, commitment.because = refused.words, refused.data()

    try:
        change(Commitment, held.id, None, step, now)
    except IllegalTransition:
        return False  # another sweep, or its owner, was faster
    commitments.finish(held.id, now)
    return True


def _settle_proposals(country: str, now: datetime) -> None:
    """Let the State's proposals fall that are barred, and those come back that are no more."""
    found = Match.objects(country=country, status__in=[*FOLLOWING, "fallen"])
    for match in found.only("id", "request", "offer", "status", "history"):
        fallen = match.status == "fallen"
        if fallen and _why_fallen(match) != EMBARGOED:
            continue
        ids = [view_id("request", match.request), view_id("offer", match.offer)]
        views = {view.side: view for view in stored_views(ids).values()}
        if len(views) < len(ids):
            continue
        barred = pair_bar(views["request"], views["offer"], now.date()) is not None
        if barred is not fallen:
            follow_proposals([match.id], now)


def _why_fallen(match: Match) -> str | None:
    found = next(step.reason for step in reversed(match.history) if step.action == "fall")
    return None if found is None else str(found)


def _was_given(held: Commitment) -> bool:
    if held.coverage is not None:
        return True  # it stands for assistance under way, which nobody here gives
    if held.match is None:
        return False
    match = Match.objects(id=held.match).only("status").first()
    return match is not None and match.status in GIVEN
