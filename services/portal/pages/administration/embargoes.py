"""/embargoes: the register of arms embargoes, and what a coordinator says of an entry."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired

from services.portal.pages import asking
from services.portal.pages.asked import code_of, cursor_of
from services.portal.pages.choices import countries
from services.portal.pages.days import read_day
from services.portal.pages.finding import Records, find
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import ROLE_NAMES, account, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.lengths import MOST_SAID, AtMost
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.signing import REFUSED
from services.portal.services import RefusedError
from shared.ids import new_id
from shared.vocabulary.countries import all_countries, countries_in

READERS: Final = ("coordinator", "auditor", "operator")
STATUS_NAMES = {
    "unconfirmed": lazy_gettext("Unconfirmed"),
    "confirmed": lazy_gettext("Confirmed"),
    "ended": lazy_gettext("Ended"),
}
TONES = {"unconfirmed": "warn", "confirmed": "good", "ended": ""}
CHANGES = {
    "record": lazy_gettext("Entered"),
    "amend": lazy_gettext("Changed"),
    "confirm": lazy_gettext("Confirmed"),
    "end": lazy_gettext("Ended"),
}
STALE = lazy_gettext(
    "Somebody changed this entry meanwhile, and nothing was done. See how it stands now, "
    "then send again what you wrote."
)
_SAY_WHY = lazy_gettext("Say why.")


class StepForm(PageForm):
    """Confirming or ending an entry, with why, and the version that it was decided on."""

    reason = TextAreaField(
        lazy_gettext("Why"),
        [InputRequired(_SAY_WHY), AtMost(MOST_SAID)],
    )
    on = StringField(lazy_gettext("Last day on which it is in force; today unless you say"))
    version = HiddenField()
    key = HiddenField()


@for_roles(*READERS)
def embargo_register() -> Response:
    """The entries, the newest first, of one State or state if the address asks for it."""
    asked = asked_of(request.args)
    cursor = cursor_of(request.args)
    found = asking.get("matcher", "/v1/embargoes", limit=50, cursor=cursor, **asked).body
    return show(
        "administration/embargoes.html",
        wide=True,
        found=found,
        asked=asked,
        countries=countries(),
        status_names=STATUS_NAMES,
        tones=TONES,
        may_write=account().role == "coordinator",
    )


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address of the register asks for."""
    return {
        "state": code_of(args, "state", {one.alpha3 for one in all_countries()}),
        "status": code_of(args, "status", STATUS_NAMES),
    }


@for_roles(*READERS)
def embargo_entry(embargo_id: str) -> Response:
    """One entry: what it bars and allows, since when, by which source, and who said so."""
    found = asking.get("matcher", f"/v1/embargoes/{embargo_id}")
    return _shown(found.body, found.etag, StepForm(formdata=None), "confirm", HTTPStatus.OK)


@keeping_typed
@for_roles("coordinator")
def step_embargo(embargo_id: str) -> Response:
    """Confirm an entry, or say that the embargo is over."""
    form, path = StepForm(), f"/v1/embargoes/{embargo_id}"
    step = "end" if request.form.get("step") == "end" else "confirm"
    body: dict[str, Any] = {}
    if form.validate_on_submit():
        body = {"reason": (form.reason.data or "").replace("\r\n", "\n")}
    if step == "end" and (form.on.data or "").strip():
        try:
            body["on"] = read_day(form.on.data or "")
        except ValueError as error:
            form.fail_field(form.on, str(error))
    status = int(REFUSED)
    if not form.problems():
        where = f"{path}/{'end' if step == 'end' else 'confirmation'}"
        try:
            asking.send("matcher", where, body, if_match=form.version.data, key=form.key.data)
        except RefusedError as error:
            status = refused(form, error)
        else:
            flash(_("The entry was confirmed.") if step == "confirm" else _("The embargo ended."))
            return go(f"/embargoes/{embargo_id}")
    found = asking.get("matcher", path)
    return _shown(found.body, found.etag, form, step, status)


def refused(form: PageForm, error: RefusedError) -> int:
    """Put into the form why the register refused; the status of the page that tells it."""
    if error.stale or error.status == HTTPStatus.CONFLICT:
        form.fail(STALE if error.stale else refusal(error))
    elif error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        named = faults(error)
        for name, message in named:
            if name in form:
                form.fail_field(form[name], message)
            else:
                form.fail(message)
        if not named:
            form.fail(refusal(error))
    else:
        raise error
    return error.status


def may_write(country: str) -> bool:
    """Whether the reader is a coordinator of that State."""
    found = account()
    states = {state for region in found.regions for state in countries_in(region)}
    return found.role == "coordinator" and (not found.regions or country in states)


def titles_of(one: Mapping[str, Any]) -> Records:
    """What the requests of an entry's exemptions are called, by id, as far as it is to be had."""
    return find(request_titles=[row["request"] for row in one["exemptions"]])["request_titles"]


def _shown(one: Mapping[str, Any], etag: str, form: StepForm, step: str, status: int) -> Response:
    form.version.data = etag
    form.key.data = new_id() if form.errors else form.key.data or new_id()
    return show(
        "administration/embargo.html",
        status,
        wide=True,
        one=one,
        form=form,
        step=step,
        titles=titles_of(one),
        open=one["status"] != "ended" and may_write(one["country"]),
        changes=[
            {
                "what": CHANGES.get(change["action"], change["action"]),
                "at": datetime.fromisoformat(change["at"]),
                "by": ROLE_NAMES.get(change["role"], change["role"]),
                "reason": change["reason"],
            }
            for change in one["changes"]
        ],
        status_names=STATUS_NAMES,
        tones=TONES,
    )
