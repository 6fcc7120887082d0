"""Advice on requests over HTTP: what is missing for a donor to act. It never blocks a step."""

from http import HTTPStatus
from typing import Any

from services.requests import domain
from services.requests.documents import AssistanceRequest, State
from services.requests.schemas import AdviceQuery, AdviceView, RequestBody
from services.requests.views import advice_view
from shared.registers.contacts import confirmation_due
from shared.registers.context import context
from shared.registers.writing import load
from shared.web.blueprint import Blueprint
from shared.web.identity import current_identity, require_roles
from shared.web.marks import answers

blueprint = Blueprint(
    "advice",
    __name__,
    url_prefix="/v1/requests",
    description="What would help a donor to act on a request; for its author, before submitting.",
)


@blueprint.route("/advice", methods=["POST"])
@require_roles("requester", "operator")
@blueprint.arguments(AdviceQuery, location="query")
@blueprint.arguments(RequestBody)
@blueprint.response(200, AdviceView)
def of_new(args: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """Tell what is missing of a request that is being written. Nothing is stored."""
    draft = domain.new_request(payload, current_identity(), context().clock(), context().key)
    return _advice(draft, args)


@blueprint.route("/<string:request_id>/advice", methods=["GET"])
@answers(HTTPStatus.FORBIDDEN, "It is for the author and for coordinators")
@blueprint.arguments(AdviceQuery, location="query")
@blueprint.response(200, AdviceView)
def of_stored(args: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Tell what is missing of a request."""
    request = load(AssistanceRequest, request_id)
    domain.require_action(current_identity(), "advise", request)
    return _advice(request, args)


@blueprint.route("/<string:request_id>/advice", methods=["POST"])
@answers(HTTPStatus.FORBIDDEN, "It is for the author")
@blueprint.arguments(AdviceQuery, location="query")
@blueprint.arguments(RequestBody)
@blueprint.response(200, AdviceView)
def of_changed(args: dict[str, Any], payload: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Tell what is missing of a request as it is being changed. Nothing is stored."""
    request = load(AssistanceRequest, request_id)
    domain.change_request(request, payload, current_identity(), context().clock(), context().key)
    return _advice(request, args)


def _advice(request: AssistanceRequest, args: dict[str, Any]) -> dict[str, Any]:
    today = context().clock().date()
    state = State.objects(id=request.country).first()
    due = state is None or confirmation_due(state, today)
    found = domain.advice_for(request, today, contact_due=due)
    return advice_view(found, args["language"] or request.language)
