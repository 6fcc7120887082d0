"""What pages of matches call the steps, what waits for whom, and what a service refuses."""

from collections.abc import Mapping

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from services.portal.pages import refusals
from services.portal.pages.frame import ROLE_NAMES
from services.portal.pages.wording import country, told
from services.portal.services import RefusedError

ACTIONS: Mapping[str, object] = {
    "endorse": lazy_gettext("Endorsed by a coordinator"),
    "reject": lazy_gettext("Rejected by a coordinator"),
    "donor-agree": lazy_gettext("The donor agreed"),
    "state-agree": lazy_gettext("The State agreed"),
    "agree": lazy_gettext("Both sides have agreed"),
    "decline": lazy_gettext("Declined"),
    "lapse": lazy_gettext("Lapsed: no answer came in time"),
    "reconsider": lazy_gettext("The State is asked again: the conditions changed"),
    "reconsider-agreed": lazy_gettext("The State is asked again: the conditions changed"),
    "fall": lazy_gettext("No longer possible"),
    "reopen": lazy_gettext("Open for review again"),
    "commit": lazy_gettext("Assistance was committed"),
    "release": lazy_gettext("What was committed was given back"),
    "start": lazy_gettext("Delivery began"),
    "deliver": lazy_gettext("All was delivered"),
    "follow-up": lazy_gettext("The State is asked whether the need was met"),
    "close": lazy_gettext("Closed"),
    "accept": lazy_gettext("The State accepted the conditions"),
    "report": lazy_gettext("Figures were reported"),
    "remind": lazy_gettext("A reminder was sent"),
    "warn": lazy_gettext("An exemption from the arms embargo ends soon"),
    "ask": lazy_gettext("The State was asked whether the need was met"),
    "assess": lazy_gettext("The State said whether the need was met"),
    "reply": lazy_gettext("The donor replied"),
}
"""Each entry of a match's history."""

WAITS: Mapping[str, object] = {
    "answer": lazy_gettext("Your answer"),
    "conditions": lazy_gettext("Conditions to accept"),
    "commit": lazy_gettext("Assistance to be committed"),
    "start": lazy_gettext("Delivery to be started"),
    "report": lazy_gettext("Figures to report"),
    "deliver": lazy_gettext("To say when all is delivered"),
    "assess": lazy_gettext("Follow-up: was the need met?"),
    "reply": lazy_gettext("The State's assessment, to reply to"),
}
"""What a match waits for from its reader."""

REASONS: Mapping[str, object] = {
    "silence": lazy_gettext("No answer came in time."),
    "conditions-changed": lazy_gettext("The offer's conditions changed."),
    "conditions-refused": lazy_gettext("Conditions of the offer were refused."),
    "request-withdrawn": lazy_gettext("The request was withdrawn."),
    "request-closed": lazy_gettext("The request was closed."),
    "request-merged": lazy_gettext("The request was merged into another."),
    "request-gone": lazy_gettext("The request is no longer there."),
    "offer-withdrawn": lazy_gettext("The offer was withdrawn."),
    "offer-closed": lazy_gettext("The offer was closed."),
    "offer-merged": lazy_gettext("The offer was merged into another."),
    "offer-gone": lazy_gettext("The offer is no longer there."),
    "months-3": lazy_gettext("3 months after delivery"),
    "months-12": lazy_gettext("12 months after delivery"),
}
"""Codes in a history that say why."""

STALE = lazy_gettext(
    "This match changed while you had the page open, so nothing was done. "
    "It is shown as it stands now; what you typed is kept below."
)

