"""An organisation registered, or its name, kind and country changed: by a donor or an operator."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from entraide.client import Answer
from services.portal.domain.people import ORGANISATION_ID
from services.portal.pages.asking import send
from services.portal.pages.choices import countries, labels
from services.portal.pages.contacts.pages import PAGE as CONTACTS
from services.portal.pages.contacts.parties import stored
from services.portal.pages.forms import PageForm
from services.portal.pages.frame import account, asked_next, for_roles, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.lengths import AtMost
from services.portal.pages.refusals import faults, refusal
from services.portal.pages.registered import PAGE, address_of, may_register
from services.portal.pages.repeating import holds
from services.portal.pages.selects import SelectField
from services.portal.pages.signing import REFUSED
from services.portal.services import RefusedError
from shared.vocabulary.lists import DONOR_TYPES
from shared.web.problems import forbidden, not_found

_STALE = _l(
    "The organisation was changed meanwhile. See what stands now; sending yours replaces it."
)
_NO_CHOICE = ("", "—")


class OrganisationForm(PageForm):
    """What an organisation is; `version` is the one that was seen, empty where there was none."""

    name = StringField(_l("Name"), [InputRequired(_l("Fill this in.")), AtMost(200)])
    type = SelectField(_l("Kind of donor"), [InputRequired(_l("Choose one."))])
    country = SelectField(_l("Country"))
    version = HiddenField()

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.type.choices = [_NO_CHOICE, *labels(DONOR_TYPES)]
        self.country.choices = [_NO_CHOICE, *countries()]


def install(app: Flask) -> None:
    """Add the page."""
    address = f"{PAGE}/<string:organisation_id>/edit"
    app.add_url_rule(address, view_func=edit_organisation, methods=["GET", "POST"])


@keeping_typed
@for_roles("donor", "operator")
def edit_organisation(organisation_id: str) -> Response:
    """Register an organisation, or change what it is; its points of contact stay."""
    if not ORGANISATION_ID.fullmatch(organisation_id):
        raise not_found("organisation")
    if not may_register(account(), organisation_id):
        raise forbidden("You may change your own organisation only.")
    stands = stored("offers", f"/v1/organisations/{organisation_id}")
    form = OrganisationForm()
    if not form.is_submitted():
        return _show(OrganisationForm(formdata=None, data=_data(stands)), organisation_id, stands)
    if not form.validate_on_submit():
        return _show(form, organisation_id, stands, REFUSED)
    return _save(form, organisation_id, stands)


def _save(form: OrganisationForm, organisation_id: str, stands: Answer | None) -> Response:
    body = {
        "name": form.name.data,
        "type": form.type.data,
        "country": form.country.data or None,
    }
    path = f"/v1/organisations/{organisation_id}"
    whole = {**_contacts(stands), **body}
    try:
        send("offers", path, whole, method="PUT", if_match=form.version.data or None)
    except RefusedError as error:
        if error.stale or error.status == HTTPStatus.PRECONDITION_REQUIRED:  # the first, meanwhile
            now = stored("offers", path)
            if now is None or not holds(now.body, body):
                return _stale(form, organisation_id, now)
        elif error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            _tell(form, error)
            return _show(form, organisation_id, stands, REFUSED)
        else:
            raise
    flash(_("The organisation is registered.") if stands is None else _("Saved."))
    own = account().role == "donor"
    return go(asked_next() or (CONTACTS if own else address_of(organisation_id)))


def _stale(form: OrganisationForm, organisation_id: str, now: Answer | None) -> Response:
    """What was typed and what stands now; sending again is a decision on what stands now."""
    form.fail(_STALE)
    form.version.data = now.etag if now else ""
    return _show(form, organisation_id, now, HTTPStatus.CONFLICT, stale=True)


def _tell(form: OrganisationForm, error: RefusedError) -> None:
    for path, message in faults(error) or [("", refusal(error))]:
        if path in ("name", "type", "country"):
            form.fail_field(form[path], message)
        else:
            form.fail(message)


def _contacts(stands: Answer | None) -> Mapping[str, Any]:
    """The points of contact as they are, and confirmed when they were."""
    if stands is None:
        return {}
    return {name: stands.body[name] for name in ("contacts", "last_confirmed")}


def _data(stands: Answer | None) -> Mapping[str, Any]:
    if stands is None:
        return {}
    words = {name: stands.body[name] or "" for name in ("name", "type", "country")}
    return {**words, "version": stands.etag}


def _show(
    form: OrganisationForm,
    organisation_id: str,
    stands: Answer | None,
    status: int = HTTPStatus.OK,
    *,
    stale: bool = False,
) -> Response:
    return show(
        "contacts/organisation.html",
        status,
        form=form,
        organisation=organisation_id,
        it=stands.body if stands else None,
        stale=stale,
    )
