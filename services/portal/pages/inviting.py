"""Pages of invitations: accepting one; making and taking them back, for coordinators."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, flash, request
from flask_babel import get_locale
from flask_babel import gettext as _
from mongoengine import Q

from services.portal import invitations
from services.portal.accounts import (
    LinkUsedError,
    PasswordRefusedError,
    identity_of,
    office_of,
)
from services.portal.api_tokens import own_reader
from services.portal.documents import Invitation
from services.portal.domain.people import (
    ORGANISATION_ID,
    Office,
    email_of,
    managed_roles,
    may_manage,
    name_of,
    office_faults,
)
from services.portal.house import house
from services.portal.made_once import MadeAlreadyError
from services.portal.pages.asked import cursor_of
from services.portal.pages.finding import names_of
from services.portal.pages.forms import PASSWORD_FAULTS, AcceptForm, InvitationForm, PageForm
from services.portal.pages.frame import (
    ROLE_NAMES,
    SIGN_IN,
    account,
    drop_session,
    for_signed_in,
    go,
    page,
    show,
)
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.organisations import NONE_SUCH, named, offered, which_of
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import isolated
from services.portal.services import ask
from services.portal.trail import actor_of_account
from shared.ids import new_id
from shared.registers.actors import actor_of
from shared.web.identity import ROLES, covered_countries
from shared.web.problems import forbidden, not_found

INVITATIONS = "/invitations"
_SHOWN = 100


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule("/invitation/<string:secret>", view_func=accept, methods=both)
    app.add_url_rule(INVITATIONS, view_func=invite, methods=both)
    app.add_url_rule(
        f"{INVITATIONS}/<string:invitation_id>/take-back", view_func=take_back, methods=["POST"]
    )


@page
def accept(secret: str) -> Response:
    """A new account, by a link that works once."""
    form, status, now = AcceptForm(), HTTPStatus.OK, house().clock()
    try:
        invitation = invitations.invitation_of(house(), secret, now)
        if form.validate_on_submit():
            name, language = name_of(form.name.data) or "", str(get_locale() or "en")
            try:
                invitations.accept(house(), secret, name, form.password.data, language, now)
            except PasswordRefusedError as error:
                form.fail_field(form.password, PASSWORD_FAULTS[error.fault])
                status = REFUSED
            except invitations.HasAccountError:
                form.fail(_("There is an account with this address already: sign in with it."))
                status = REFUSED
            else:
                answer = drop_session(go(SIGN_IN))
                flash(_("Your account is ready. Sign in."))
                return answer
        elif form.is_submitted():
            status = REFUSED
    except LinkUsedError:
        return show("link_used.html", HTTPStatus.GONE)
    names = _names_for(invitation)
    return show("invitation.html", status, form=form, invitation=invitation, names=names)


@keeping_typed
@for_signed_in()
def invite() -> Response:
    """Those who were invited, and a form for one more."""
    own = identity_of(account())
    allowed = managed_roles(own)
    if not allowed:
        raise forbidden("Only coordinators and operators invite.")
    roles = [(role, ROLE_NAMES[role]) for role in ROLES if role in allowed]
    form = InvitationForm(roles, covered_countries(own), own.regions)
    status, now = HTTPStatus.OK, house().clock()
    if form.validate_on_submit():
        office = Office(
            form.role.data,
            form.state.data or None,
            _organisation_of(form),
            tuple(form.regions.data),
        )
        if _fits(form, office) and not may_manage(own, office):
            form.fail(_("You may not invite to this role with these bindings."))
        if not form.problems():
            email = email_of(form.email.data) or ""
            try:
                # Sent once more, the form is answered as it was: what it asked for is done.
                with suppress(MadeAlreadyError):
                    invitations.invite(
                        house(),
                        email,
                        form.language.data,
                        office,
                        actor_of(own),
                        now,
                        form.key.data,
                    )
            except invitations.OwnMailboxError:
                form.fail_field(form.email, _("This seems to be another address of your own."))
            except invitations.HasAccountError:
                form.fail_field(form.email, _("This address has an account already."))
            else:
                flash(_("An invitation is on its way to %(email)s.", email=email))
                return go(INVITATIONS)
        status = REFUSED
    elif form.is_submitted():
        status = REFUSED
    form.key.data = form.key.data or new_id()
    cursor = cursor_of(request.args)
    seen = (one for one in _newest(cursor) if may_manage(own, office_of(one)))
    found = list(islice(seen, _SHOWN + 1))
    listed = [(one, invitations.status_of(one, now)) for one in found[:_SHOWN]]
    return show(
        "invitations.html",
        status,
        form=form,
        listed=listed,
        next=found[_SHOWN - 1].id if len(found) > _SHOWN else None,
        cursor=cursor,
        names=names_of(one.organisation for one, _status in listed),
        donors="donor" in allowed,
        organisations=offered() if "donor" in allowed else [],
        bare=PageForm(),
    )


@for_signed_in()
def take_back(invitation_id: str) -> Response:
    """An invitation taken back."""
    invitation = Invitation.objects(id=invitation_id).first()
    if invitation is None or not may_manage(identity_of(account()), office_of(invitation)):
        raise not_found("invitation")
    if PageForm().validate_on_submit():
        if invitations.revoke(invitation, actor_of_account(account()), house().clock()):
            flash(_("The invitation was taken back."))
        else:
            flash(_("The invitation was accepted before."))
    cursor = cursor_of(request.args)  # back to that page of the list
    return go(INVITATIONS if cursor is None else f"{INVITATIONS}?{urlencode({'cursor': cursor})}")


def _newest(cursor: str | None) -> Any:
    """All invitations, the newest first; after that whose id is the cursor, if there is such."""
    found = Invitation.objects.order_by("-created_at", "id").no_cache()
    last = None if cursor is None else Invitation.objects(id=cursor).only("created_at").first()
    if last is None:
        return found
    at = last.created_at
    return found.filter(Q(created_at__lt=at) | Q(created_at=at, id__gt=last.id))


def _names_for(invitation: Invitation) -> dict[str, str]:
    """The name of the organisation that an invitation is for, by its id, if it is to be had.

    Who opens the link has no account yet in whose name to ask: the portal asks in its own, for
    nothing but what the invitation is bound to.
    """
    if not invitation.organisation:
        return {}
    reader = replace(own_reader(house(), "auditor", "offers:read"), patient=False)
    wanted = ask("offers", "/v1/organisations", id=[invitation.organisation], limit=1)
    found = house().services.look_up(reader, {"one": wanted})
    every = [one for answer in found.values() for one in answer.body["items"]]
    return {str(one["id"]): str(one["name"]) for one in every}


def _organisation_of(form: InvitationForm) -> str | None:
    """The id of the organisation that was named; tells the form where that is not one.

    What is no name is the id of one that is not registered yet, as its own donor will do: asked
    about once, for a name that was mistyped may look like one.
    """
    text = (form.organisation.data or "").strip()
    if not text or form.role.data != "donor":
        return text or None
    found = named(text)
    if len(found) > 1:
        form.fail_field(form.organisation, which_of(found))
        return None
    if not found and not ORGANISATION_ID.fullmatch(text):
        form.fail_field(form.organisation, NONE_SUCH)
        return None
    if not found and form.unregistered.data != text:
        form.unregistered.data = text
        message = _(
            "Nobody is registered as %(name)s. Send this once more to use it as a new id.",
            name=isolated(text),
        )
        form.fail_field(form.organisation, message)
        return None
    return found[0] if found else text


def _fits(form: InvitationForm, office: Office) -> bool:
    messages = {
        "state": (form.state, _("A requesting State's account acts for one State.")),
        "organisation": (form.organisation, _("A donor's account acts for one organisation.")),
        "regions": (form.regions, _("Choose among the regions shown.")),
        "unbound": (form.role, _("This role is not bound to what you filled in below.")),
    }
    faults = office_faults(office)
    for fault in faults:
        if fault in messages:
            form.fail_field(*messages[fault])
    return not faults
