"""Taking a record through its lifecycle, and what may not change on the way."""

from datetime import datetime
from typing import Any

from shared.events.outbox import Transition
from shared.lifecycle import Lifecycle
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field


def party_of(identity: Identity) -> str | None:
    """The State or organisation that the identity is bound to."""
    return identity.state or identity.organisation


def take_step(
    lifecycle: Lifecycle, record: Any, action: str, identity: Identity, now: datetime
) -> None:
    """Take the record (with `status` and `history`) one step on, and remember who did it.

    Raises IllegalTransition, which names the steps that are possible.
    """
    take_step_as(lifecycle, record, action, (identity.role, party_of(identity)), now)


def take_step_as(
    lifecycle: Lifecycle, record: Any, action: str, actor: tuple[str, str | None], now: datetime
) -> None:
    """`take_step` by a role that acts for a State, an organisation or nobody."""
    before = record.history[-1].source if record.history else None
    target = lifecycle.target(action, record.status, before)
    role, party = actor
    record.history.append(
        Transition(
            source=record.status, target=target, action=action, at=now, role=role, party=party
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
