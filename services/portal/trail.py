"""What the portal's audit trail is told: every step of an account, an invitation or an API token,
every attempt to sign in, and where an account's notifications go besides.

A step is added to a document's history in the very write that takes it; attempts and webhooks are
noted before they are answered (shared/events/auditing.py). None of it holds a name, an address or a
secret: it says who by the account's identifier, and what was given by codes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from services.portal.documents import Account
from services.portal.domain.people import Office
from services.portal.house import House
from shared.events.auditing import leave_notes
from shared.events.outbox import Contention, Transition
from shared.registers.actors import Actor
from shared.web.database import current_database

ATTEMPT = "sign-in"
WEBHOOK = "webhook"
NETWORK = "network"
"""The record of an attempt that made a network wait, whichever it is."""

COMMAND_LINE = Actor("operator", subject="command-line")
"""Whoever runs the installation, by `entraide accounts`."""

PORTAL = Actor("portal")
"""The portal itself: what follows from others' steps."""

_TARGETS: Mapping[str, str] = {
    "invite": "open",
    "take-back": "taken-back",
    "accept": "accepted",
    "create": "open",
    "lock": "locked",
    "unlock": "open",
    "change-password": "open",
    "reset-password": "open",
    "set-up-second-factor": "open",
    "renew-recovery-codes": "open",
    "remove-second-factor": "open",
    "make": "valid",
    "revoke": "revoked",
    "erase": "erased",
}

ACTIONS = (
    *(*_TARGETS, "signed-in", "sign-in-failed", "locked-out"),
    *("make-webhook", "resume-webhook", "remove-webhook", "retry"),
)
"""What the trail tells of."""

Update = Mapping[str, Mapping[str, Any]]
"""An update as MongoDB takes it: fields and values by operator."""

log = structlog.get_logger(__name__)


def actor_of_account(account: Account) -> Actor:
    """An account as who takes a step."""
    return Actor(account.role, account.state or account.organisation, account.id)


def first_step(
    action: str, actor: Actor, now: datetime, reason: str | None = None
) -> dict[str, Any]:
    """The fields of a new document whose history begins with this step."""
    step = _step(action, None, actor, now, reason)
    return {"number": 1, "history": [step], "audited": 0, "unaudited_since": now}


def with_step(
    update: Update,
    action: str,
    document: Any,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> dict[str, dict[str, Any]]:
    """A MongoDB update of a document that adds a step to its history, too.

    `document` is as it was loaded. `reason` is a code.
    """
    before = document.history[-1].target if document.history else None
    step = _step(action, before, actor, now, reason)
    more = {
        "$push": {"history": step.to_mongo()},
        "$set": {"unaudited_since": now},
        "$inc": {"number": 1},
    }
    names = {**update, **more}
    return {name: {**update.get(name, {}), **more.get(name, {})} for name in names}


def note_attempt(
    action: str,
    record: str | None,
    now: datetime,
    reason: str | None = None,
    actor: Actor | None = None,
) -> None:
    """Note an attempt to sign in to an account, before it is answered; who made it, where known.

    An attempt at an address without an account (None) is written as well, lest the time that
    takes tell who has one; it enters no trail. Raises pymongo's errors.
    """
    who = actor or Actor("unknown")
    note = {
        "record": record,
        "action": action,
        "reason": reason,
        "role": who.role,
        "party": who.party,
        "subject": who.subject,
    }
    leave_notes(current_database(), [note], now, ATTEMPT)


def note_webhook(action: str, webhook_id: str, actor: Actor, now: datetime) -> None:
    """Note that an account has its notifications sent on to a webhook, or no longer; not where to.

    `actor` is the account. Raises pymongo's errors.
    """
    note = {
        "record": actor.subject,
        "action": action,
        "reason": webhook_id,
        "role": actor.role,
        "party": actor.party,
        "subject": actor.subject,
    }
    leave_notes(current_database(), [note], now, WEBHOOK)


def office_code(office: Office) -> str:
    """A role and what it is bound to, as the trail tells what was given: `donor:acme`."""
    bound = office.state or office.organisation or ",".join(office.regions)
    return f"{office.role}:{bound}" if bound else office.role


def catch_up(house: House) -> None:
    """Take what waits for the worker into the trail, so that who reads it misses nothing.

    While the database does not let it, all goes on waiting.
    """
    try:
        house.auditor.catch_up()
    except (PyMongoError, Contention) as error:
        log.warning("audit interrupted", error=type(error).__name__)


def _step(
    action: str, source: str | None, actor: Actor, now: datetime, reason: str | None
) -> Transition:
    return Transition(
        source=source,
        target=_TARGETS[action],
        action=action,
        at=now,
        role=actor.role,
        party=actor.party,
        subject=actor.subject,
        reason=reason,
    )
