"""Decisions on proposals as pages take them: kept for a minute, taken back, carried out at once."""

import re
from collections.abc import Iterable
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField

from services.portal import deciding
from services.portal.accounts import identity_of
from services.portal.deciding import Wanted
from services.portal.house import house
from services.portal.pages.finding import find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, for_roles, go
from services.portal.pages.lengths import MOST_SAID, AtMost
from shared.ids import new_id
from shared.vocabulary import UnknownCode
from shared.vocabulary.countries import country
from shared.web.identity import covers

QUEUE: Final = "/review"
_KEY = re.compile(r"[0-9a-f]{24}", re.ASCII)
_VERSION = re.compile(r'"[0-9]{1,9}\.[0-9]{1,24}"', re.ASCII)
_BACK = re.compile(r"/review(\?[^#\\\x00-\x20\x7f]{0,500})?(#row-[\w.:-]{1,120})?", re.ASCII)

UNREAD = lazy_gettext(
    "One side cannot be read just now, so this cannot be endorsed. Try again in a moment."
)
WAITS = lazy_gettext("A decision on this proposal waits already. Nothing was done.")
ELSEWHERE = lazy_gettext("A coordinator of this region decides on it.")
FAILURES = {
    "changed": lazy_gettext("The proposal changed before it took effect."),
    "refused": lazy_gettext("It is no longer possible: see the proposal."),
    "gone": lazy_gettext("The proposal is no longer there."),
    "not-yours": lazy_gettext("It is no longer yours to decide."),
    "locked": lazy_gettext("Your account was locked meanwhile."),
    "away": lazy_gettext("The matcher could not be reached for half a day."),
}


class DecideForm(PageForm):
    """A decision on one proposal, with what was seen of it."""

    decision = StringField()
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [AtMost(MOST_SAID)],
    )
    version = HiddenField()
    key = HiddenField()
    country = HiddenField()
    back = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """As ever; and a rejection has its reason."""
        if not super().validate(extra_validators):
            return False
        if self.decision.data not in ("endorse", "reject"):
            self.fail(_("Choose whether to endorse or to reject."))
        elif self.decision.data == "reject" and not self.said():
            self.fail_field(self.reason, _("Say why. The reason stays among coordinators."))
        elif not _VERSION.fullmatch(self.version.data or ""):
            self.fail(_("This page is incomplete. Load it again."))
        return not self.errors

    def said(self) -> str | None:
        """The reason, None for none."""
        return (self.reason.data or "").strip() or None

    def wanted(self, proposal: str) -> Wanted:
        """The decision to be kept."""
        return Wanted(
            proposal=proposal,
            decision="reject" if self.decision.data == "reject" else "endorse",
            reason=self.said(),
            version=self.version.data,
            key=key_of(self.key.data),
            country=country_of(self.country.data),
        )


def key_of(sent: str | None) -> str:
    """The key that a form was made with; a new one for what is none."""
    return sent if sent and _KEY.fullmatch(sent) else new_id()


def country_of(sent: str | None) -> str | None:
    """The country that a form names; None for what is none."""
    try:
        return country(sent or "").alpha3
    except UnknownCode:
        return None


def may_decide(*states: str | None) -> bool:
    """Whether the reader decides on what is of these States, all of them. What others decided on a
    proposal would wait before the matcher refuses it, and nobody else could decide meanwhile."""
    return covers(identity_of(account()), *states)


def is_version(sent: str | None) -> bool:
    """Whether it is the version of a proposal, as a form carries it."""
    return bool(sent and _VERSION.fullmatch(sent))


def back_to(sent: str | None, otherwise: str = QUEUE) -> str:
    """The page of the queue to go back to; `otherwise` for what is none."""
    return sent if sent and _BACK.fullmatch(sent) else otherwise


def unread(proposals: Iterable[str]) -> set[str]:
    """Those of these proposals of which one side at least is not there to be read now."""
    sides = {one: one.partition(".")[::2] for one in proposals}
    found = find(
        request_titles=[asked for asked, _ in sides.values()],
        offer_titles=[offered for _, offered in sides.values()],
    )
    requests, offers = found["request_titles"], found["offer_titles"]
    return {
        one
        for one, (asked, offered) in sides.items()
        if asked not in requests or offered not in offers
    }


def keep(wanted: Wanted) -> bool:
    """Keep a decision for a minute, and say so; False where another waits already."""
    if not deciding.decide_later(account(), wanted, house().clock()):
        return False
    if wanted.decision == "endorse":
        flash(_("Endorsed. It takes effect in a minute; until then you can take it back."))
    else:
        flash(_("Rejected. It takes effect in a minute; until then you can take it back."))
    return True


@for_roles("coordinator")
def take_decision_back(proposal_id: str) -> Response:
    """A decision forgotten that was not carried out yet."""
    if PageForm().validate_on_submit():
        if deciding.take_back(account(), proposal_id, _key_shown(), house().clock()):
            flash(_("Taken back. The proposal waits as before."))
        else:
            flash(_("It cannot be taken back any more: it took effect, or is about to."))
    return go(back_to(request.form.get("back")))


@for_roles("coordinator")
def carry_decision_out(proposal_id: str) -> Response:
    """A decision carried out at once."""
    if PageForm().validate_on_submit():
        outcome = deciding.decide_now(house(), account(), proposal_id, _key_shown())
        said = {
            "done": _("It took effect."),
            "waits": _("The matcher cannot be reached. The decision is kept and tried again."),
            "held": _("It is being carried out."),
            "gave-up": _("It did not take effect. See why below."),
            None: _("There is no such decision any more. It took effect, or was taken back."),
        }
        flash(said[outcome])
    return go(back_to(request.form.get("back")))


@for_roles("coordinator")
def dismiss_decision(proposal_id: str) -> Response:
    """A decision that did not take effect, which its coordinator has seen."""
    if PageForm().validate_on_submit():
        deciding.dismiss(account(), proposal_id, _key_shown())
    return go(back_to(request.form.get("back")))


def _key_shown() -> str:
    """The key of the decision that the page showed: by now another may be there in its place."""
    return request.form.get("key", "")


def said_of(decision: Any) -> str:
    """Why a decision did not take effect."""
    return str(FAILURES.get(decision.failure, FAILURES["refused"]))
