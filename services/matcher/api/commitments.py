"""Commitments over HTTP."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher import commitments
from services.matcher.actors import actor_of
from services.matcher.alliance_documents import Alliance
from services.matcher.alliance_limits import above_ceiling_of, joint_lines, why_not
from services.matcher.api.proposals import find_proposal
from services.matcher.commitment_schemas import (
    CommitmentBody,
    CommitmentQuery,
    CommitmentView,
    ReleaseBody,
)
from services.matcher.decisions import require_open
from services.matcher.documents import Commitment, CommitmentLine, Match
from services.matcher.existence import known_commitments, knows_commitment
from services.matcher.promises import (
    commitment_lines,
    require_committable,
    require_releasable,
    require_whole,
)
from services.matcher.proposals import Proposal
from services.matcher.record_views import View, stored_view, views_by_record
from services.matcher.refusing import because_view
from services.matcher.rights import hidden_lines
from services.matcher.settling import settle
from services.matcher.shortages import refusal_code, shortage_view, whole_refusal
from services.matcher.views import commitment_view
from shared.ids import derived_id, new_id
from shared.registers.context import context
from shared.registers.newest import newest
from shared.registers.writing import load
from shared.web.blueprint import Blueprint
from shared.web.idempotency import (
    create_or_resume,
    current_idempotency_key,
    idempotent,
    idempotent_id,
    resuming,
)
from shared.web.identity import Identity, current_identity, require_covered, require_roles
from shared.web.marks import answers
from shared.web.paging import page, page_schema
from shared.web.preconditions import etag
from shared.web.problems import Problem, conflict, invalid_field, not_found

blueprint = Blueprint(
    "commitments",
    __name__,
    url_prefix="/v1",
    description="What is promised of offers to requests.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/commitments")
class Commitments(MethodView):
    """What is promised of offers to requests."""

    @answers(HTTPStatus.NOT_FOUND, "There is no such proposal")
    @blueprint.arguments(CommitmentQuery, location="query")
    @blueprint.response(200, page_schema(CommitmentView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the commitments of a proposal, or all of yours, the newest first."""
        if args["proposal"] is None:
            return _own_page(args)
        proposal = find_proposal(args["proposal"], current_identity())
        found = Commitment.objects(match=proposal.id)
        return page(found, args, lambda one: commitment_view(one, proposal.hidden))

    @require_roles("coordinator", "operator")
    @idempotent
    @blueprint.arguments(CommitmentBody)
    @blueprint.response(201, CommitmentView)
    def post(self, body: dict[str, Any]) -> Answer:
        """Commit lines of an offer to lines of a request: all of them or none."""
        identity, now = current_identity(), context().clock()
        proposal = find_proposal(body["proposal"], identity)
        require_covered(identity, proposal.request.owner)
        begun = _begun_before(identity) or create_or_resume(
            lambda: _begin(proposal, body, identity, now),
            lambda: load(Commitment, _commitment_id(identity)),
        )
        commitment = commitments.finish(begun.id, now)
        if commitment.status == "refused":
            raise _refused(commitment)
        headers = {"Location": f"/v1/commitments/{commitment.id}"}
        return commitment_view(commitment, proposal.hidden), {**_tag(commitment), **headers}


def _own_page(args: dict[str, Any]) -> dict[str, Any]:
    """A page of what the caller is party to or oversees; what it may not know of is left out."""
    identity = current_identity()
    found = newest(Commitment, [known_commitments(identity)], args)
    views = views_by_record("request", (one.request for one in found["items"]))
    shown = [(one, views.get(one.request)) for one in found["items"]]
    return {
        "items": [
            commitment_view(one, _hidden(identity, one, asked))
            for one, asked in shown
            if asked is not None and knows_commitment(identity, one, asked)
        ],
        "next": found["next"],
    }


def _refused(commitment: Commitment) -> Problem:
    """The 409 problem: why nothing was committed, `because` by a code that tells all reasons apart;
    where a line had too little, or its donor pledged less, in numbers too."""
    message = f"Nothing was committed: {whole_refusal(commitment)}."
    members: dict[str, Any] = {}
    if commitment.because:
        members["because"] = because_view(commitment.because)
    if commitment.shortage:
        members["shortage"] = shortage_view(commitment.shortage)
    return replace(conflict(refusal_code(commitment), message), members=members)


def _begun_before(identity: Identity) -> Commitment | None:
    """What an earlier attempt with this request's key began and a sweep may have finished since.

    It was checked when it was begun. Checked anew it might be refused for what it itself holds.
    """
    if not resuming():
        return None
    found: Commitment | None = Commitment.objects(id=_commitment_id(identity)).first()
    return found


