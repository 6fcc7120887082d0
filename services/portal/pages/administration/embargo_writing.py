"""/embargoes/new and /embargoes/ID/edit: an entry as a coordinator writes it, exemptions too."""

from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from entraide.client import Answer
from entraide.client.records.matcher import EmbargoView
from services.portal.accounts import identity_of
from services.portal.documents import Account
from services.portal.pages import asking
from services.portal.pages.administration.embargo_form import MOST_EXEMPTIONS, EmbargoForm
from services.portal.pages.administration.embargoes import (
    may_write,
    refused,
    titles_of,
)
from services.portal.pages.finding import find_for_sure
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.pasted import ID, record_in
from services.portal.pages.recording import MAYBE, Form, make
from services.portal.pages.repeating import holds
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here
from services.portal.services import RefusedError
from shared.ids import new_id
from shared.vocabulary.countries import country_name
from shared.web.identity import covered_countries
from shared.web.problems import forbidden

REGISTER: Final = "/v1/embargoes"
_THERE = lazy_gettext(
    "This State and resolution have an entry already. See what stands now; sending yours replaces "
    "it."
)
_GIVEN = ("number", "reason")
"""What an entry says otherwise: new exemptions have got their numbers, reasons are steps."""


@keeping_typed
@for_roles("coordinator")
def new_embargo() -> Response:
    """Enter an embargo on a State of the reader's regions."""
    form = EmbargoForm(frozenset(covered_countries(identity_of(account()))))
    if request.method != "POST":
        return _shown(form, None)
    form.validate_on_submit()
    body = form.body()
    _check_requests(form, ())
    if form.problems():
        return _shown(form, None, REFUSED)
    making, key = _making(form, body), form.key.data
    return make(making, "matcher", REGISTER, body, key, form.version.data)


def _making(form: EmbargoForm, body: Mapping[str, Any]) -> Form:
    def may_change(_reader: Account, one: Mapping[str, Any]) -> bool:
        # State and resolution stay: a form that names others by now is for another entry.
        same = all(_said(one[name]) == _said(body[name]) for name in ("country", "resolution"))
        return same and may_write(one["country"])

    def save(stands: Answer, seen: str) -> Response:
        if not seen:  # it says so already
            return _stands(stands.body["id"])
        return _save(form, stands.body, body, seen)

    def maybe() -> Response:
        form.fail(MAYBE)
        form.key.data = new_id()
        return _shown(form, None, HTTPStatus.CONFLICT, anew=True)

    def ask(stands: Answer) -> Response:
        form.fail(_THERE)
        return _stale(form, stands, HTTPStatus.CONFLICT)

    def refuse(error: RefusedError) -> Response:
        status = refused(form, form.take_rows(error))
        form.key.data = new_id()
        return _shown(form, None, status)

    def kept(embargo_id: str) -> Response:
        flash(_("The embargo was entered. It bars from its first day on."))
        return go(f"/embargoes/{embargo_id}")

    return Form(
        may_change=may_change,
        says=lambda stands: holds(stands.body, body, _GIVEN),
        save=save,
        ask=ask,
        maybe=maybe,
        refused=refuse,
        kept=kept,
    )


@keeping_typed
@for_roles("coordinator")
def edit_embargo(embargo_id: str) -> Response:
    """Change what an entry says; its State and resolution stay."""
    found = asking.get("matcher", f"{REGISTER}/{embargo_id}")
    one = found.of(EmbargoView)
    if not may_write(one["country"]):
        raise forbidden("This is for a coordinator of all regions that it concerns.")
    own = {"country": one["country"], "resolution": one["resolution"]}
    if request.method != "POST":
        form = EmbargoForm(data=_data(one))
        form.version.data = found.etag
        return _shown(form, one)
    form = EmbargoForm()
    form.country.data, form.resolution.data = own["country"], own["resolution"]
    form.validate_on_submit()
    body = form.body()
    _check_requests(form, [row["request"] for row in one["exemptions"]])
    if form.problems():
        return _shown(form, one, REFUSED)
    return _save(form, one, body, form.version.data)


def _save(
    form: EmbargoForm, one: Mapping[str, Any], body: Mapping[str, Any], seen: str | None
) -> Response:
    """Have the entry say what is typed, in the place of what was seen of it."""
    embargo_id = one["id"]
    path = f"{REGISTER}/{embargo_id}"
    try:
        asking.send("matcher", path, body, method="PUT", if_match=seen)
    except RefusedError as error:
        status = refused(form, form.take_rows(error))
        if not error.stale:
            return _shown(form, one, status)
        stands = asking.get("matcher", path)
        if not holds(stands.body, body, _GIVEN):
            return _stale(form, stands, status)
        return _stands(embargo_id)
    flash(_("The entry was changed."))
    return go(f"/embargoes/{embargo_id}")


def _stands(embargo_id: str) -> Response:
    flash(_("The entry stands as you typed it."))
    return go(f"/embargoes/{embargo_id}")


def _said(text: str) -> str:
    """A text however it is spaced or cased, as the register knows a resolution again."""
    return " ".join(text.split()).casefold()


def _stale(form: EmbargoForm, stands: Answer, status: int) -> Response:
    """What was typed and what stands now; sending again is a decision on what stands now."""
    form.version.data = stands.etag
    return _shown(form, stands.body, status, stale=True)


def _data(one: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the form from an entry."""
    return {
        **{name: one[name] for name in ("country", "resolution", "allowed", "source", "stated_on")},
        "start": one["from"],
        "end": one["to"] or "",
        "review_by": one["review_by"] or "",
        "exemptions": [
            {
                **{name: row[name] or "" for name in ("number", "reference", "request")},
                "kinds": row["kinds"],
                "start": row["from"],
                "end": row["to"],
            }
            for row in one["exemptions"]
        ],
    }


def _shown(
    form: EmbargoForm,
    one: Mapping[str, Any] | None,
    status: int = 200,
    *,
    stale: bool = False,
    anew: bool = False,
) -> Response:
    """`anew` tells that what is sent next makes another entry."""
    form.key.data = form.key.data or new_id()
    if len(form.exemptions) < MOST_EXEMPTIONS and len(form.rows()) == len(form.exemptions):
        form.exemptions.append_entry()
    now = one if stale else None
    return show(
        "administration/embargo_form.html",
        status,
        form=form,
        one=one,
        now=now,
        anew=anew,
        titles=titles_of(now) if now else {},
    )


def _check_requests(form: EmbargoForm, known: Collection[str | None]) -> None:
    """Tell of requests that an exemption cannot be for; `known` are those that it was for before.

    Raises AwayError where the register of requests is away and nothing else is wrong.
    """
    named = [(row.request, *record_in(row.request.data or "")) for row in form.rows()]
    for field, kind, _id in named:
        if kind not in ("", "requests"):
            form.fail_row(field, _("Paste the address of a request's page."))
    if form.problems():
        return
    asked = [(field, id_) for field, _kind, id_ in named if id_ and id_ not in known]
    found = find_for_sure("requests", (id_ for _field, id_ in asked if ID.fullmatch(id_)))
    for field, id_ in asked:
        if id_ not in found:
            form.fail_row(field, _("No request is known by this id or address."))
        elif found[id_]["country"] != form.country.data:
            state = country_name(found[id_]["country"], here())
            form.fail_row(field, _("This request is of another State: %(state)s.", state=state))
