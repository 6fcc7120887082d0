"""What decisions on cases have in common: a form that carries what was seen, and its answer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext, lazy_pgettext
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import Optional

from services.portal.pages.forms import PageForm
from services.portal.pages.frame import go
from services.portal.pages.keeping import give_back
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.numbers import NumberField
from services.portal.pages.refusals import WORDS, faults, why
from services.portal.pages.review.decisions import back_to
from services.portal.pages.signing import REFUSED
from services.portal.services import RefusedError
from shared.ids import new_id

STATUSES = {
    "open": lazy_pgettext("case", "Open"),
    "linked": lazy_gettext("Related, not the same"),
    "dismissed": lazy_gettext("Dismissed"),
    "merged": lazy_pgettext("case", "Merged"),
    "closed": lazy_pgettext("case", "Closed"),
    "confirmed": lazy_gettext("Confirmed"),
    "ended": lazy_gettext("The assistance has ended"),
    "proposed": lazy_pgettext("case", "Proposed"),
    "endorsed": lazy_gettext("Endorsed: the States are asked"),
    "agreed": lazy_gettext("All States agreed"),
    "dissolved": lazy_gettext("Dissolved"),
    "declined": lazy_pgettext("case", "Declined"),
    "left": lazy_pgettext("case", "Left"),
}
"""The states of cases and of members of joint projects, as they are read."""

_CHANGED = lazy_gettext("This changed meanwhile. Look at it as it stands now, then decide again.")


class CaseForm(PageForm):
    """A decision on a case, with the version that it was decided on and a key for repeats."""

    decision = RadioField(lazy_gettext("Your decision"), validate_choice=False)
    quantity = NumberField(lazy_gettext("How much of the line, if not as shown"), [Optional()])
    reason = TextAreaField(
        lazy_gettext("Reason"),
        [AtMost(MOST_SAID)],
    )
    version = HiddenField()
    key = HiddenField()

    def offering(self, choices: list[tuple[str, str]]) -> "CaseForm":
        """The form with what can be decided now."""
        self.decision.choices = choices
        return self

    def said(self) -> str | None:
        """The reason, None for none."""
        return (self.reason.data or "").strip() or None

    def complete(self, needing: frozenset[str]) -> bool:
        """Whether it can be sent: a possible decision, with its reason where it needs one."""
        if not self.validate_on_submit():
            return False
        if self.decision.data not in dict(self.decision.choices or []):
            self.fail_field(self.decision, _("Choose one."))
        elif self.decision.data in needing and self.said() is None:
            self.fail_field(self.reason, _("Say why."))
        return not self.problems()


def decide(
    form: CaseForm,
    etag: str,
    needing: frozenset[str],
    send: Callable[[CaseForm], object],
    shown: Callable[[CaseForm, int], Response],
) -> Response:
    """Send what the form says on the case as it stands now, in the version `etag`; what it lacks,
    or what changed meanwhile, is told on the page.

    Whatever was typed stays in the form, or is given back where there is nothing to decide any
    more. A service that is away becomes the page that says so.
    """
    if request.method != "POST":
        return shown(form, HTTPStatus.OK)
    if _is_repeat(form, etag, send):
        return _decided()
    if not form.decision.choices:
        return give_back(str(WORDS["illegal-transition"]), HTTPStatus.CONFLICT)
    if not form.complete(needing):
        return shown(form, REFUSED)
    try:
        send(form)
    except RefusedError as error:
        if error.stale or error.status == HTTPStatus.CONFLICT:
            form.fail(_CHANGED if error.stale else why(error))
            form.key.data = new_id()
            return shown(form, error.status)
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        named = faults(error)
        for name, fault in named:
            form.fail_field(form[_field(name)], fault)
        if not named:
            form.fail(why(error))
            form.key.data = new_id()
        return shown(form, REFUSED)
    return _decided()


def _is_repeat(form: CaseForm, etag: str, send: Callable[[CaseForm], object]) -> bool:
    """Whether this very decision was carried out already: the form was sent twice.

    One on an earlier version that is possible no more is sent only to learn that: under its key it
    is answered as it was before, and all else is refused by the version.
    """
    possible = form.decision.data in dict(form.decision.choices or [])
    if possible or form.version.data == etag or not form.validate_on_submit():
        return False
    try:
        send(form)
    except RefusedError:
        return False
    return True


def _decided() -> Response:
    flash(_("It was decided."))
    return go(came_from() or request.path)


def came_from() -> str:
    """The page of the queue that the address says to go back to; empty where it says none."""
    return back_to(request.args.get("back"), "")


def _field(name: str) -> str:
    return "quantity" if name in ("amount", "quantity") else "reason"


def filled(form: CaseForm, etag: str) -> CaseForm:
    """The form with what it needs to be sent, as the case is shown now."""
    form.version.data = etag
    form.key.data = form.key.data or new_id()
    return form


def status_name(code: str) -> Any:
    """A state as it is read."""
    return STATUSES.get(code, code)
