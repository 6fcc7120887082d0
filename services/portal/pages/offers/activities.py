"""Assistance that is planned, under way or done: a list, each by itself, and a form."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, flash, request
from flask_babel import gettext as _

from entraide.client import Answer
from entraide.client.records.offers import ActivityView
from services.portal.pages.asked import code_of, cursor_of, words_of
from services.portal.pages.asking import get, send
from services.portal.pages.choices import countries, labels
from services.portal.pages.finding import names_of
from services.portal.pages.frame import account, for_roles, for_signed_in, go, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.numbers import shown_number
from services.portal.pages.offers import bodies, standing
from services.portal.pages.offers.forms import (
    CHOOSE,
    MISSING,
    PUBLIC,
    ActivityForm,
    typed,
)
from services.portal.pages.offers.listing import SHOWN
from services.portal.pages.offers.parties import owns, whose_of
from services.portal.pages.offers.rows import size_of
from services.portal.pages.recording import (
    BEFORE,
    MAYBE,
    Form,
    make,
)
from services.portal.pages.registered import for_registered
from services.portal.pages.repeating import holds
from services.portal.pages.searching import search
from services.portal.pages.signing import REFUSED
from services.portal.pages.wording import here
from services.portal.services import RefusedError
from shared.ids import new_id
from shared.lifecycle import ASSISTANCE
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.lists import ACTIVITY_STATUSES
from shared.vocabulary.themes import THEMES
from shared.web.problems import forbidden

PAGE = "/activities"
ONE = f"{PAGE}/<string:activity_id>"
_WORDS = ("title", "description")
_CODES = ("country", "theme", "kind", "status")


def install(app: Flask) -> None:
    """Add the pages."""
    both = ["GET", "POST"]
    app.add_url_rule(PAGE, view_func=list_activities)
    app.add_url_rule(f"{PAGE}/new", view_func=new_activity, methods=both)
    app.add_url_rule(ONE, view_func=show_activity)
    app.add_url_rule(f"{ONE}/edit", view_func=edit_activity, methods=both)


@for_signed_in()
def list_activities() -> Response:
    """Activities, a donor's own unless all are asked for."""
    own = account()
    donor = own.role == "donor"
    asked = asked_of(request.args)
    mine = asked["organisation"] is not None
    terms = {"limit": SHOWN, "cursor": cursor_of(request.args), **asked}
    found = search(lambda: get("offers", "/v1/activities", **terms).body)
    statuses = [(code, ACTIVITY_STATUSES.label(code, here())) for code in ACTIVITY_STATUSES.codes()]
    return show(
        "offers/activities.html",
        found.status,
        wide=True,
        away=found.away,
        wrong=found.wrong,
        donor=donor,
        mine=mine,
        rows=[(one, size_of(one, "quantity")) for one in found.items],
        names=names_of(one["organisation"] for one in found.items),
        next=found.next,
        filters=[
            ("country", _("State"), countries()),
            ("status", _("Where it stands"), statuses),
            ("theme", _("Theme"), labels(THEMES)),
            ("kind", _("Kind of help"), labels(KINDS)),
        ],
        filtered=any(
            request.args.get(name) for name in ("country", "status", "theme", "kind", "q")
        ),
    )


def asked_of(args: Mapping[str, str]) -> dict[str, str | None]:
    """What the address of the list asks for: a donor's own unless it asks for those of all."""
    return {
        "organisation": whose_of(account(), args),
        "status": code_of(args, "status", ASSISTANCE.states),
        "country": code_of(args, "country", dict(countries())),
        "theme": code_of(args, "theme", THEMES.codes()),
        "kind": code_of(args, "kind", KINDS.codes()),
        "q": words_of(args),
    }


@for_signed_in()
def show_activity(activity_id: str) -> Response:
    """One activity."""
    found = get("offers", f"/v1/activities/{activity_id}").of(ActivityView)
    names = names_of([found["organisation"]])
    return show(
        "offers/activity.html",
        activity=found,
        donor=names.get(found["organisation"] or "", ""),
        size=size_of(found, "quantity"),
        own=owns(account(), found),
    )


@keeping_typed
@for_roles("donor")
@for_registered
def new_activity() -> Response:
    """A new activity."""
    form = ActivityForm()
    if not form.is_submitted():
        fresh = {"key": new_id(), "status": "ongoing"}
        return _show(ActivityForm(formdata=None, data=fresh), None)
    if not form.validate_on_submit():
        return _show(form, None, REFUSED)
    body = {**_body(form), "organisation": account().organisation}
    if form.problems():
        return _show(form, None, REFUSED)
    making, seen = _making(form), form.version.data
    return make(making, "offers", "/v1/activities", body, form.key.data, seen)


