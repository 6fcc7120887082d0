"""Requests for assistance over HTTP."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.requests import domain
from services.requests.documents import AssistanceRequest, State
from services.requests.events import request_event_data
from services.requests.introducing import require_second_pair_of_eyes
from services.requests.merging import REQUESTS
from services.requests.queries import listing
from services.requests.schemas import (
    CirculateBody,
    ConfirmNeedsBody,
    EndBody,
    ObjectBody,
    RequestBody,
    RequestQuery,
    RequestView,
    ReturnBody,
    SubmitBody,
)
from services.requests.views import (
    LEVELS,
    log_compared,
    log_titles,
    request_view,
    request_views,
)
from shared.registers.context import context
from shared.registers.inferred import inferred_view
from shared.registers.inferred_schemas import DraftNeedsView, DraftTexts
from shared.registers.merging import finish
from shared.registers.merging_rules import begin_merge, begin_unmerge, find_other
from shared.registers.newest import newest
from shared.registers.parties import party_requests
from shared.registers.schemas import MergeBody, StepBody
from shared.registers.similar import others_of, similar_view
from shared.registers.similar_schemas import SimilarView
from shared.registers.texts import infer_from
from shared.registers.titles import READ, TitleView, title_views
from shared.registers.views import NOT_IN_LISTS, headers
from shared.registers.writing import change_seen, load, register
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_idempotency_key, idempotent
from shared.web.identity import current_identity, require_roles
from shared.web.languages import LanguageQuery, reading_language
from shared.web.marks import answers
from shared.web.paging import page_schema
from shared.web.preconditions import conditional
from shared.web.problems import conflict, not_found

blueprint = Blueprint(
    "requests",
    __name__,
    url_prefix="/v1/requests",
    description="What States ask for. Drafts are seen by their State only.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


def _address(identifier: str) -> str:
    return f"/v1/requests/{identifier}"


@blueprint.route("")
class Requests(MethodView):
    """All requests that the caller may see."""

    @blueprint.arguments(RequestQuery, location="query")
    @blueprint.response(200, page_schema(RequestView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List requests, the newest first."""
        identity = current_identity()
        shown = newest(AssistanceRequest, listing(identity, args), args, NOT_IN_LISTS)
        return {**shown, "items": request_views(shown["items"], identity)}

    @require_roles("requester", "operator")
    @idempotent
    @blueprint.arguments(RequestBody)
    @blueprint.response(201, RequestView)
    def post(self, payload: dict[str, Any]) -> Answer:
        """Register a draft."""
        identity, now = current_identity(), context().clock()
        draft = domain.new_request(payload, identity, now, context().key, current_idempotency_key())
        request = register(draft, now, _address)
        return request_view(request, identity), headers(request, _address(request.id))


@blueprint.route("/titles")
@blueprint.arguments(RequestQuery, location="query")
@blueprint.response(200, page_schema(TitleView))
def titles(args: dict[str, Any]) -> dict[str, Any]:
    """List what requests are called, the newest first: the list of requests without what they
    say."""
    identity = current_identity()
    shown = newest(AssistanceRequest, listing(identity, args), args, only=(*READ, *LEVELS))
    log_titles(shown["items"], identity)
    return {**shown, "items": title_views(shown["items"])}


@blueprint.route("/inferred", methods=["POST"])
@require_roles("requester", "operator")
@blueprint.arguments(DraftTexts)
@blueprint.response(200, DraftNeedsView)
def inferred(draft: dict[str, Any]) -> dict[str, Any]:
    """Tell what a text that is being written seems to ask for. Nothing is stored."""
    found = infer_from(**draft, side=AssistanceRequest.text_side)
    return {**draft, **inferred_view(found, (), "quantity")}


@blueprint.route("/<string:request_id>")
class Request(MethodView):
    """One request."""

    @blueprint.response(200, RequestView)
    def get(self, request_id: str) -> Answer:
        """Read a request."""
        identity = current_identity()
        request = load(AssistanceRequest, request_id)
        party = request_id in party_requests(identity, [request_id])
        if not domain.may_read(identity, request, party=party):
            raise not_found()
        return request_view(request, identity), headers(request)

    @conditional
    @blueprint.arguments(RequestBody)
    @blueprint.response(200, RequestView)
    def put(self, payload: dict[str, Any], request_id: str) -> Answer:
        """Replace what the request holds; lines keep their number where `line` is sent."""
        identity, now, key = current_identity(), context().clock(), context().key
        return _changed(
            request_id, "change", lambda r: domain.change_request(r, payload, identity, now, key)
        )


