"""Proposals, commitments and the ledger over HTTP."""

from datetime import datetime
from http import HTTPStatus
from itertools import islice
from typing import Any

from flask import request
from flask.views import MethodView

from services.matcher import commitments, proposals
from services.matcher.commitments import Actor
from services.matcher.decisions import decide, require_open
from services.matcher.documents import (
    Commitment,
    Match,
    RecordView,
    view_id,
)
from services.matcher.ledger_documents import LedgerCase, LedgerLine
from services.matcher.promises import commitment_lines, require_committable
from services.matcher.proposals import Proposal
from services.matcher.rights import hidden_lines, is_party, oversees, owns_offer, owns_request
from services.matcher.schemas import (
    CommitmentBody,
    CommitmentQuery,
    CommitmentView,
    DecisionBody,
    LanguageQuery,
    LedgerCaseView,
    LedgerLineView,
    LedgerQuery,
    ProposalQuery,
    ProposalView,
)
from services.matcher.views import (
    commitment_view,
    ledger_case_view,
    ledger_line_view,
    proposal_view,
)
from shared.ids import derived_id, new_id
from shared.registers.context import context
from shared.registers.schemas import StepBody
from shared.registers.steps import party_of
from shared.registers.writing import load
from shared.vocabulary import LANGUAGES
from shared.web.blueprint import Blueprint
from shared.web.idempotency import (
    create_or_resume,
    current_idempotency_key,
    idempotent,
    idempotent_id,
    resuming,
)
from shared.web.identity import Identity, current_identity, require_roles
from shared.web.marks import answers
from shared.web.paging import PageQuery, page, page_schema, read_cursor, write_cursor
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import conflict, invalid_field, not_found

blueprint = Blueprint(
    "matcher",
    __name__,
    url_prefix="/v1",
    description="Ranked and explained proposals, decisions on them, and what is committed.",
)
Answer = tuple[dict[str, Any], dict[str, str]]
_PLACE = ("request", "place")


