"""Webhooks over HTTP: each account's own."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.portal import webhooks
from services.portal.documents import Account
from services.portal.house import house
from services.portal.schemas import Nothing
from services.portal.trail import note_webhook
from services.portal.webhook_documents import Webhook
from services.portal.webhook_schemas import (
    WebhookBody,
    WebhookMadeView,
    WebhooksView,
    WebhookView,
)
from services.portal.webhook_targets import TargetRefusedError
from shared.registers.actors import actor_of
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity
from shared.web.marks import answers
from shared.web.problems import conflict, invalid_field, not_found

blueprint = Blueprint(
    "webhooks",
    __name__,
    url_prefix="/v1/webhooks",
    description="Addresses that are called with your notifications, signed as the Standard "
    "Webhooks specification has it.",
)


@blueprint.route("")
class Webhooks(MethodView):
    """The caller's webhooks."""

    @blueprint.response(200, WebhooksView)
    def get(self) -> dict[str, Any]:
        """List your webhooks, the newest first."""
        return {"items": [_view(one) for one in webhooks.webhooks_of(_subject())]}

    @answers(HTTPStatus.CONFLICT, "You have no account here, or as many webhooks as you may have")
    @blueprint.arguments(WebhookBody)
    @blueprint.response(201, WebhookMadeView)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a webhook; its secret is shown this once."""
        if Account.objects(id=_subject(), erased_at=None).first() is None:
            raise conflict("no-account", "Webhooks are for accounts of this portal.")
        try:
            made, secret = webhooks.make(
                house(), _subject(), body["url"], body["kinds"], house().clock()
            )
        except TargetRefusedError as error:
            raise invalid_field("url", str(error), error.code) from None
        except webhooks.TooManyWebhooksError:
            raise conflict(
                "too-many", f"You have {webhooks.MOST} webhooks; remove one first."
            ) from None
        _note("make-webhook", made.id)
        return {**_view(made), "secret": secret}


@blueprint.route("/<string:webhook_id>")
class OneWebhook(MethodView):
    """One webhook."""

    @blueprint.response(200, WebhookView)
    def get(self, webhook_id: str) -> dict[str, Any]:
        """Read one of your webhooks: what waits for it, and whether it takes what it is sent."""
        return _view(_own(webhook_id))

    @blueprint.response(204)
    def delete(self, webhook_id: str) -> None:
        """Remove one of your webhooks, with what waits for it."""
        webhooks.remove(_own(webhook_id))
        _note("remove-webhook", webhook_id)


@blueprint.route("/<string:webhook_id>/pause", methods=["POST"])
@blueprint.arguments(Nothing, required=False)
@blueprint.response(200, WebhookView)
def pause(_body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Have a webhook called no more for now; what waits is kept for a week."""
    webhooks.pause(_own(webhook_id), "owner", _now())
    return _view(_own(webhook_id))


@blueprint.route("/<string:webhook_id>/resume", methods=["POST"])
@blueprint.arguments(Nothing, required=False)
@blueprint.response(200, WebhookView)
def resume(_body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Have a webhook called again, with what waits first."""
    webhooks.resume(_own(webhook_id), _now())
    _note("resume-webhook", webhook_id)
    return _view(_own(webhook_id))


@blueprint.route("/<string:webhook_id>/ping", methods=["POST"])
@answers(HTTPStatus.CONFLICT, "The webhook is paused")
@blueprint.arguments(Nothing, required=False)
@blueprint.response(202, WebhookView)
def ping(_body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Have a webhook called with nothing but `entraide.ping`, to see whether it takes it."""
    webhook = _own(webhook_id)
    if webhook.paused_at is not None:
        raise conflict("paused", "The webhook is paused; resume it first.")
    webhooks.ping(webhook, _now())
    return _view(_own(webhook_id))


def _subject() -> str:
    return current_identity().subject


def _now() -> datetime:
    return house().clock()


def _note(action: str, webhook_id: str) -> None:
    note_webhook(action, webhook_id, actor_of(current_identity()), _now())


def _own(webhook_id: str) -> Webhook:
    found = webhooks.webhook_of(_subject(), webhook_id)
    if found is None:
        raise not_found("webhook")
    return found


def _view(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "kinds": list(webhook.kinds),
        "created_at": webhook.created_at,
        "waiting": webhooks.waiting_for(webhook).count(),
        "called_at": webhook.called_at,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "last_failure": webhook.last_failure,
        "paused_at": webhook.paused_at,
        "paused_because": webhook.paused_because,
    }
