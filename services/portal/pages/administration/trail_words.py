"""What the audit trail's codes mean: steps, states, who took a step, and why."""

from collections.abc import Mapping
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from services.portal.pages.frame import ROLE_NAMES
from services.portal.pages.matches.words import ACTIONS as OF_MATCHES
from services.portal.pages.matches.words import REASONS
from services.portal.pages.requests.rows import STEP_NAMES as OF_REQUESTS
from services.portal.pages.wording import country, here, status
from shared.vocabulary.lists import ACTIVITY_STATUSES, STEP_REASONS

ACTIONS: Final[Mapping[str, object]] = {
    **OF_MATCHES,
    **OF_REQUESTS,
    "agree": _l("Agreed"),
    "amend": _l("The entry was changed"),
    "approve": _l("The application was approved"),
    "assemble": _l("The application was put together"),
    "attach": _l("A file was attached"),
    "authenticate": _l("Authenticated"),
    "bar": _l("Barred by an arms embargo"),
    "cancel": _l("Cancelled"),
    "circulate": _l("Circulated"),
    "complete": _l("Completed"),
    "confirm": _l("Confirmed"),
    "cover": _l("Covered"),
    "cover-partly": _l("Partly covered"),
    "detach": _l("A file was taken away"),
    "dismiss": _l("Dismissed"),
    "dissolve": _l("Dissolved"),
    "end": _l("Ended"),
    "endorse": _l("Endorsed"),
    "erase": _l("Contact data were erased"),
    "erase-name": _l("The author's name was erased"),
    "expire": _l("Given back: the time to agree was over"),
    "fail": _l("The approval could not be carried out"),
    "find": _l("Found"),
    "finish": _l("Given back"),
    "hold": _l("Held"),
    "invite": _l("Another State was asked to join"),
    "join": _l("A State joined"),
    "link": _l("Related, not the same"),
    "merge": _l("Merged"),
    "message": _l("A message was written"),
    "offer": _l("Offered"),
    "offer-again": _l("Offered again"),
    "propose": _l("Proposed"),
    "publish": _l("Published"),
    "record": _l("Entered into the register"),
    "refuse": _l("Refused"),
    "reject": _l("Rejected"),
    "remove": _l("Removed"),
    "reopen": _l("Opened again"),
    "reserve": _l("Being made"),
    "resume": _l("Confirmed again"),
    "return": _l("Sent back"),
    "start": _l("Begun"),
    "strike": _l("A message was struck out"),
    "submit": _l("Submitted"),
    "uncover": _l("Not covered any more"),
    "undo": _l("It is being taken back"),
    "widen": _l("More States are asked"),
    "withdraw": _l("Withdrawn"),
}
"""Every step of the registers and the matcher, whichever record takes it."""

NOTED: Final[Mapping[str, object]] = {
    "read": _l("What is confidential was read"),
}
"""What is told of a record besides its steps."""

STATES: Final[Mapping[str, object]] = {
    "approved": _l("Approved"),
    "approving": _l("Being approved"),
    "confirmed": _l("Confirmed"),
    "dismissed": _l("Dismissed"),
    "dissolved": _l("Dissolved"),
    "ended": _l("Ended"),
    "erased": _l("Erased"),
    "held": _l("Held"),
    "kept": _l("Kept"),
    "linked": _l("Related, not the same"),
    "offered": _l("Offered"),
    "open": lazy_pgettext("case", "Open"),
    "refused": _l("Refused"),
    "releasing": _l("Being given back"),
    "removed": _l("Removed"),
    "reserving": _l("Being made"),
    "unconfirmed": _l("Unconfirmed"),
    "undoing": _l("It is being taken back"),
    "unnamed": _l("Nobody named"),
}
"""States that state_names.py and the vocabulary of activities do not name."""

_WHY: Final[Mapping[str, object]] = {
    **REASONS,
    "embargo": _l("An arms embargo bars it."),
    "over": _l("The time for follow-up is over."),
}
"""Why, by codes that no vocabulary has; others name a message, a file or a date."""


def step_name(action: str | None, what: str) -> str:
    """What an entry tells: the step, else what was noted; the code where no words say it."""
    code = action or what
    return str(ACTIONS.get(code) or NOTED.get(code) or code)


def state_name(code: str | None) -> str:
    """A state of a record of any kind; empty for none, the code where no words say it."""
    if not code:
        return ""
    if code in ACTIVITY_STATUSES:
        return ACTIVITY_STATUSES.label(code, here())
    return str(STATES[code]) if code in STATES else status(code)


def who(role: str | None, party: str | None, names: Mapping[str, str]) -> tuple[str, str]:
    """The role that took a step, and for whom: the State or organisation by its name, or nobody."""
    if role is None:
        return "", ""
    named = country(party) if role == "requester" and party else names.get(party or "", party or "")
    return str(ROLE_NAMES.get(role, _("By itself"))), named


def reason_name(code: str | None) -> str:
    """Why, in words; empty for none and for what only its code tells."""
    if code in STEP_REASONS:
        return STEP_REASONS.label(str(code), here())
    return str(_WHY.get(code or "", ""))