@blueprint.route("/proposals")
class Proposals(MethodView):
    """Which offers serve which requests."""

    @blueprint.arguments(ProposalQuery, location="query")
    @blueprint.response(200, page_schema(ProposalView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List proposals by request and rank."""
        identity, limit = current_identity(), args["limit"]
        place = None if args["cursor"] is None else _place(args["cursor"])
        found = proposals.listing(
            identity,
            request=args["request"],
            offer=args["offer"],
            state=args["state"],
            after=place,
        )
        first = list(islice(found, limit + 1))
        shown = first[:limit]
        more = len(first) > limit
        language = _language(args["language"])
        return {
            "items": [_view(one, identity, language) for one in shown],
            "next": write_cursor(shown[-1].place, _PLACE) if more else None,
        }


@blueprint.route("/proposals/<string:proposal_id>")
class OneProposal(MethodView):
    """One proposal."""

    @blueprint.arguments(LanguageQuery, location="query")
    @blueprint.response(200, ProposalView)
    def get(self, args: dict[str, Any], proposal_id: str) -> Answer:
        """Read a proposal, whether it is open to decision or was decided on."""
        return _shown(proposal_id, current_identity(), _language(args["language"]))


@blueprint.route("/proposals/<string:proposal_id>/decision", methods=["POST"])
@require_roles("coordinator")
@conditional
@blueprint.arguments(DecisionBody)
@blueprint.response(200, ProposalView)
def decision(body: dict[str, Any], proposal_id: str) -> Answer:
    """Endorse a proposal, or reject it: a rejected pair is proposed no more."""
    identity, expected = current_identity(), required_version()
    proposal = _find(proposal_id, identity)
    decide(proposal, body["decision"], body["reason"], expected, identity, context().clock())
    return _shown(proposal_id, identity, _language(None))


@blueprint.route("/commitments")
class Commitments(MethodView):
    """What is promised of offers to requests."""

    @answers(HTTPStatus.NOT_FOUND, "There is no such proposal")
    @blueprint.arguments(CommitmentQuery, location="query")
    @blueprint.response(200, page_schema(CommitmentView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the commitments of a proposal, the newest first."""
        proposal = _find(args["proposal"], current_identity())
        found = Commitment.objects(match=proposal.id)
        return page(found, args, lambda one: commitment_view(one, proposal.hidden))

    @require_roles("coordinator", "operator")
    @idempotent
    @blueprint.arguments(CommitmentBody)
    @blueprint.response(201, CommitmentView)
    def post(self, body: dict[str, Any]) -> Answer:
        """Commit lines of an offer to lines of a request: all of them or none."""
        identity, now = current_identity(), context().clock()
        proposal = _find(body["proposal"], identity)
        begun = _begun_before(identity) or create_or_resume(
            lambda: _begin(proposal, body, identity, now),
            lambda: load(Commitment, _commitment_id(identity)),
        )
        commitment = commitments.finish(begun.id, now)
        if commitment.status == "refused":
            raise conflict("refused", f"Nothing was committed: {commitment.refusal}.")
        headers = {"Location": f"/v1/commitments/{commitment.id}"}
        return commitment_view(commitment, proposal.hidden), {**_tag(commitment), **headers}


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
    require_committable(proposal)
    require_open(proposal)
    if body["expires_at"] is not None and body["expires_at"] <= now:
        raise invalid_field("expires_at", "This time is over.", "past")
    lines = commitment_lines(proposal, body["lines"], now.date())
    match = load(Match, proposal.id)
    id_, actor = _commitment_id(identity), _actor(identity)
    return commitments.begin(id_, match, lines, body["expires_at"], actor, now)


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
@require_roles("coordinator", "operator")
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, CommitmentView)
def release(_body: dict[str, Any], commitment_id: str) -> Answer:
    """Give back what a commitment holds; nothing more happens to one that was released."""
    identity, now = current_identity(), context().clock()
    commitment = load(Commitment, commitment_id)
    if commitment.status not in ("releasing", "released"):
        commitments.start_release(commitment_id, None, _actor(identity), now)
    return _commitment(commitments.finish(commitment_id, now))


@blueprint.route("/ledger")
class Ledger(MethodView):
    """What is held of a record's lines."""

    @answers(HTTPStatus.NOT_FOUND, "There is no such record")
    @blueprint.arguments(LedgerQuery, location="query")
    @blueprint.response(200, page_schema(LedgerLineView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the ledger lines of a request or offer."""
        identity, record = current_identity(), args["record"]
        # A request and an offer may have the same id: each owner sees their own side's lines.
        views = RecordView.objects(record=record)
        sides = [view.side for view in views if _owns(identity, view)]
        if not sides:
            raise not_found("record")
        lines = LedgerLine.objects(record=record, side__in=sides)
        return page(lines, args, ledger_line_view, sort=("id",))


@blueprint.route("/ledger/cases")
class LedgerCases(MethodView):
    """Lines that hold more than their owners now allow."""

    @require_roles("coordinator", "auditor", "operator")
    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, page_schema(LedgerCaseView))
    def get(self, args: dict[str, Any]) -> dict[str, Any]:
        """List the open cases."""
        return page(LedgerCase.objects(status="open"), args, ledger_case_view, sort=("id",))


def _find(proposal_id: str, identity: Identity) -> Proposal:
    found = proposals.find(proposal_id, identity)
    if found is None:
        raise not_found("proposal")
    return found


def _shown(proposal_id: str, identity: Identity, language: str) -> Answer:
    proposal = _find(proposal_id, identity)
    return _view(proposal, identity, language), {"ETag": etag(proposal.version)}


def _view(proposal: Proposal, identity: Identity, language: str) -> dict[str, Any]:
    return proposal_view(proposal, identity, language, context().clock().date())


def _commitment(commitment: Commitment) -> Answer:
    identity = current_identity()
    asked = RecordView.objects(id=view_id("request", commitment.request)).first()
    if asked is None or not is_party(identity, commitment.country, commitment.organisation):
        raise not_found("commitment")
    return commitment_view(commitment, hidden_lines(identity, asked)), _tag(commitment)


def _owns(identity: Identity, view: RecordView) -> bool:
    own = owns_request if view.side == "request" else owns_offer
    return oversees(identity) or own(identity, view.owner)


def _tag(commitment: Commitment) -> dict[str, str]:
    return {"ETag": etag(commitment.version)}


def _actor(identity: Identity) -> Actor:
    return Actor(identity.role, party_of(identity))


def _language(asked: str | None) -> str:
    return asked or request.accept_languages.best_match(LANGUAGES, default="en") or "en"


def _place(cursor: str) -> proposals.Place:
    place = read_cursor(cursor, _PLACE)
    if not all(isinstance(part, str) for part in place):
        raise invalid_field("cursor", "This is not a cursor of this list.", "cursor")
    return place[0], place[1]
