"""Taking a proposal one step on in its life, and telling in its history what happens between steps.

All steps of a proposal go through here, so that each is remembered with who took it, when and why,
and so that what time alone does next (schedule.py) is always reckoned anew.
"""

from datetime import datetime

from services.matcher.actors import Actor
from services.matcher.documents import Match
from services.matcher.domain import PROPOSAL, STAYING, WAITING
from services.matcher.life_documents import Said
from services.matcher.schedule import next_due
from shared.events.outbox import Transition
from shared.lifecycle import IllegalTransition

_OWING = frozenset({"rejected", "declined", "lapsed", "fallen", "delivering"})
"""States in which the ledger has to follow: what is held is given back, or held for good."""


def advance(
    match: Match,
    action: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    said: str | None = None,
) -> None:
    """Take a step of `domain.PROPOSAL`; `reason` is a code, `said` the actor's own words.

    To be called within the change of the document. Raises IllegalTransition.
    """
    target = PROPOSAL.target(action, match.status)
    _remember(match, action, target, actor, now, reason, said)
    match.status = target
    if target not in WAITING:
        match.answer_by = None
        match.reminders = []
    if (target in _OWING and match.holds) or target == "released":
        match.owes = True
    match.due_at = next_due(match)


def tell(
    match: Match,
    action: str,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    said: str | None = None,
) -> None:
    """Remember what happens without leaving the state, of `domain.STAYING`; as `advance`."""
    if match.status not in STAYING[action]:
        raise IllegalTransition(action, match.status, PROPOSAL.allowed(match.status))
    _remember(match, action, match.status, actor, now, reason, said)
    match.due_at = next_due(match)


def _remember(
    match: Match,
    action: str,
    target: str,
    actor: Actor,
    now: datetime,
    reason: str | None,
    said: str | None,
) -> None:
    if said is not None:
        match.said.append(Said(place=len(match.history), text=said))
    match.history.append(
        Transition(
            source=match.status,
            target=target,
            action=action,
            at=now,
            role=actor.role,
            party=actor.party,
            subject=actor.subject,
            reason=reason,
        )
    )
