"""Taking a record through its lifecycle, and what may not change on the way."""

import hashlib
import re
from datetime import datetime
from typing import Any

from shared.events.outbox import Transition
from shared.lifecycle import Lifecycle
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field

SERVICE = "register"
"""The role of a register itself: what follows from time, or from what others did."""

_OPAQUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")


def party_of(identity: Identity) -> str | None:
    """The State or organisation that the identity is bound to."""
    return identity.state or identity.organisation


def subject_of(identity: Identity) -> str:
    """The account as histories name it."""
    return named(identity.subject)


def named(subject: str) -> str:
    """An account's identifier as histories name it: itself, or the digest of one that says more.

    An issuer may take a name or an address for a subject, and neither belongs into an event.
    """
    if _OPAQUE.fullmatch(subject):
        return subject
    return f"sha256:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"


def take_step(
    lifecycle: Lifecycle,
    record: Any,
    action: str,
    identity: Identity,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Take the record (with `status` and `history`) one step on, and remember who did it and why.

    `reason` is a code. Raises IllegalTransition, which names the steps that are possible.
    """
    actor = (identity.role, party_of(identity))
    take_step_as(lifecycle, record, action, actor, now, reason, subject_of(identity))


def take_step_as(
    lifecycle: Lifecycle,
    record: Any,
    action: str,
    actor: tuple[str, str | None],
    now: datetime,
    reason: str | None = None,
    subject: str | None = None,
) -> None:
    """`take_step` by a role that acts for a State, an organisation or nobody."""
    before = record.history[-1].source if record.history else None
    target = lifecycle.target(action, record.status, before)
    role, party = actor
    record.history.append(
        Transition(
            source=record.status,
            target=target,
            action=action,
            at=now,
            role=role,
            party=party,
            subject=subject,
            reason=reason,
        )
    )
    record.status = target


def require_unfinished(lifecycle: Lifecycle, status: str) -> None:
    """Raise the 409 problem `finished` for a record in a final state."""
    if lifecycle.is_final(status):
        raise conflict("finished", f"This record is {status} and can no longer be changed.")


def require_same(field: str, before: Any, after: Any) -> None:
    """Raise the 422 problem for a field that must stay as it was; None leaves it as it was."""
    if after is not None and after != before:
        raise invalid_field(field, "This cannot be changed; register a new record.", "immutable")