def _making(form: ActivityForm) -> Form:
    def body(stands: Answer) -> dict[str, Any]:
        return {**_kept(stands.body), **_body(form)}

    def says(stands: Answer) -> bool:
        return holds(stands.body, body(stands), bodies.given(body(stands)))

    def save(stands: Answer, seen: str) -> Response:
        form.version.data = seen
        return _save(form, stands, body(stands))

    def maybe() -> Response:
        form.fail(MAYBE)
        form.key.data = new_id()
        return _show(form, None, HTTPStatus.CONFLICT, anew=True)

    def refused(error: RefusedError) -> Response:
        bodies.tell(form, error)
        return _show(form, None, REFUSED)

    def kept(activity_id: str) -> Response:
        flash(_("The activity is registered. Everybody who is signed in sees it."))
        return go(f"{PAGE}/{activity_id}")

    return Form(
        may_change=owns,
        says=says,
        save=save,
        ask=lambda stands: _stale(form, stands, BEFORE),
        maybe=maybe,
        refused=refused,
        kept=kept,
    )


@keeping_typed
@for_roles("donor")
def edit_activity(activity_id: str) -> Response:
    """An activity changed, its state included."""
    stands = get("offers", f"/v1/activities/{activity_id}")
    if not owns(account(), stands.body):
        raise forbidden("You may change activities of your own organisation only.")
    form = ActivityForm()
    if not form.is_submitted():
        data = {**_data(stands.body), "version": stands.etag, "key": new_id()}
        return _show(ActivityForm(formdata=None, data=data), stands)
    if not form.validate_on_submit():
        return _show(form, stands, REFUSED)
    body = {**_kept(stands.body), **_body(form)}
    if form.problems():
        return _show(form, stands, REFUSED)
    return _save(form, stands, body)


def _save(form: ActivityForm, stands: Answer, body: Mapping[str, Any]) -> Response:
    activity_id = stands.body["id"]
    if form.version.data != stands.etag:
        if holds(stands.body, body, bodies.given(body)):
            return go(f"{PAGE}/{activity_id}")
        return _stale(form, stands)
    try:
        send(
            "offers",
            f"/v1/activities/{activity_id}",
            body,
            method="PUT",
            if_match=stands.etag,
        )
    except RefusedError as error:
        if error.stale:
            return _stale(form, get("offers", f"/v1/activities/{activity_id}"))
        if error.status not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
            raise
        bodies.tell(form, error)
        return _show(form, stands, REFUSED)
    flash(_("Saved."))
    return go(f"{PAGE}/{activity_id}")


def _stale(form: ActivityForm, stands: Answer, why: object = None) -> Response:
    changed = _(
        "The activity was changed meanwhile. See what stands now; sending yours replaces it."
    )
    form.fail(why or changed)
    form.version.data = stands.etag
    return _show(form, stands, HTTPStatus.CONFLICT, stale=True)


def _data(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        **{name: activity[name] or "" for name in (*_WORDS, "language", *_CODES)},
        "quantity": shown_number(activity["quantity"]),
        "unit": activity["unit"] or "",
        "amount": shown_number(activity["amount"]),
        "currency": activity["currency"] or "",
        "partners": activity["partners"],
        "public": PUBLIC if activity["public"] else "",
        **bodies.window_data(activity),
    }


def _kept(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form does not ask for and that stays as it is."""
    return {name: activity[name] for name in ("organisation", "donor_country", "external_id")}


def _body(form: ActivityForm) -> dict[str, Any]:
    for name in _WORDS:
        if typed(form[name]) is None:
            form.fail_row(form[name], MISSING)
    for name in _CODES:
        if typed(form[name]) is None:
            form.fail_row(form[name], CHOOSE)
    return {
        **{name: typed(form[name]) for name in (*_WORDS, "language", *_CODES)},
        **bodies.measures(form, form.quantity, form, "quantity"),
        "window": bodies.window_body(form, form.start, form.end),
        "partners": form.partners.data or [],
        "public": typed(form.public) == PUBLIC,
    }


def _show(
    form: ActivityForm,
    stands: Answer | None,
    status: int = HTTPStatus.OK,
    *,
    stale: bool = False,
    anew: bool = False,
) -> Response:
    """`anew` tells that what is sent next makes another activity."""
    activity = None if stands is None else stands.body
    return show(
        "offers/activity_form.html",
        status,
        form=form,
        activity=activity,
        anew=anew,
        now=standing.activity_said(form, activity) if activity and stale else None,
    )
