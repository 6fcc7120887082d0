"""Endorsements of requests over HTTP."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from services.requests import domain
from services.requests.documents import AssistanceRequest
from services.requests.schemas import EndorseBody, RequestView, ShowEndorsementBody
from services.requests.views import request_view
from shared.registers.context import context
from shared.registers.parties import party_requests
from shared.registers.schemas import StepBody
from shared.registers.views import headers
from shared.registers.writing import change_seen
from shared.web.blueprint import Blueprint
from shared.web.idempotency import idempotent
from shared.web.identity import current_identity, require_roles
from shared.web.marks import answers
from shared.web.preconditions import conditional

blueprint = Blueprint(
    "endorsements",
    __name__,
    url_prefix="/v1/requests",
    description="Organisations that endorse a request; it ranks no higher for that.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/<string:request_id>/endorse", methods=["POST"])
@require_roles("donor")
@answers(HTTPStatus.TOO_MANY_REQUESTS, "This organisation endorsed it too often within a day")
@conditional
@idempotent
@blueprint.arguments(EndorseBody)
@blueprint.response(200, RequestView)
def endorse(body: dict[str, Any], request_id: str) -> Answer:
    """Endorse a request that your organisation may read, with a sentence of why.

    Shown with the request to those who see as much of it as you do, unless the State refuses.
    """
    identity, now, party = current_identity(), context().clock(), _is_party(request_id)
    return _changed(
        request_id,
        lambda request: domain.require_endorser(identity, request, party=party),
        lambda request: domain.endorse(request, body["text"], identity, now, party=party),
    )


@blueprint.route("/<string:request_id>/withdraw-endorsement", methods=["POST"])
@require_roles("donor")
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, RequestView)
def withdraw(_body: dict[str, Any], request_id: str) -> Answer:
    """Take your organisation's endorsement back: its text is gone."""
    identity, now, party = current_identity(), context().clock(), _is_party(request_id)
    return _changed(
        request_id,
        lambda request: domain.require_endorser(identity, request, party=party),
        lambda request: domain.withdraw_endorsement(request, identity, now, party=party),
    )


@blueprint.route("/<string:request_id>/show-endorsement", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(ShowEndorsementBody)
@blueprint.response(200, RequestView)
def show(body: dict[str, Any], request_id: str) -> Answer:
    """Say whether your State's request shows an organisation's endorsement (it does at first)."""
    identity, now = current_identity(), context().clock()
    told = (body["organisation"], body["shown"])
    return _changed(
        request_id,
        lambda request: domain.require_action(identity, "show-endorsement", request),
        lambda request: domain.show_endorsement(request, *told, identity, now),
    )


def _is_party(request_id: str) -> bool:
    return request_id in party_requests(current_identity(), [request_id])


def _changed(
    request_id: str,
    allow: Callable[[AssistanceRequest], object],
    mutate: Callable[[AssistanceRequest], object],
) -> Answer:
    request = change_seen(AssistanceRequest, request_id, allow, mutate, context().clock())
    return request_view(request, current_identity()), headers(request)
