"""Who takes a step, as histories tell of it."""

from datetime import datetime

from shared.events.outbox import Transition
from shared.registers.actors import Actor, actor_of

__all__ = ["MATCHER", "Actor", "actor_of", "transition"]

MATCHER = Actor("matcher")
"""The matcher itself: its sweeps and what follows from others' steps."""


def transition(
    action: str, source: str | None, target: str, actor: Actor, now: datetime
) -> Transition:
    """A step in a proposal's or commitment's history."""
    return Transition(
        source=source,
        target=target,
        action=action,
        at=now,
        role=actor.role,
        party=actor.party,
        subject=actor.subject,
    )
