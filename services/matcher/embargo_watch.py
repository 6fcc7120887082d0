"""What time does under an embargo: an exemption expires, an embargo begins or ends.

Nobody sends an event for that, so the worker's sweep looks. What was delivered was delivered; what
is only held is given back, and its refusal says by which embargo. Proposals that nothing is
committed of fall, and come back when they are barred no more.

The register is read once a sweep, and records many together: a sweep comes round every few seconds,
and mostly finds nothing. What it finds is looked at again, by itself, before anything is done.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.matcher import commitments
from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.documents import Commitment, Match, view_id
from services.matcher.domain import COMMITMENT
from services.matcher.embargo_checks import (
    SIDES,
    Rulings,
    barred_kinds,
    barred_lines,
    lines_bar,
    rulings,
)
from services.matcher.embargo_documents import Embargo
from services.matcher.record_views import View, stored_views
from services.matcher.refusing import Refused
from services.matcher.settling import EMBARGOED, FOLLOWING, follow_proposals
from shared.events.outbox import change
from shared.lifecycle import GIVEN, IllegalTransition
from shared.registers.steps import take_step_as

_TOGETHER = 500
_NOT_GIVEN_BACK = "barred commitment not given back"


def sweep(now: datetime) -> int:
    """Give back what is held and barred by now, and settle proposals; how many were given back.

    Idempotent, and safe for several at once. What fails is logged, counted and tried again by the
    next call.
    """
    today = now.date()
    fallen = 0
    begun = Embargo.objects(start__lte=today.isoformat()).only("country")
    if countries := sorted({one.country for one in begun}):
        known = rulings(today)
        for country in countries:
            for some in _together(Commitment.objects(status="held", country=country)):
                for held in _barred(some, known):
                    with apart(_NOT_GIVEN_BACK, held.id):
                        fallen += _fall(held, now)
            _settle_proposals(country, known, now)
    return fallen


def _barred(held: Sequence[Commitment], known: Rulings) -> list[Commitment]:
    """Those of these commitments that are barred, but for what was given."""
    taken = {view_id(line.side, line.record) for one in held for line in one.lines}
    views = stored_views(taken)
    barred: list[Commitment] = []
    for one in held:
        with apart(_NOT_GIVEN_BACK, one.id):
            ruling = known(one.country, one.request)
            if barred_lines(ruling, one.lines, lambda *named: views.get(view_id(*named))):
                barred.append(one)
    given = _given(barred)
    return [one for one in barred if one.id not in given]


def _given(held: Sequence[Commitment]) -> set[str]:
    """Those of these commitments that were given already."""
    matches = [one.match for one in held if one.match is not None]
    found = Match.objects(id__in=matches, status__in=sorted(GIVEN)).only("id") if matches else ()
    delivered = {match.id for match in found}
    # One for a case of coverage stands for assistance under way, which nobody here gives.
    return {one.id for one in held if one.coverage is not None or one.match in delivered}


def _fall(held: Commitment, now: datetime) -> bool:
    reason = lines_bar(held.country, held.request, held.lines, now.date())
    if reason is None or _given([held]):
        return False  # something has changed meanwhile

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


def _settle_proposals(country: str, known: Rulings, now: datetime) -> None:
    """Let the State's proposals fall that are barred, and those come back that are no more."""
    found = Match.objects(country=country, status__in=[*FOLLOWING, "fallen"])
    for some in _together(found.only("id", "request", "offer", "status", "history")):
        views = stored_views([view_id(side, match[side]) for match in some for side in SIDES])
        for match in some:
            with apart("proposal not settled", match.id):
                if _is_to_change(match, views, known):
                    follow_proposals([match.id], now)


def _is_to_change(match: Match, views: Mapping[str, View], known: Rulings) -> bool:
    """Whether a proposal is to fall, or to come back."""
    fallen = match.status == "fallen"
    sides = [views.get(view_id(side, match[side])) for side in SIDES]
    pair = [view for view in sides if view is not None]
    if len(pair) < len(SIDES) or (fallen and _why_fallen(match) != EMBARGOED):
        return False
    kinds = barred_kinds(known(pair[0].owner, match.request), pair)
    return (kinds is not None) is not fallen


def _why_fallen(match: Match) -> str | None:
    found = next(step.reason for step in reversed(match.history) if step.action == "fall")
    return None if found is None else str(found)


def _together(found: Any) -> Iterator[list[Any]]:
    every = list(found)
    for start in range(0, len(every), _TOGETHER):
        yield every[start : start + _TOGETHER]
