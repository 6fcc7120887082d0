"""What a register's record tells of its files: in its history, while others than its owner see it
and it is not over."""

from datetime import datetime
from typing import Any

from shared.attachments.telling import Told
from shared.events.outbox import Aggregate, Transition
from shared.lifecycle import FILING, IllegalTransition, Lifecycle


def tells(lifecycle: Lifecycle, status: str) -> bool:
    """Whether a record of this state tells of its files."""
    return status != lifecycle.initial and not lifecycle.is_final(status)


def files_of(record: type[Aggregate]) -> Told:
    """How records with a `lifecycle` tell of their files."""
    return Told(record, _tell)


def _tell(record: Any, action: str, did: Transition, now: datetime, code: str) -> None:
    lifecycle: Lifecycle = record.lifecycle
    if not tells(lifecycle, record.status):
        raise IllegalTransition(action, record.status, lifecycle.allowed(record.status))
    record.history.append(
        Transition(
            source=record.status,
            target=record.status,
            action=action,
            at=now,
            role=did.role,
            party=did.party,
            subject=did.subject,
            reason=code,
        )
    )


def without_files(history: list[Any]) -> list[Any]:
    """A history as it is shown: lists of files tell their readers of themselves."""
    return [step for step in history if step.action not in FILING]
