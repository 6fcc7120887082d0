"""The list of matches over HTTP: proposals that somebody acted on, and what waits for whom."""

from collections.abc import Sequence
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
from shared.registers.newest import LONGEST, newest
from shared.web.blueprint import Blueprint
from shared.web.identity import Identity, covered_countries, current_identity
from shared.web.paging import DEFAULT_SORT, page_schema

blueprint = Blueprint(
    "matches",
    __name__,
    url_prefix="/v1",
    description="Proposals that somebody acted on: where they stand, what waits for whom.",
)
_UNASKED = ("proposed", "rejected")
_MOST_READS = 8
"""Parts of the list that are read for one page of what waits."""


@blueprint.route("/matches")
@blueprint.arguments(MatchQuery, location="query")
@blueprint.response(200, page_schema(MatchView))
def matches(args: dict[str, Any]) -> dict[str, Any]:
    """List the matches that you are party to or oversee, the newest first; of those that wait for
    you that which has waited longest.

    A page may hold fewer than it could: what you may not know of, or what does not wait for you,
    is left out of it.
    """
    identity = current_identity()
    if not args["waiting"]:
        return _page(args, identity)
    # Many may be in a state in which something may wait, of which nothing does.
    rows: list[dict[str, Any]] = []
    for _ in range(_MOST_READS):
        found = _page({**args, "limit": args["limit"] - len(rows)}, identity, LONGEST)
        rows += [row for row in found["items"] if row["waits"]]
        args["cursor"] = found["next"]
        if args["cursor"] is None or len(rows) == args["limit"]:
            break
    return {"items": rows, "next": args["cursor"]}


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


def _page(
    args: dict[str, Any], identity: Identity, sort: Sequence[str] = DEFAULT_SORT
) -> dict[str, Any]:
    found = newest(Match, [_condition(args, identity)], args, sort=sort)
    proposals = acted_on(found["items"], identity)
    rows = [_view(one, one.match, identity) for one in proposals if one.match is not None]
    return {"items": rows, "next": found["next"]}


def _condition(args: dict[str, Any], identity: Identity) -> Condition:
    asked: list[Condition] = [
        {name: args[name]} for name in ("request", "offer", "status") if args[name] is not None
    ]
    if args["waiting"]:
        asked.append({"status": {"$in": list(WAITING_STATES.get(acts_as(identity), ()))}})
    elif args["status"] is None:
        asked.append({"status": {"$nin": list(_UNASKED)}})
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
