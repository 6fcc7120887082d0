"""How much waits for coordinators, over HTTP."""

from typing import Any

from services.requests.documents import AssistanceRequest
from shared.registers.newest import count_up_to
from shared.web.blueprint import Blueprint
from shared.web.identity import covered_countries, current_identity, require_roles
from shared.web.waiting import MOST, WaitingView, waiting_view

blueprint = Blueprint(
    "waiting", __name__, url_prefix="/v1", description="What waits for coordinators to decide."
)


@blueprint.route("/waiting")
@require_roles("coordinator", "auditor", "operator")
@blueprint.response(200, WaitingView)
def waiting() -> dict[str, Any]:
    """Count the requests that wait to be authenticated."""
    identity = current_identity()
    condition: dict[str, Any] = {"status": "submitted"}
    if identity.regions is not None:
        condition["country"] = {"$in": covered_countries(identity)}
    return waiting_view({"requests": count_up_to(AssistanceRequest, condition, MOST)})
