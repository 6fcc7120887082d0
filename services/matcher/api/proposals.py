"""Proposals and decisions on them, over HTTP."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask.views import MethodView

from services.matcher import proposals
from services.matcher.decisions import decide
from services.matcher.documents import is_superseded
from services.matcher.proposal_lists import Entry, goes_by_suit, looked_through
from services.matcher.proposals import Place, Proposal
from services.matcher.schemas import DecisionBody, ProposalQuery, ProposalView
from services.matcher.settling import settle
from services.matcher.views import proposal_views
from shared.registers.context import context
from shared.vocabulary.countries import countries_asked
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_attempt, idempotent, resuming
from shared.web.identity import (
    Identity,
    covered_countries,
    covers,
    current_identity,
    require_covered,
    require_roles,
)
from shared.web.languages import LanguageQuery, reading_language
from shared.web.paging import page_schema, read_cursor, write_cursor
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import invalid_field, not_found

blueprint = Blueprint(
    "proposals",
    __name__,
    url_prefix="/v1",
    description="Ranked and explained proposals, and decisions on them.",
)
Answer = tuple[dict[str, Any], dict[str, str]]
_PLACE, SUITED = ("turn", "place"), ("suits", "request")
"""What a cursor holds of a list by the requests' turn, and of one by how well it suits a donor's
offers."""
LOOKED_AT = 500
"""Proposals that one page looks through, whatever it finds."""


@blueprint.route("/proposals")
class Proposals(MethodView):
    """Which offers serve which requests."""

    @blueprint.arguments(ProposalQuery, location="query")
    @blueprint.response(200, page_schema(ProposalView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List proposals by request and rank, the States' most urgent requests first; those of one
        `offer` by how well it suits the request, to which the State's own priority adds, whatever
        the donor prefers."""
        identity = current_identity()
        listed = args["best"] is not None or args["status"] == "proposed"
        sort = SUITED if goes_by_suit(args["request"], args["offer"]) else _PLACE
        found = looked_through(
            identity,
            request=args["request"],
            offer=args["offer"],
            after=None if args["cursor"] is None else place_in(args["cursor"], sort),
            states=_states(identity, args),
            best=args["best"],
            theme=args["theme"] if listed else None,
            undecided=args["status"] == "proposed",
            wanted=lambda entry: _may_be_asked_for(entry, args),
        )
        shown, further = _chosen(found, args)
        language = reading_language(args["language"])
        return {
            "items": proposal_views(shown, identity, language, context().clock().date()),
            "next": None if further is None else write_cursor(further, sort),
        }


@blueprint.route("/proposals/<string:proposal_id>")
class OneProposal(MethodView):
    """One proposal."""

    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, ProposalView)
    def get(self, args: dict[str, Any], proposal_id: str) -> Answer:
        """Read a proposal, whether it is open to decision or was decided on."""
        return _shown(proposal_id, current_identity(), reading_language(args["language"]))


@blueprint.route("/proposals/<string:proposal_id>/decision", methods=["POST"])
@require_roles("coordinator")
@conditional
@idempotent
@blueprint.arguments(DecisionBody)
@blueprint.response(200, ProposalView)
def decision(body: dict[str, Any], proposal_id: str) -> Answer:
    """Endorse a proposal, or reject it: a rejected pair is proposed no more."""
    identity, expected = current_identity(), required_version()
    proposal = find_proposal(proposal_id, identity)
    require_covered(identity, proposal.request.owner)
    attempt, now = current_attempt(), context().clock()
    if not was_done_before(proposal):
        action, reason, until = body["decision"], body["reason"], _answer_by(body, now)
        decide(proposal, action, reason, expected, identity, now, attempt, until)
        settle(proposal.id, now)
    return _shown(proposal_id, identity, reading_language(None))


def _states(identity: Identity, args: dict[str, Any]) -> list[str] | None:
    """Of which States the requests may be; None for every State."""
    inside = countries_asked(args["state"], args["region"])
    if not args["covered"] or covers(identity, None):
        return inside
    covered = covered_countries(identity)
    return covered if inside is None else [one for one in inside if one in covered]


def _chosen(
    found: Iterator[tuple[Place, Proposal | None]], args: dict[str, Any]
) -> tuple[list[Proposal], Place | None]:
    """A page of what is as asked for, and the place after which to go on; None at the end.

    At most LOOKED_AT are looked at: what is rare in a long list makes short pages, no long wait.
    """
    shown: list[Proposal] = []
    place: Place | None = None
    for looked_at, (at, one) in enumerate(found):
        if len(shown) == args["limit"] or looked_at >= LOOKED_AT:
            return shown, place
        place = at
        if one is not None and _is_asked_for(one, args):
            shown.append(one)
    return shown, None


def _is_asked_for(one: Proposal, args: dict[str, Any]) -> bool:
    return (
        args["status"] in (None, one.status)
        and _may_be_asked_for(one.entry, args)
        and _is_of_theme(one.serves, args["theme"])
    )


def _may_be_asked_for(entry: Entry, args: dict[str, Any]) -> bool:
    """Whether a proposal may be, as far as its entry tells: a reader may see less of what it
    serves."""
    is_likely = args["score"] is None or entry["score"] >= args["score"]
    may_wait = args["status"] != "proposed" or not is_superseded(entry)
    return is_likely and may_wait and _is_of_theme(entry["serves"], args["theme"])


def _is_of_theme(serves: Sequence[Mapping[str, Any]], theme: str | None) -> bool:
    return theme is None or any(serving["theme"] == theme for serving in serves)


def _answer_by(body: dict[str, Any], now: datetime) -> datetime | None:
    """Until when donor and State have to answer; the 422 problem for a time that is over."""
    answer_by: datetime | None = body["answer_by"]
    if answer_by is not None and body["decision"] != "endorse":
        raise invalid_field("answer_by", "Nobody has to answer a rejection.", "invalid")
    if answer_by is not None and answer_by <= now:
        raise invalid_field("answer_by", "This time is over.", "past")
    return answer_by


def find_proposal(proposal_id: str, identity: Identity) -> Proposal:
    """The proposal; answers 404 for one that is not there or not for this reader."""
    found = proposals.find(proposal_id, identity)
    if found is None:
        raise not_found("proposal")
    return found


def was_done_before(proposal: Proposal) -> bool:
    """Whether an earlier attempt with this request's idempotency key took its step already."""
    match = proposal.match
    return resuming() and match is not None and current_attempt() in match.attempts


def _shown(proposal_id: str, identity: Identity, language: str) -> Answer:
    proposal = find_proposal(proposal_id, identity)
    (view,) = proposal_views([proposal], identity, language, context().clock().date())
    return view, {"ETag": etag(proposal.version)}


def place_in(cursor: str, sort: Sequence[str]) -> Place:
    """The place that a cursor of a list names; answers 422 for what is no such cursor."""
    place = read_cursor(cursor, sort)
    if not all(isinstance(part, str) for part in place):
        raise invalid_field("cursor", "This is not a cursor of this list.", "cursor")
    return place[0], place[1]
