"""Webhooks as they cross the portal's wire."""

from marshmallow import fields, validate

from services.portal.domain.telling import KINDS
from services.portal.webhook_targets import MAX_URL
from services.portal.webhooks import PAUSES
from shared.web.bounds import BoundedList
from shared.web.schemas import StrictSchema, Text


class WebhookBody(StrictSchema):
    """Where to call, and for what."""

    url = Text(
        MAX_URL,
        single_line=True,
        required=True,
        metadata={
            "description": "An https address of the public internet.",
            "example": "https://donor.example/entraide",
        },
    )
    kinds = BoundedList(
        fields.String(validate=validate.OneOf(KINDS)),
        len(KINDS),
        metadata={"description": "Kinds of notification to be called for; empty: all."},
    )


class WebhookView(StrictSchema):
    """A webhook, without its secret."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    created_at = fields.AwareDateTime(required=True)
    waiting = fields.Integer(required=True, metadata={"description": "Calls that wait."})
    called_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "When it last took a call."}
    )
    failures = fields.Integer(
        required=True, metadata={"description": "Calls that failed since it last took one."}
    )
    failing_since = fields.AwareDateTime(required=True, allow_none=True)
    last_failure = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What went wrong last: `status-` with a number, `timeout`, "
            "`unreachable`, `certificate`, `private-network` or `damaged`."
        },
    )
    paused_at = fields.AwareDateTime(required=True, allow_none=True)
    paused_because = fields.String(
        required=True, allow_none=True, validate=validate.OneOf([*PAUSES, None])
    )


class WebhookMadeView(WebhookView):
    """A webhook that was just made, with its secret."""

    secret = fields.String(
        required=True,
        metadata={"description": "What the calls are signed by; shown this once."},
    )


class WebhooksView(StrictSchema):
    """The caller's webhooks."""

    items = fields.List(fields.Nested(WebhookView), required=True)