SHORTAGES: Mapping[str, object] = {
    "request": lazy_gettext(
        "Nothing was committed. Left of need line %(line)s: %(left)s; asked: %(asked)s."
    ),
    "offer": lazy_gettext(
        "Nothing was committed. Left of line %(line)s of the offer: %(left)s; asked: %(asked)s."
    ),
    "call": lazy_gettext(
        "Nothing was committed. Left in the call's fund: %(left)s; asked: %(asked)s."
    ),
    "project": lazy_gettext(
        "Nothing was committed. What the call may still give this project: %(left)s; "
        "asked: %(asked)s."
    ),
    "alliance": lazy_gettext(
        "Nothing was committed. Left of what the alliance needs in common: %(left)s; "
        "asked: %(asked)s."
    ),
}
"""Of which line there is too little: `not-enough-left` with its `shortage`."""

PLEDGED = lazy_gettext(
    "Nothing was committed. The donor pledged %(pledged)s of line %(line)s of the offer; "
    "with this it would be %(asked)s."
)
NOT_PLEDGED = lazy_gettext(
    "Nothing was committed. The donor pledged other lines of the offer, "
    "and nothing of line %(line)s."
)
"""Of which line more would be given than the donor pledged: `above-pledge`."""

JOINING_ROLES: Mapping[str, object] = {
    "partner": lazy_gettext("Partner"),
    "implementer": lazy_gettext("Implementer"),
    "expertise": lazy_gettext("Expertise"),
    "funder": lazy_gettext("Funder"),
}
JOINING_STATUSES: Mapping[str, object] = {
    "offered": lazy_gettext("Offered"),
    "donor-agreed": lazy_gettext("Agreed by the donor"),
    "state-agreed": lazy_gettext("Agreed by the State"),
    "agreed": lazy_gettext("Takes part"),
    "declined": lazy_gettext("Declined"),
    "withdrawn": lazy_gettext("Withdrawn"),
}
COMMITMENT_STATUSES: Mapping[str, object] = {
    "reserving": lazy_gettext("Being made"),
    "held": lazy_gettext("Held"),
    "undoing": lazy_gettext("An attempt to commit that was not possible"),
    "refused": lazy_gettext("An attempt to commit that was not possible"),
    "releasing": lazy_gettext("Given back"),
    "released": lazy_gettext("Given back"),
}
NEVER_MADE = frozenset({"undoing", "refused"})
"""States of commitments that never held anything: coordinators tried, to the parties nothing was
done."""


def who(role: str, party: str | None, names: Mapping[str, str]) -> str:
    """Who took a step: a State or organisation by its name, else the role."""
    if role == "requester" and party:
        return country(party)
    if role == "donor" and party:
        return names.get(party, party)
    return str(ROLE_NAMES.get(role, _("By itself")))


def why(reason: str | None) -> str:
    """A code of a history as it is read; empty for none, and for one that only the code tells."""
    return str(REASONS.get(reason or "", ""))


def refusal(error: RefusedError) -> str:
    """Why a service refused, in the reader's language."""
    if error.stale:
        return str(STALE)
    return (
        shortage_said(error.problem.get("shortage"))
        or because_said(error.problem.get("because"))
        or refusals.refusal(error)
    )


def because_said(because: object) -> str | None:
    """Why nothing was committed, by what the matcher tells of it; None where it tells nothing that
    is known here."""
    if not isinstance(because, Mapping):
        return None
    if because.get("code") == "above-pledge" and "pledged" in because:
        words = PLEDGED if because["pledged"] else NOT_PLEDGED
        facts = {
            name: told(because[name], because["measure"], because["unit"])
            for name in ("pledged", "asked")
        }
        return str(words) % {"line": because["line"], **facts}
    known = refusals.WORDS.get(str(because.get("code")))
    return None if known is None else str(known)


def shortage_said(short: object) -> str | None:
    """What a line had too little of, in numbers; None where that is not told."""
    if not isinstance(short, Mapping) or short.get("side") not in SHORTAGES or "left" not in short:
        return None
    facts = {name: told(short[name], short["measure"], short["unit"]) for name in ("asked", "left")}
    return str(SHORTAGES[short["side"]]) % {"line": short["line"], **facts}
