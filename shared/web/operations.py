"""How a service does, for who runs it: what waits to be published, and since when."""

from typing import Any

from marshmallow import fields

from shared.events.auditing import Aggregates
from shared.events.pending import waiting_since, waiting_up_to
from shared.web.blueprint import Blueprint
from shared.web.identity import require_roles
from shared.web.schemas import StrictSchema
from shared.web.waiting import MOST


class OutboxView(StrictSchema):
    """Documents of one collection with an event that the broker does not have yet.

    `waiting` counts them, with `more` that many or more; `since`: when the oldest began to wait.
    """

    collection = fields.String(required=True)
    waiting = fields.Integer(required=True)
    more = fields.Boolean(required=True)
    since = fields.AwareDateTime(format="iso", required=True, allow_none=True)


class OperationsView(StrictSchema):
    """How the service does."""

    outbox = fields.List(fields.Nested(OutboxView), required=True)


def operations_blueprint(aggregates: Aggregates) -> Blueprint:
    """The resource of a service whose documents with events these are."""
    blueprint = Blueprint(
        "operations", __name__, url_prefix="/v1", description="How the service does."
    )

    @blueprint.route("/operations")
    @require_roles("operator")
    @blueprint.response(200, OperationsView)
    def operations() -> dict[str, Any]:
        """Tell what waits to be published; a relay that does its work leaves nothing for long."""
        return {"outbox": [_outbox(one._get_collection()) for one in aggregates]}

    return blueprint


def _outbox(collection: Any) -> dict[str, Any]:
    since = waiting_since(collection)
    waiting = waiting_up_to(collection, MOST) if since else 0
    return {
        "collection": collection.name,
        "waiting": waiting,
        "more": waiting >= MOST,
        "since": since,
    }
