"""Points of contact, and how long a confirmation of them lasts."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from shared.registers.records import Contact, ContactedParty
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
