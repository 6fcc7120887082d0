"""Organisations that join proposals, over HTTP."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher import joinings
from services.matcher.actors import actor_of
from services.matcher.joining_documents import Joining
from services.matcher.joining_schemas import (
    JoiningAnswerBody,
    JoiningBody,
    JoiningQuery,
    JoiningView,
)
from services.matcher.rights import oversees
from shared.events.outbox import DuplicateId, StaleVersion, change, create
from shared.registers.conditions import Condition
from shared.registers.context import context
from shared.registers.newest import newest
from shared.registers.schemas import StepBody
from shared.registers.writing import load
from shared.web.blueprint import Blueprint
from shared.web.idempotency import create_or_resume, current_attempt, idempotent, resuming
from shared.web.identity import Identity, covered_countries, current_identity, require_roles
from shared.web.marks import answers
from shared.web.paging import page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import conflict, forbidden, not_found

blueprint = Blueprint(
    "joinings",
    __name__,
    url_prefix="/v1",
    description="Organisations that offer to join what an offer does for a request.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/joinings")
class Joinings(MethodView):
    """Offers to join."""

    @blueprint.arguments(JoiningQuery, location="query")
    @blueprint.response(200, page_schema(JoiningView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List offers to join, the newest first: your organisation's, and those to you.

        A page may hold fewer than it could: what you may not know of is left out of it.
        """
        identity = current_identity()
        asked: Condition = {
            name: args[name] for name in ("proposal", "status") if args[name] is not None
        }
        sets: list[Condition] = [{}]
        if identity.role == "requester":
            sets = [{"country": identity.state}]
        elif identity.role == "donor":
            sets = [{side: identity.organisation} for side in ("organisation", "donor")]
        elif not oversees(identity, None):
            sets = [{"country": {"$in": covered_countries(identity)}}]
        shown = newest(Joining, [{**one, **asked} for one in sets], args)
        known = [one for one in shown["items"] if joinings.knows_joining(identity, one)]
        return {**shown, "items": [_view(one) for one in known]}

    @require_roles("donor")
    @answers(HTTPStatus.TOO_MANY_REQUESTS, "It was offered and withdrawn too often within a day")
    @idempotent
    @blueprint.arguments(JoiningBody)
    @blueprint.response(201, JoiningView)
    def post(self, body: dict[str, Any]) -> Answer:
        """Offer that your organisation joins a proposal, once; after withdrawing, again."""
        identity, now = current_identity(), context().clock()
        actor, attempt = actor_of(identity), current_attempt()
        joining = joinings.offered(**body, identity=identity, actor=actor, now=now)
        joining.attempts = [] if attempt is None else [attempt]

        def made() -> Joining:
            try:
                create(joining, now)
            except DuplicateId:
                if resuming() and attempt in load(Joining, joining.id).attempts:
                    raise
                return change(Joining, joining.id, None, again, now)
            return joining

        def again(stored: Joining) -> None:
            if stored.status != "withdrawn":
                raise conflict("offered", f"Your organisation's offer to join is {stored.status}.")
            joinings.offer_again(stored, body["role"], body["text"], actor, now)
            _remember(stored)

        stored = create_or_resume(made, lambda: load(Joining, joining.id))
        shown, tag = _shown(stored)
        return shown, {**tag, "Location": f"/v1/joinings/{stored.id}"}


@blueprint.route("/joinings/<string:joining_id>")
class OneJoining(MethodView):
    """One offer to join."""

    @blueprint.response(200, JoiningView)
    def get(self, joining_id: str) -> Answer:
        """Read an offer to join."""
        identity = current_identity()
        return _shown(_find(joining_id, identity))


@blueprint.route("/joinings/<string:joining_id>/answer", methods=["POST"])
@require_roles("requester", "donor")
@conditional
@idempotent
@blueprint.arguments(JoiningAnswerBody)
@blueprint.response(200, JoiningView)
def answer(body: dict[str, Any], joining_id: str) -> Answer:
    """Agree that the organisation joins the proposal, or decline it, also later: for good."""
    identity, now = current_identity(), context().clock()
    party = joinings.party_to(_find(joining_id, identity), identity)
    if party is None:
        raise forbidden("The State and the donor of the proposal answer.")
    agrees, reason, actor = body["answer"] == "agree", body["reason"], actor_of(identity)
    return _change(
        joining_id,
        lambda one: joinings.answer(one, party, agrees, reason, identity, actor, now),
    )


@blueprint.route("/joinings/<string:joining_id>/withdraw", methods=["POST"])
@require_roles("donor")
@conditional
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, JoiningView)
def withdraw(_body: dict[str, Any], joining_id: str) -> Answer:
    """Take your organisation's offer to join back, or leave."""
    identity, now = current_identity(), context().clock()
    if _find(joining_id, identity).organisation != identity.organisation:
        raise forbidden("The organisation that offered to join withdraws.")
    return _change(joining_id, lambda one: joinings.withdraw(one, actor_of(identity), now))


def _change(joining_id: str, step: Callable[[Joining], object]) -> Answer:
    expected = required_version()

    def apply(joining: Joining) -> None:
        if resuming() and current_attempt() in joining.attempts:
            return
        if joining.version != expected:
            raise StaleVersion(joining.version)
        step(joining)
        _remember(joining)

    return _shown(change(Joining, joining_id, None, apply, context().clock()))


def _remember(joining: Joining) -> None:
    attempt = current_attempt()
    if attempt is not None:
        joining.attempts = [*joining.attempts, attempt]


def _find(joining_id: str, identity: Identity) -> Joining:
    found = Joining.objects(id=joining_id).first()
    if found is None or not joinings.knows_joining(identity, found):
        raise not_found("offer to join")
    joining: Joining = found
    return joining


def _shown(joining: Joining) -> Answer:
    return _view(joining), {"ETag": etag(joining.version)}


def _view(joining: Joining) -> dict[str, Any]:
    names = ("id", "proposal", "organisation", "role", "text", "status", "reason", "history")
    return {**{name: getattr(joining, name) for name in names}, "version": str(joining.version)}
