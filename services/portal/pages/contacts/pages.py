"""The points of contact of a State or an organisation: shown, confirmed, changed, erased."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from entraide.client import Answer
from services.portal.house import house
from services.portal.pages import wording
from services.portal.pages.asking import send
from services.portal.pages.choices import languages
from services.portal.pages.contacts.parties import stored as stored_of
from services.portal.pages.forms import EXPIRED, PageForm, RowForm, ticked
from services.portal.pages.frame import account, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.lengths import AtMost
from services.portal.pages.refusals import faults
from services.portal.pages.registered import address_of, register_first
from services.portal.pages.repeating import holds
from services.portal.services import RefusedError
from shared.vocabulary import LANGUAGES

PAGE = "/contacts"
_MOST = 20
_PLACE = re.compile(r"contacts\[(\d{1,6})\]\.?(.*)")
_KEPT = ("no_objection_days", "weekend", "days_off", "days_worked", "name", "type", "country")
"""What a State or an organisation has beside its contacts, and keeps."""
_STALE = _l("The points of contact were changed since you opened this page. This is how they are.")
_WRONG = {
    "email": _l("This is not an e-mail address."),
    "phone": _l("This is no telephone number."),
    "office": _l("Name the office."),
}


class OfficeForm(RowForm):
    """An office to write to."""

    called = _l("Office %(number)s")
    office = StringField(_l("Office"), [AtMost(200)])
    email = StringField(_l("E-mail address"))
    phone = StringField(_l("Telephone"))
    languages = ticked(_l("Languages that are spoken there"))

    def __init__(self, number: int, formdata: Any = None, **values: Any) -> None:
        super().__init__(f"office-{number}-", formdata, **values)
        self.languages.choices = languages()


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule(PAGE, view_func=contact_list)
    app.add_url_rule(f"{PAGE}/edit", view_func=edit_contacts, methods=["GET", "POST"])
    app.add_url_rule(f"{PAGE}/confirm", view_func=confirm_contacts, methods=["POST"])
    app.add_url_rule(f"{PAGE}/erase", view_func=erase_contacts, methods=["POST"])


@for_roles("requester", "donor")
def contact_list() -> Response:
    """The points of contact, and when they were last confirmed."""
    return _shown()


@for_roles("requester", "donor")
def confirm_contacts() -> Response:
    """Say that the points of contact are right as they stand."""
    stored = _stored()
    if stored is not None and PageForm().validate():
        body = {**_body(stored.body), "contacts": stored.body["contacts"]}
        try:
            send(*_where(), body, method="PUT", if_match=request.form.get("etag"))
        except RefusedError as error:
            if not error.stale:
                raise
            return _shown(str(_STALE), error.status)
        flash(_("The points of contact are confirmed as of today."))
    return go(PAGE)


@for_roles("requester", "donor")
def erase_contacts() -> Response:
    """Take all contact data out; that there were some stays on record."""
    if PageForm().validate():
        service, address = _where()
        try:
            send(service, f"{address}/erase-contacts", {}, if_match=request.form.get("etag"))
        except RefusedError as error:
            if not error.stale:
                raise
            return _shown(str(_STALE), error.status)
        flash(_("The points of contact are erased."))
    return go(PAGE)


@keeping_typed
@for_roles("requester", "donor")
def edit_contacts() -> Response:
    """Change the points of contact, and so confirm them."""
    stored = _stored()
    if stored is None and account().role == "donor":
        return register_first()
    known = stored.body["contacts"] if stored else []
    if request.method == "GET":
        offices = [OfficeForm(n, data=_fields(one)) for n, one in enumerate([*known, {}])]
        return _form(offices, stored.etag if stored else "")
    offices = _typed()
    written = [one for one in offices if any(one.data.values())]
    if not PageForm().validate():
        return _form(offices, request.form.get("etag", ""), 422, str(EXPIRED))
    if request.form.get("go") == "add":
        spare = [OfficeForm(len(written), data={})] if len(written) < _MOST else []
        kept = [OfficeForm(n, data=one.data) for n, one in enumerate(written)]
        return _form([*kept, *spare], request.form.get("etag", ""))
    body = {**_body(stored.body if stored else {}), "contacts": [_contact(one) for one in written]}
    try:
        send(*_where(), body, method="PUT", if_match=request.form.get("etag") or None)
    except RefusedError as error:
        if error.stale or error.status == HTTPStatus.PRECONDITION_REQUIRED:  # the first, meanwhile
            now = _stored()
            if now is None or not holds(now.body, {**body, "last_confirmed": _today(body)}):
                etag = now.etag if now else ""
                return _form(offices, etag, error.status, str(_STALE), now.body if now else None)
            return _told_kept(body)
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        fault = _blame(written, error)
        return _form(offices, request.form.get("etag", ""), error.status, fault)
    return _told_kept(body)


def _told_kept(body: Mapping[str, Any]) -> Response:
    """The page, with what has been kept."""
    if body["contacts"]:
        flash(_("The points of contact are kept, and confirmed as of today."))
    else:
        flash(_("There are no points of contact any more. Add one, so that others can write."))
    return go(PAGE)


def _today(body: Mapping[str, Any]) -> str | None:
    """The day of which contacts that are sent now are confirmed; None where there are none."""
    return house().clock().date().isoformat() if body["contacts"] else None


def _where() -> tuple[str, str]:
    """The service and the address of whom the reader acts for."""
    own = account()
    if own.role == "requester":
        return "requests", f"/v1/states/{own.state}"
    return "offers", f"/v1/organisations/{own.organisation}"


def _stored() -> Answer | None:
    return stored_of(*_where())


def _shown(fault: str = "", status: int = HTTPStatus.OK) -> Response:
    stored, own = _stored(), account()
    return show(
        "contacts/show.html",
        status,
        it=stored.body if stored else None,
        etag=stored.etag if stored else "",
        fault=fault,
        bare=PageForm(),
        registering=f"{address_of(own.organisation)}/edit" if own.organisation else None,
        whose=wording.country(own.state) if own.state else None,
    )


def _form(
    offices: list[OfficeForm],
    etag: str,
    status: int = HTTPStatus.OK,
    fault: str = "",
    now: Mapping[str, Any] | None = None,
) -> Response:
    problems = [one for office in offices for one in office.problems()]
    if fault:
        problems.insert(0, ("", fault))
    return show(
        "contacts/edit.html",
        status,
        offices=offices,
        etag=etag,
        now=now,
        problems=problems,
        bare=PageForm(),
    )


def _typed() -> list[OfficeForm]:
    count = request.form.get("offices", "0")
    most = min(int(count), _MOST) if count.isascii() and count.isdigit() else 0
    return [OfficeForm(number, request.form) for number in range(most)]


def _body(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {name: stored[name] for name in _KEPT if name in stored}


def _fields(contact: Mapping[str, Any]) -> dict[str, Any]:
    words = {name: contact.get(name) or "" for name in ("office", "email", "phone")}
    return {**words, "languages": contact.get("languages", [])}


def _contact(form: OfficeForm) -> dict[str, Any]:
    words = {name: (form.data[name] or "").strip() for name in ("office", "email", "phone")}
    known = [code for code in form.data["languages"] or [] if code in LANGUAGES]
    return {
        "office": words["office"],
        "email": words["email"] or None,
        "phone": words["phone"] or None,
        "languages": known,
    }


def _blame(written: list[OfficeForm], error: RefusedError) -> str:
    """Put each fault at its field: `contacts[0].email`; what no office has, empty for nothing."""
    left = ""
    for path, message in faults(error):
        found = _PLACE.fullmatch(path)
        office = written[int(found[1])] if found and int(found[1]) < len(written) else None
        name = found[2] if found else ""
        if office is None:
            left = message
        elif name in _WRONG:
            office.fail_field(office[name], str(_WRONG[name]))
        else:
            office.fail(message)
    return left
