"""How much waits for coordinators, over HTTP."""

from typing import Any

from services.matcher.schemas import WaitingQuery
from services.matcher.waiting import waiting as found
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.waiting import WaitingView, waiting_view

blueprint = Blueprint(
    "waiting", __name__, url_prefix="/v1", description="What waits for coordinators to decide."
)


@blueprint.route("/waiting")
@require_roles("coordinator", "auditor", "operator")
@blueprint.arguments(WaitingQuery, location="query")
@blueprint.response(200, WaitingView)
def waiting(args: dict[str, Any]) -> dict[str, Any]:
    """Count the proposals, duplicates, coverage cases and alliances that wait for a decision."""
    return waiting_view(found(current_identity(), args["best"]))
