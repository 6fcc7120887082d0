"""Who takes a step, as histories and audit trails tell of it."""

from dataclasses import dataclass

from shared.registers.steps import party_of, subject_of
from shared.web.identity import Identity


@dataclass(frozen=True)
class Actor:
    """Who takes a step: a role, the State or organisation it acts for, and the account, if any."""

    role: str
    party: str | None = None
    subject: str | None = None


def actor_of(identity: Identity) -> Actor:
    """Whoever a token speaks for, and by whose account."""
    return Actor(identity.role, party_of(identity), subject_of(identity))
