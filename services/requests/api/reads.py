"""Who read confidential requests, for their States: the reads in the audit trail."""

from http import HTTPStatus
from typing import Any

from services.requests import domain
from services.requests.documents import AssistanceRequest
from shared.registers.writing import load
from shared.web.audit import AuditPage, entries_page
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity
from shared.web.marks import answers
from shared.web.paging import PageQuery

blueprint = Blueprint(
    "reads", __name__, url_prefix="/v1/requests", description="Who read a confidential request."
)


@blueprint.route("/<string:request_id>/reads")
@answers(HTTPStatus.FORBIDDEN, "It is for the State, auditors and operators")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, AuditPage)
def reads(args: dict[str, Any], request_id: str) -> dict[str, Any]:
    """List who read the request while it, or a line of it, was confidential, the oldest first."""
    identity, request = current_identity(), load(AssistanceRequest, request_id)
    domain.require_action(identity, "audit", request)
    return entries_page(request.id, args, identity, "read")
