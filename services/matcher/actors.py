"""Who takes a step, as histories tell of it."""

from dataclasses import dataclass
from datetime import datetime

from shared.events.outbox import Transition
from shared.registers.steps import party_of, subject_of
from shared.web.identity import Identity


@dataclass(frozen=True)
class Actor:
    """Who takes a step: a role, the State or organisation it acts for, and the account, if any."""

    role: str
    party: str | None = None
    subject: str | None = None


MATCHER = Actor("matcher")
"""The matcher itself: its sweeps and what follows from others' steps."""


def actor_of(identity: Identity) -> Actor:
    """Whoever a token speaks for, and by whose account."""
    return Actor(identity.role, party_of(identity), subject_of(identity))


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
