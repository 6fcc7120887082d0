"""Assistance under way over HTTP."""

from typing import Any

from flask.views import MethodView

from services.offers import domain, queries
from services.offers.api.references import referred_organisation
from services.offers.documents import Activity, Organisation
from services.offers.schemas import ActivityBody, ActivityQuery, ActivityView
from services.offers.views import activity_view
from shared.registers.context import context
from shared.registers.newest import newest
from shared.registers.views import NOT_IN_LISTS, headers
from shared.registers.writing import change_seen, load, register
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_idempotency_key, idempotent
from shared.web.identity import current_identity, require_roles
from shared.web.paging import page_schema
from shared.web.preconditions import conditional

blueprint = Blueprint(
    "activities",
    __name__,
    url_prefix="/v1/activities",
    description="Assistance that is planned, under way or done, so that it is not given twice.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


def _address(identifier: str) -> str:
    return f"/v1/activities/{identifier}"


def _organisation(payload: dict[str, Any]) -> Organisation | None:
    identifier = payload["organisation"]
    return None if identifier is None else referred_organisation(identifier)


@blueprint.route("")
class Activities(MethodView):
    """All activities."""

    @blueprint.arguments(ActivityQuery, location="query")
    @blueprint.response(200, page_schema(ActivityView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List activities, the newest first."""
        shown = newest(Activity, [queries.activities(args)], args, NOT_IN_LISTS)
        return {**shown, "items": [activity_view(one) for one in shown["items"]]}

    @require_roles("donor", "operator")
    @idempotent
    @blueprint.arguments(ActivityBody)
    @blueprint.response(201, ActivityView)
    def post(self, payload: dict[str, Any]) -> Answer:
        """Register an activity."""
        now = context().clock()
        fresh = domain.new_activity(
            payload,
            current_identity(),
            now,
            context().key,
            organisation=_organisation(payload),
            idempotency_key=current_idempotency_key(),
        )
        activity = register(fresh, now, _address)
        return activity_view(activity), headers(activity, _address(activity.id))


@blueprint.route("/<string:activity_id>")
class OneActivity(MethodView):
    """One activity."""

    @blueprint.response(200, ActivityView)
    def get(self, activity_id: str) -> Answer:
        """Read an activity."""
        activity = load(Activity, activity_id)
        return activity_view(activity), headers(activity)

    @require_roles("donor", "operator")
    @conditional
    @blueprint.arguments(ActivityBody)
    @blueprint.response(200, ActivityView)
    def put(self, payload: dict[str, Any], activity_id: str) -> Answer:
        """Replace what the activity holds, its status included."""
        identity, now, key = current_identity(), context().clock(), context().key

        def mutate(activity: Activity) -> None:
            organisation = _organisation(payload)
            domain.change_activity(activity, payload, identity, now, key, organisation)

        activity = change_seen(
            Activity,
            activity_id,
            lambda found: domain.require_owner(identity, found.organisation),
            mutate,
            now,
        )
        return activity_view(activity), headers(activity)
