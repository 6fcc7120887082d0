"""The list of matches over HTTP: proposals that somebody acted on, and what waits for whom."""

from typing import Any

from services.matcher.activity_schemas import ActivityOfMatchQuery, ActivityOfMatchView
from services.matcher.activity_views import activity_views
from services.matcher.documents import Match
from services.matcher.domain import KEPT
from services.matcher.match_schemas import MatchQuery, MatchView
from services.matcher.match_waits import WAITING_STATES, waits
from services.matcher.proposals import Proposal, acted_on
from services.matcher.rights import acts_as, oversees
from services.matcher.schedule import unasked
from services.matcher.views import serving_view
from shared.registers.conditions import Condition, joined
from shared.registers.context import context
from shared.registers.newest import newest
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, covered_countries, current_identity
from shared.web.paging import page_schema

blueprint = Blueprint(
    "matches",
    __name__,
    url_prefix="/v1",
    description="Proposals that somebody acted on: where they stand, what waits for whom.",
)
_UNASKED = ("proposed", "rejected")


@blueprint.route("/matches")
@blueprint.arguments(MatchQuery, location="query")
@blueprint.response(200, page_schema(MatchView))
def matches(args: dict[str, Any]) -> dict[str, Any]:
    """List the matches that you are party to or oversee, the newest first.

    A page may hold fewer than it could: what you may not know of, or what does not wait for you,
    is left out of it.
    """
    identity = current_identity()
    found = newest(Match, [_condition(args, identity)], args)
    proposals = acted_on(found["items"], identity)
    rows = [_view(one, one.match, identity) for one in proposals if one.match is not None]
    shown = [row for row in rows if row["waits"] or not args["waiting"]]
    return {"items": shown, "next": found["next"]}


@blueprint.route("/matches/activities")
@blueprint.arguments(ActivityOfMatchQuery, location="query")
@blueprint.response(200, page_schema(ActivityOfMatchView))
def activities(args: dict[str, Any]) -> dict[str, Any]:
    """List the matches that are committed or further as activities of other registers, the newest
    first.

    With what the report counts of each. A page may hold fewer than it could: what you may not know
    of, and what is confidential unless you ask for it, is left out of it.
    """
    identity = current_identity()
    asked: list[Condition] = [{"status": {"$in": sorted(KEPT)}}, *_own(identity)]
    found = newest(Match, [joined(asked)], args)
    now, confidential = context().clock(), args["confidential"]
    rows = activity_views(found["items"], identity, now, confidential=confidential)
    return {"items": rows, "next": found["next"]}


def _condition(args: dict[str, Any], identity: Identity) -> Condition:
    asked: list[Condition] = [
        {name: args[name]} for name in ("request", "offer", "status") if args[name] is not None
    ]
    if args["status"] is None:
        asked.append({"status": {"$nin": list(_UNASKED)}})
    if args["waiting"]:
        asked.append({"status": {"$in": list(WAITING_STATES.get(acts_as(identity), ()))}})
    return joined([*asked, *_own(identity)])


def _own(identity: Identity) -> list[Condition]:
    """Those of a party that it is one of, of an overseer those of its States."""
    if identity.role == "requester":
        return [{"country": identity.state}]
    if identity.role == "donor":
        return [{"organisation": identity.organisation}]
    if not oversees(identity, None):
        return [{"country": {"$in": covered_countries(identity)}}]
    return []


def _view(proposal: Proposal, match: Match, identity: Identity) -> dict[str, Any]:
    question = unasked(match)
    names = ("id", "request", "offer", "country", "organisation", "status", "answer_by")
    return {
        **{name: getattr(match, name) for name in (*names, "created_at", "updated_at")},
        "serves": [serving_view(serving) for serving in proposal.serves],
        "waits": waits(proposal, identity),
        "asks_at": None if question is None else question.due_at,
        "shows_request": proposal.shows_request(identity),
        "version": str(match.version),
    }