def _begin(
    proposal: Proposal, body: dict[str, Any], identity: Identity, now: datetime
) -> Commitment:
    require_open(proposal)
    require_committable(proposal)
    if body["expires_at"] is not None and body["expires_at"] <= now:
        raise invalid_field("expires_at", "This time is over.", "past")
    lines = commitment_lines(proposal, body["lines"], now.date(), body["alliance"])
    require_whole(proposal, body["lines"], lines)
    lines += _joint(body["alliance"], proposal, lines, now.date())
    match = load(Match, proposal.id)
    id_, actor = _commitment_id(identity), actor_of(identity)
    return commitments.begin(
        id_, match, lines, body["expires_at"], actor, now, alliance=body["alliance"]
    )


def _joint(
    id_: str | None, proposal: Proposal, lines: Sequence[CommitmentLine], on: date
) -> list[CommitmentLine]:
    """What is taken from an alliance beside these lines.

    Raises the 422 problem for an alliance that there is not, or that has nothing of these lines in
    common, and the 409 problem where the request's State has not agreed to it, or the offer would
    give the joint project more than its ceiling.
    """
    if id_ is None:
        return []
    alliance = Alliance.objects(id=id_).first()
    if alliance is None or alliance.member(proposal.request.record) is None:
        message = "There is no such alliance that the request is in."
        raise invalid_field("alliance", message, "unknown")
    refusal = why_not(alliance, proposal.request.record)
    if refusal is not None:
        raise conflict("not-agreed", f"{refusal[0].upper()}{refusal[1:]}.")
    joint = joint_lines(alliance, lines)
    if not joint:
        message = "The alliance's States do not have these need lines in common."
        raise invalid_field("alliance", message, "not-common")
    above = above_ceiling_of(alliance, proposal.offer.record, lines, on)
    if above is not None:
        raise conflict("ceiling", f"{above[0].upper()}{above[1:]}.")
    return joint


def _commitment_id(identity: Identity) -> str:
    """The id of what this request commits: the same for the same idempotency key.

    A refused commitment keeps its id, since its late repeats must not hold; the next attempt with
    the key gets another.
    """
    key = current_idempotency_key()
    if key is None:
        return new_id()
    id_ = idempotent_id(identity, key)
    while Commitment.objects(id=id_, status="refused").only("id").first() is not None:
        id_ = derived_id("after refusal", id_)
    return id_


@blueprint.route("/commitments/<string:commitment_id>")
class OneCommitment(MethodView):
    """One commitment."""

    @blueprint.response(200, CommitmentView)
    def get(self, commitment_id: str) -> Answer:
        """Read a commitment."""
        return _commitment(load(Commitment, commitment_id))


@blueprint.route("/commitments/<string:commitment_id>/release", methods=["POST"])
@require_roles("coordinator", "operator", "requester", "donor")
@idempotent
@blueprint.arguments(ReleaseBody, required=False)
@blueprint.response(200, CommitmentView)
def release(body: dict[str, Any], commitment_id: str) -> Answer:
    """Give back what a commitment holds; nothing more happens to one that was released.

    Donor and State may do so too, with a reason, until all is delivered.
    """
    identity, now = current_identity(), context().clock()
    commitment = load(Commitment, commitment_id)
    if not knows_commitment(identity, commitment, stored_view("request", commitment.request)):
        raise not_found("commitment")
    require_covered(identity, commitment.country)
    if commitment.coverage is not None:
        message = "This is given back by dismissing the case of coverage that it stands for."
        raise conflict("coverage", message)
    if commitment.status not in ("releasing", "released"):
        require_releasable(commitment, identity, body["reason"])
        actor, said = actor_of(identity), body["reason"]
        commitments.start_release(commitment_id, None, actor, now, said=said)
    done = commitments.finish(commitment_id, now)
    if commitment.match is not None:
        settle(commitment.match, now)
    return _commitment(done)


def _commitment(commitment: Commitment) -> Answer:
    identity = current_identity()
    asked = stored_view("request", commitment.request)
    if asked is None or not knows_commitment(identity, commitment, asked):
        raise not_found("commitment")
    return commitment_view(commitment, _hidden(identity, commitment, asked)), _tag(commitment)


def _hidden(identity: Identity, commitment: Commitment, asked: View) -> frozenset[int]:
    status = None if commitment.match is None else "committed"  # its donor is a party by that
    return hidden_lines(identity, asked, status)


def _tag(commitment: Commitment) -> dict[str, str]:
    return {"ETag": etag(commitment.version)}
