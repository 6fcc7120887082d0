"""Points of contact, and how long a confirmation of them lasts."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.events.outbox import Transition
from shared.registers.records import Contact, ContactedParty
from shared.registers.steps import party_of, subject_of
from shared.web.identity import Identity
from shared.web.problems import invalid_field

CONFIRMATION_LASTS = timedelta(days=365)


def set_contacts(party: ContactedParty, payload: Mapping[str, Any], today: date) -> None:
    """Replace a party's points of contact by the loaded ones, and so confirm them.

    Raises the 422 problem naming `last_confirmed` for a confirmation in the future.
    """
    confirmed = payload["last_confirmed"] or today
    if confirmed > today:
        raise invalid_field("last_confirmed", f"This lies after today, {today}.", "future")
    party.contacts = [Contact(**contact) for contact in payload["contacts"]]
    party.last_confirmed = confirmed if party.contacts else None


def confirmation_due(party: ContactedParty, today: date) -> bool:
    """Whether contacts are missing, or were not confirmed within the last year."""
    confirmed: date | None = party.last_confirmed
    return confirmed is None or today - confirmed > CONFIRMATION_LASTS


def due_condition(today: date) -> dict[str, Any]:
    """Parties whose confirmation is due, as a MongoDB condition: the same rule."""
    latest = datetime.combine(today - CONFIRMATION_LASTS, time(), UTC)
    return {"$or": [{"last_confirmed": None}, {"last_confirmed": {"$lt": latest}}]}


def change_contacts(
    party: ContactedParty, payload: Mapping[str, Any], identity: Identity, now: datetime
) -> None:
    """`set_contacts`, and a step in the party's history where anything of them changed by it."""
    before = (list(party.contacts), party.last_confirmed)
    set_contacts(party, payload, now.date())
    if before != (list(party.contacts), party.last_confirmed):
        named = ("confirm", "confirmed") if party.contacts else ("remove", "unnamed")
        _note(party, *named, identity, now)


def erase_contacts(party: ContactedParty, identity: Identity, now: datetime) -> None:
    """Take out all contact data; what was done when, and all else of the party, stays."""
    if party.contacts:
        party.contacts, party.last_confirmed = [], None
        _note(party, "erase", "erased", identity, now)


def _note(
    party: ContactedParty, action: str, target: str, identity: Identity, now: datetime
) -> None:
    party.history.append(
        Transition(
            source=party.history[-1].target if party.history else None,
            target=target,
            action=action,
            at=now,
            role=identity.role,
            party=party_of(identity),
            subject=subject_of(identity),
        )
    )
