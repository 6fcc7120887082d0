"""Notifications over HTTP: one's own, and what of them one wants by mail."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.portal.documents import Account
from services.portal.domain.telling import KINDS
from services.portal.house import house
from services.portal.note_documents import Notification
from services.portal.note_letters import address_of, said_of
from services.portal.note_schemas import (
    ChoicesBody,
    ChoicesView,
    NotificationPage,
    NotificationQuery,
    ReadBody,
    UnreadView,
)
from services.portal.reading import (
    choices_of,
    choose,
    mark_all_read,
    mark_read,
    notifications_of,
    unread,
)
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity
from shared.web.languages import reading_language
from shared.web.marks import answers
from shared.web.paging import page
from shared.web.problems import not_found

blueprint = Blueprint(
    "notifications",
    __name__,
    url_prefix="/v1/notifications",
    description="What you are told of: each step once, in codes and in a sentence, never in texts.",
)

_NO_ACCOUNT = "The caller has no account here: the token is another issuer's"


@blueprint.route("")
class Notifications(MethodView):
    """The caller's notifications."""

    @blueprint.arguments(NotificationQuery, location="query")
    @blueprint.response(200, NotificationPage)
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List your notifications, the newest first; all, unread ones, or those since a time."""
        me = current_identity().subject
        language = reading_language(args["language"])
        found = notifications_of(me, args["since"], new=args["unread"])
        listed = page(found, args, lambda note: _view(note, language))
        return {**listed, "unread": unread(me)}


@blueprint.route("/read", methods=["POST"])
@blueprint.arguments(ReadBody)
@blueprint.response(200, UnreadView)
def read(body: dict[str, Any]) -> dict[str, Any]:
    """Mark notifications of yours as read: those named, or all that you were told by a time."""
    me, now = current_identity().subject, house().clock()
    if body["until"] is not None:
        mark_all_read(me, body["until"], now)
    mark_read(me, body["ids"], now)
    return {"unread": unread(me)}


@blueprint.route("/choices")
class Choices(MethodView):
    """What the caller wants by mail. In the portal everything is told in any case."""

    @answers(HTTPStatus.NOT_FOUND, _NO_ACCOUNT)
    @blueprint.response(200, ChoicesView)
    def get(self) -> dict[str, Any]:
        """Read which kinds you get by mail: at once, in a daily digest, or not at all."""
        return _choices(_own_account())

    @answers(HTTPStatus.NOT_FOUND, _NO_ACCOUNT)
    @blueprint.arguments(ChoicesBody)
    @blueprint.response(200, ChoicesView)
    def put(self, body: dict[str, Any]) -> dict[str, Any]:
        """Choose which kinds you get by mail; kinds that you do not name are as usual."""
        account = _own_account()
        choose(account, {one["kind"]: one["mail"] for one in body["items"]})
        return _choices(account)


def _own_account() -> Account:
    account = Account.objects(id=current_identity().subject).first()
    if account is None:
        raise not_found("account")
    found: Account = account
    return found


def _choices(account: Account) -> dict[str, Any]:
    return {
        "items": [
            {"kind": kind, "mail": mail, "usual": KINDS[kind]}
            for kind, mail in choices_of(account).items()
        ]
    }


def _view(note: Notification, language: str) -> dict[str, Any]:
    return {
        "id": note.id,
        "kind": note.kind,
        "record_type": note.record_type,
        "record": note.record,
        "action": note.action,
        "state": note.facts.get("country"),
        "text": said_of(note, language),
        "at": note.at,
        "created_at": note.created_at,
        "read_at": note.read_at,
        "link": address_of(house(), note),
    }
