"""The rules of the register of requests: who may do what when, and what a request holds.

No I/O: everything here works on documents that were loaded, or were never stored.
"""

from services.requests.domain.advice import advice_for
from services.requests.domain.calendars import add_working_days, working_days_of
from services.requests.domain.endorsements import (
    ENDORSING,
    endorse,
    require_endorser,
    show_endorsement,
    withdraw_endorsement,
)
from services.requests.domain.requests import (
    actor_for,
    change_request,
    confirm_needs,
    may_read,
    new_request,
    require_action,
)
from services.requests.domain.states import erase_state_contacts, set_state
from services.requests.domain.steps import (
    authenticate,
    circulate,
    circulate_if_due,
    end,
    objection_ends,
    rename_published,
    send_back,
    settle,
    submit,
)

__all__ = [
    "ENDORSING",
    "actor_for",
    "add_working_days",
    "advice_for",
    "authenticate",
    "change_request",
    "circulate",
    "circulate_if_due",
    "confirm_needs",
    "end",
    "endorse",
    "erase_state_contacts",
    "may_read",
    "new_request",
    "objection_ends",
    "rename_published",
    "require_action",
    "require_endorser",
    "send_back",
    "set_state",
    "settle",
    "show_endorsement",
    "submit",
    "withdraw_endorsement",
    "working_days_of",
]
