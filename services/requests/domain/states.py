"""What is kept of a State: its points of contact, and how it lets requests be circulated."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.requests.documents import WEEKDAYS, State
from services.requests.domain.requests import actor_for
from shared.registers.contacts import change_contacts, erase_contacts
from shared.web.identity import Identity
from shared.web.problems import forbidden


def set_state(state: State, payload: Mapping[str, Any], identity: Identity, now: datetime) -> None:
    """Replace a State's points of contact by a loaded `StateBody`, and so confirm them.

    Raises the 403 problem for another State's, the 422 problem for a confirmation in the future.
    """
    _require_own(state, identity)
    change_contacts(state, payload, identity, now)
    state.no_objection_days = payload["no_objection_days"]
    weekend = payload["weekend"]
    state.weekend = None if weekend is None else sorted(set(weekend), key=WEEKDAYS.index)
    state.days_off = sorted(set(payload["days_off"]))
    state.days_worked = sorted(set(payload["days_worked"]))


def erase_state_contacts(state: State, identity: Identity, now: datetime) -> None:
    """Take out a State's contact data; raises the 403 problem for another State's."""
    _require_own(state, identity)
    erase_contacts(state, identity, now)


def _require_own(state: State, identity: Identity) -> None:
    if actor_for(identity, state.id) not in {"owner", "operator"}:
        raise forbidden("Only the State itself or the operator may change its points of contact.")
