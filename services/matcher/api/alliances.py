"""Alliances, decisions on them and States' answers, over HTTP."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher import alliances
from services.matcher.actors import Actor
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_rules import RUNNING
from services.matcher.alliance_schemas import (
    AllianceAnswerBody,
    AllianceDecisionBody,
    AllianceQuery,
    AllianceSummaryView,
    AllianceView,
)
from services.matcher.alliance_views import alliance_view, summaries
from services.matcher.existence import knows_alliance
from services.matcher.rights import oversees, owns_request
from shared.registers.conditions import Condition, joined
from shared.registers.context import context
from shared.registers.newest import newest
from shared.registers.steps import party_of
from shared.vocabulary.countries import countries_in
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_attempt, idempotent, resuming
from shared.web.identity import (
    Identity,
    covered_countries,
    current_identity,
    require_covered,
    require_roles,
)
from shared.web.languages import LanguageQuery, reading_language
from shared.web.marks import answers
from shared.web.paging import page_schema
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import forbidden, not_found

blueprint = Blueprint(
    "alliances",
    __name__,
    url_prefix="/v1",
    description="Joint projects that neighbours' alike requests are proposed to become.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/alliances")
class Alliances(MethodView):
    """Proposed joint projects."""

    @require_roles("coordinator", "auditor", "operator", "requester")
    @blueprint.arguments(AllianceQuery, location="query")
    @blueprint.response(200, page_schema(AllianceSummaryView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List alliances, the newest first; a State sees those that its requests are in."""
        identity = current_identity()
        status = args["status"]
        asked: list[Condition] = [{"status": status or {"$in": sorted(RUNNING)}}]
        own = identity.state if identity.role == "requester" else None
        if args["request"]:
            # A State is not told whether another's request, that it may not know of, is in one.
            whose = {} if own is None else {"country": own}
            asked.append({"members": {"$elemMatch": {"request": args["request"], **whose}}})
        states = sorted({state for state in (args["state"], own) if state is not None})
        asked.extend({"states": state} for state in states)
        if args["region"] is not None:
            asked.append({"states": {"$in": countries_in(args["region"])}})
        if own is None and not oversees(identity, None):
            asked.append({"states": {"$in": covered_countries(identity)}})
        answer = newest(Alliance, [joined(asked)], args)
        shown = summaries(answer["items"], identity, reading_language(args["language"]), _today())
        return answer | {"items": shown}


@blueprint.route("/alliances/<string:alliance_id>")
class OneAlliance(MethodView):
    """One proposed joint project."""

    @answers(HTTPStatus.NOT_FOUND, "There is no such alliance")
    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, AllianceView)
    def get(self, args: dict[str, Any], alliance_id: str) -> Answer:
        """Read an alliance, its members, what they have in common, and offers that serve it."""
        identity = current_identity()
        found = _find(alliance_id, identity)
        return _shown(found, identity, reading_language(args["language"]))


@blueprint.route("/alliances/<string:alliance_id>/decision", methods=["POST"])
@require_roles("coordinator")
@idempotent
@conditional
@blueprint.arguments(AllianceDecisionBody)
@blueprint.response(200, AllianceView)
def decision(body: dict[str, Any], alliance_id: str) -> Answer:
    """Endorse an alliance, or dismiss it: it is proposed again only with another State."""
    identity, expected = current_identity(), required_version()
    require_covered(identity, *(member.country for member in _find(alliance_id, identity).members))
    done = _done_before(alliance_id) or alliances.decide(
        alliance_id,
        body["decision"],
        body["reason"],
        expected,
        _actor(identity),
        _now(),
        current_attempt(),
    )
    return _shown(done, identity, reading_language(None))


@blueprint.route(
    "/alliances/<string:alliance_id>/members/<string:request>/answer", methods=["POST"]
)
@require_roles("requester")
@idempotent
@conditional
@answers(HTTPStatus.NOT_FOUND, "There is no such alliance, or the request is not in it")
@blueprint.arguments(AllianceAnswerBody)
@blueprint.response(200, AllianceView)
def answer(body: dict[str, Any], alliance_id: str, request: str) -> Answer:
    """Agree for the State's request, or decline: then it is not proposed for it again."""
    identity, expected = current_identity(), required_version()
    member = _find(alliance_id, identity).member(request)
    if member is None:
        raise not_found("member")
    if not owns_request(identity, member.country):
        raise forbidden("A State answers for its own requests only.")
    done = _done_before(alliance_id) or alliances.answer(
        alliance_id,
        request,
        body["answer"] == "agree",
        body["reason"],
        expected,
        _actor(identity),
        _now(),
        current_attempt(),
    )
    return _shown(done, identity, reading_language(None))


def _find(id_: str, identity: Identity) -> Alliance:
    """The alliance; answers 404 for one that is not there or not for this reader."""
    found: Alliance | None = Alliance.objects(id=id_).first()
    if found is None or not knows_alliance(identity, found):
        raise not_found("alliance")
    return found


def _done_before(id_: str) -> Alliance | None:
    """The alliance, if an earlier attempt with this request's idempotency key did its work."""
    if not resuming():
        return None
    found: Alliance | None = Alliance.objects(id=id_, attempts=current_attempt()).first()
    return found


def _shown(alliance: Alliance, identity: Identity, language: str) -> Answer:
    return alliance_view(alliance, identity, language, _today()), {"ETag": etag(alliance.version)}


def _actor(identity: Identity) -> Actor:
    return Actor(identity.role, party_of(identity))


def _now() -> Any:
    return context().clock()


def _today() -> Any:
    return _now().date()
