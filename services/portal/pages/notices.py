"""The pages of one's notifications: a list, each by itself, and what of them comes by mail."""

from datetime import datetime
from http import HTTPStatus

from flask import Flask, Response, flash, request
from flask_babel import get_locale, lazy_gettext
from flask_babel import gettext as _

from services.portal.changes import version_at
from services.portal.domain.telling import MAILS
from services.portal.house import house
from services.portal.note_documents import Followed, Notification
from services.portal.note_letters import CHOICES, NOTIFICATIONS, said_of
from services.portal.own_notes import moment_of
from services.portal.pages.asked import cursor_of
from services.portal.pages.contacts.pages import PAGE as CONTACTS
from services.portal.pages.finding import sides_of
from services.portal.pages.forms import MailChoices, PageForm, mail_form
from services.portal.pages.frame import account, for_signed_in, go, goes_to, show
from services.portal.pages.keeping import keeping_typed
from services.portal.pages.me import TOKENS
from services.portal.pages.signing import REFUSED
from services.portal.pages.told_about import told_about
from services.portal.reading import (
    choices_of,
    choose,
    mark_all_read,
    mark_read,
    notifications_of,
)
from services.portal.sentences import kind_name
from shared.web.paging import page
from shared.web.problems import not_found

PAGE, CHOICES_PAGE = f"/{NOTIFICATIONS}", f"/{CHOICES}"
_SHOWN = 30
_PLACES = {
    "request": "/requests",
    "offer": "/offers",
    "match": "/matches",
    "commitment": "/commitments",
    "alliance": "/alliances",
    "duplicate": "/duplicates",
    "coverage": "/coverage",
    "embargo": "/embargoes",
}
"""Where records have pages, by their type."""
_OWN_PLACES = {"state": CONTACTS, "organisation": CONTACTS, "token": TOKENS}
"""Where one's own has a page that names no record."""
_OPENS = {
    "request": lazy_gettext("Open the request"),
    "offer": lazy_gettext("Open the offer"),
    "match": lazy_gettext("Open the match"),
    "commitment": lazy_gettext("Open the commitment"),
    "alliance": lazy_gettext("Open the joint project"),
    "duplicate": lazy_gettext("Open the case"),
    "coverage": lazy_gettext("Open the case"),
    "embargo": lazy_gettext("Open the embargo"),
    "state": lazy_gettext("Open the points of contact"),
    "organisation": lazy_gettext("Open the points of contact"),
    "token": lazy_gettext("Open the API tokens"),
}
_MAILS = {
    "now": lazy_gettext("At once"),
    "digest": lazy_gettext("Once a day"),
    "none": lazy_gettext("Not by mail"),
}


def install(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule(PAGE, view_func=notifications)
    app.add_url_rule(f"{PAGE}/read", view_func=read_notifications, methods=["POST"])
    app.add_url_rule(CHOICES_PAGE, view_func=mail_choices, methods=["GET", "POST"])
    app.add_url_rule(f"{PAGE}/<string:note_id>", view_func=notification)


@for_signed_in()
def notifications() -> Response:
    """What one was told, the newest first."""
    cursor = cursor_of(request.args)
    found = page(
        notifications_of(account().id), {"limit": _SHOWN, "cursor": cursor}, lambda note: note
    )
    about = told_about(found["items"])
    listed = [(note, _said(note), about[note.id], _version(note)) for note in found["items"]]
    newest = found["items"][0].created_at if listed else None
    return show(
        "notifications.html",
        listed=listed,
        older=found["next"],
        until=None if newest is None else newest.isoformat(),
        bare=PageForm(),
    )


@for_signed_in()
def read_notifications() -> Response:
    """All that was shown marked as read, not what came since."""
    if PageForm().validate_on_submit():
        try:
            until = datetime.fromisoformat(request.form.get("until", ""))
            aware = until.tzinfo is not None
        except ValueError:
            aware = False
        if aware:
            mark_all_read(account().id, until, house().clock())
            flash(_("All is marked as read."))
    return go(PAGE)


@for_signed_in()
def notification(note_id: str) -> Response:
    """One notification, which is read thereby."""
    note = Notification.objects(id=note_id, account=account().id).first()
    if note is None:
        raise not_found("notification")
    mark_read(account().id, [note.id], house().clock())
    opened, opens = _way(note)
    about = told_about([note])[note.id]
    return show(
        "notification.html",
        note=note,
        said=_said(note),
        kind=_kind(note.kind),
        record=opened,
        sides=about or sides_of(note.record_type, [note.record])[note.record],
        opens=opens,
        shows_id=note.record_type not in {*_OPENS, "joining"},
    )


def _way(note: Notification) -> tuple[str | None, object]:
    """The page that it leads to, and what the way there is called; None where there is no page."""
    kind = note.record_type
    if kind == "joining":
        return _way_to_joining(note.record)
    # States are warned of exemptions that end, and have no register of embargoes to open.
    if kind not in _OPENS or (kind == "embargo" and not goes_to(_PLACES[kind])):
        return None, None
    return _OWN_PLACES.get(kind) or f"{_PLACES[kind]}/{note.record}", _OPENS[kind]


def _way_to_joining(record: str) -> tuple[str | None, object]:
    """For who offered to join, its own offer; for others, all those of the proposal."""
    known = Followed.objects(id=f"joining:{record}").only("match", "joins").first()
    if known is None or known.match is None:
        return None, None
    place = f"{_PLACES['match']}/{known.match}"
    if account().role == "donor" and account().organisation == known.joins:
        return f"{place}/join", lazy_gettext("Open your offer to join")
    return f"{place}#joinings", _OPENS["match"]


@keeping_typed
@for_signed_in()
def mail_choices() -> Response:
    """Which kinds come by mail, and when."""
    own = account()
    chosen = choices_of(own)
    form = mail_form(
        MailChoices(
            names={kind: _kind(kind) for kind in chosen},
            mails=[(mail, _MAILS[mail]) for mail in MAILS],
            chosen=chosen,
        )
    )
    if form.validate_on_submit():
        choose(own, {kind: form[kind].data for kind in chosen})
        flash(_("What you get by mail was changed."))
        return go(CHOICES_PAGE)
    status = REFUSED if form.is_submitted() else HTTPStatus.OK
    return show("mail_choices.html", status, form=form, kinds=list(chosen))


def _version(note: Notification) -> str:
    return version_at(moment_of(note.created_at, note.read_at))


def _said(note: Notification) -> str:
    return said_of(note, str(get_locale() or "en"))


def _kind(kind: str) -> str:
    return kind_name(str(get_locale() or "en"), kind)