@blueprint.route("/<string:request_id>/confirm-lines", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(ConfirmNeedsBody)
@blueprint.response(200, RequestView)
def confirm_lines(body: dict[str, Any], request_id: str) -> Answer:
    """Make needs of the request of lines that its text seems to describe (`inferred.lines`)."""
    identity, now = current_identity(), context().clock()
    return _changed(
        request_id, "change", lambda r: domain.confirm_needs(r, body["lines"], identity, now)
    )


@blueprint.route("/<string:request_id>/submit", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(SubmitBody, required=False)
@blueprint.response(200, RequestView)
def submit(body: dict[str, Any], request_id: str) -> Answer:
    """Submit a draft: from now on coordinators see it, and one of them authenticates it."""
    identity, now = current_identity(), context().clock()
    consent = body.get("consent")
    return _changed(request_id, "submit", lambda r: domain.submit(r, consent, identity, now))


@blueprint.route("/<string:request_id>/authenticate", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, RequestView)
def authenticate(_body: dict[str, Any], request_id: str) -> Answer:
    """Say that a submitted request does come from the State's point of contact.

    It is circulated once the State's working days to object are over (`circulates_at`); at once
    where the State consented expressly when it submitted, or lets no day pass. A State's first is
    not for the coordinator alone who invited the account that submitted it (`introduced_by`).
    """
    identity, now = current_identity(), context().clock()

    def mutate(request: AssistanceRequest) -> None:
        state = State.objects(id=request.country).first()
        require_second_pair_of_eyes(request, identity)
        domain.authenticate(request, state, identity, now)

    return _changed(request_id, "authenticate", mutate)


@blueprint.route("/<string:request_id>/circulate", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(CirculateBody)
@blueprint.response(200, RequestView)
def circulate(_body: dict[str, Any], request_id: str) -> Answer:
    """Circulate an authenticated request at once, with the State's express consent.

    From now on donors see it, and offers are matched with it.
    """
    identity, now = current_identity(), context().clock()
    return _changed(request_id, "circulate", lambda r: domain.circulate(r, identity, now))


def _send_back(request_id: str, action: str, body: dict[str, Any]) -> Answer:
    identity, now = current_identity(), context().clock()
    reason, text = body["reason"], body["text"]
    return _changed(
        request_id, action, lambda r: domain.send_back(r, action, reason, text, identity, now)
    )


@blueprint.route("/<string:request_id>/object", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(ObjectBody)
@blueprint.response(200, RequestView)
def object_to(body: dict[str, Any], request_id: str) -> Answer:
    """Object to the circulation of the State's own request, in time: it is a draft again."""
    return _send_back(request_id, "object", body)


@blueprint.route("/<string:request_id>/return", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(ReturnBody)
@blueprint.response(200, RequestView)
def send_back(body: dict[str, Any], request_id: str) -> Answer:
    """Send a request that cannot be authenticated back to its State: it is a draft again."""
    return _send_back(request_id, "return", body)


def _end(request_id: str, action: str, body: dict[str, Any]) -> Answer:
    identity, now = current_identity(), context().clock()
    reason, text = body.get("reason"), body.get("text")
    return _changed(
        request_id, action, lambda r: domain.end(r, action, reason, text, identity, now)
    )


@blueprint.route("/<string:request_id>/withdraw", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(EndBody, required=False)
@blueprint.response(200, RequestView)
def withdraw(body: dict[str, Any], request_id: str) -> Answer:
    """Withdraw a request for good."""
    return _end(request_id, "withdraw", body)


@blueprint.route("/<string:request_id>/close", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(EndBody, required=False)
@blueprint.response(200, RequestView)
def close(body: dict[str, Any], request_id: str) -> Answer:
    """Close a circulated request: the need is met, or no longer there."""
    return _end(request_id, "close", body)


@blueprint.route("/<string:request_id>/similar")
@answers(HTTPStatus.FORBIDDEN, "It is for the author")
@blueprint.arguments(LanguageQuery, location="query")
@blueprint.response(200, SimilarView)
def similar(args: dict[str, Any], request_id: str) -> dict[str, Any]:
    """Tell which of the State's other requests this one looks like, and why; before submitting."""
    identity, today = current_identity(), context().clock().date()
    request = load(AssistanceRequest, request_id)
    domain.require_action(identity, "compare", request)
    others = others_of(request, "country")
    language = reading_language(args["language"])
    items = similar_view(request, others, request_event_data, language, today)
    shown = {item["id"] for item in items}
    log_compared([request, *(other for other in others if other.id in shown)], identity)
    return {"items": items}


@blueprint.route("/<string:request_id>/merge", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(MergeBody)
@blueprint.response(200, RequestView)
def merge(body: dict[str, Any], request_id: str) -> Answer:
    """Merge a request into another that says the same: that one stays and takes over its lines."""
    identity, now = current_identity(), context().clock()

    def mutate(request: AssistanceRequest) -> None:
        other = find_other(REQUESTS, body["into"], lambda one: domain.may_read(identity, one))
        begin_merge(REQUESTS, request, other, body["lines"], identity, now)

    _changed(request_id, "merge", mutate)
    merged = finish(REQUESTS, request_id, now)
    if merged.merged_into != body["into"]:
        raise conflict("not-merged", "The other request could not take the lines over; see both.")
    return request_view(merged, identity), headers(merged)


@blueprint.route("/<string:request_id>/unmerge", methods=["POST"])
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, RequestView)
def unmerge(_body: dict[str, Any], request_id: str) -> Answer:
    """Undo that a request was merged: it is open again, and the other loses its lines."""
    identity, now = current_identity(), context().clock()
    _changed(request_id, "unmerge", lambda request: begin_unmerge(REQUESTS, request, identity))
    reopened = finish(REQUESTS, request_id, now)
    return request_view(reopened, identity), headers(reopened)


def _changed(request_id: str, action: str, mutate: Callable[[AssistanceRequest], object]) -> Answer:
    identity = current_identity()
    request = change_seen(
        AssistanceRequest,
        request_id,
        lambda found: domain.require_action(identity, action, found),
        mutate,
        context().clock(),
    )
    return request_view(request, identity), headers(request)
