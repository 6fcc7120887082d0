"""Questions and answers on a proposal, over HTTP."""

from http import HTTPStatus
from typing import Any

from flask.views import MethodView

from services.matcher import threads
from services.matcher.actors import actor_of
from services.matcher.api.proposals import find_proposal
from services.matcher.proposals import Proposal
from services.matcher.thread_schemas import (
    ErasedView,
    EraseNameBody,
    MessageBody,
    MessageView,
    PostedView,
    ReadBody,
    ThreadPage,
    ThreadQuery,
)
from services.matcher.thread_views import message_view, note_read, thread_view
from services.matcher.threads import READERS, WRITERS
from shared.language import detect
from shared.registers.context import context
from shared.registers.schemas import StepBody
from shared.registers.steps import named, party_of
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_attempt, idempotent
from shared.web.identity import Identity, current_identity, own_scope, require_roles
from shared.web.languages import reading_language
from shared.web.marks import answers
from shared.web.problems import invalid_field

blueprint = Blueprint(
    "threads",
    __name__,
    url_prefix="/v1",
    description="Questions and answers between State, donor and coordinator on a proposal.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/proposals/<string:proposal_id>/messages")
class Thread(MethodView):
    """The messages of a proposal."""

    @require_roles(*READERS)
    @blueprint.arguments(ThreadQuery, location="query")
    @blueprint.response(200, ThreadPage)
    def get(self, args: dict[str, Any], proposal_id: str) -> dict[str, Any]:
        """List what was written on a proposal, the oldest first. That you read it is on record."""
        proposal, identity = _proposal(proposal_id)
        return thread_view(proposal, args, identity)

    @require_roles(*WRITERS)
    @answers(HTTPStatus.TOO_MANY_REQUESTS, "This side wrote too much within a day")
    @idempotent
    @blueprint.arguments(MessageBody)
    @blueprint.response(201, PostedView)
    def post(self, body: dict[str, Any], proposal_id: str) -> Answer:
        """Ask or answer, from the endorsement on until the proposal is closed.

        All who may read the thread see it: donor, State, coordinators of its region, auditors. A
        message is never changed; correct one by another that is `about` it.
        """
        proposal, identity = _proposal(proposal_id)
        language = body["language"] or detect(body["text"], reading_language(None)).language
        message = threads.post(
            proposal,
            body["text"],
            language,
            body["signed"],
            body["about"],
            actor_of(identity),
            context().clock(),
            current_attempt(),
        )
        # Without the text: the answer is kept for its key, and would keep what is struck out.
        view = {name: getattr(message, name) for name in ("number", "at", "language")}
        return view, {"Location": f"/v1/proposals/{proposal.id}/messages/{message.number}"}


@blueprint.route("/proposals/<string:proposal_id>/messages/read", methods=["PUT"])
@require_roles(*READERS)
@blueprint.arguments(ReadBody)
@blueprint.response(204)
def mark_read(body: dict[str, Any], proposal_id: str) -> None:
    """Remember up to which message you have read: for you alone, and never less than before."""
    proposal, identity = _proposal(proposal_id)
    threads.mark_read(proposal, body["up_to"], actor_of(identity))


@blueprint.route("/proposals/<string:proposal_id>/messages/<int:number>")
@require_roles(*READERS)
@blueprint.response(200, MessageView)
def one_message(proposal_id: str, number: int) -> dict[str, Any]:
    """Read one message. That you read it is on record."""
    proposal, identity = _proposal(proposal_id)
    message = threads.find_message(proposal.id, number)
    note_read(proposal, identity)
    return message_view(message, identity, actor_of(identity))


@blueprint.route("/proposals/<string:proposal_id>/messages/<int:number>/strike", methods=["POST"])
@require_roles(*WRITERS)
@idempotent
@blueprint.arguments(StepBody, required=False)
@blueprint.response(200, MessageView)
def strike(_body: dict[str, Any], proposal_id: str, number: int) -> dict[str, Any]:
    """Strike out a message of your own, or as a coordinator any: its text goes, its line stays."""
    proposal, identity = _proposal(proposal_id)
    actor, now = actor_of(identity), context().clock()
    message = threads.strike(proposal, number, identity, actor, now, current_attempt())
    # Without the name: the answer is kept for its key, and would keep what is erased.
    return {**message_view(message, identity, actor), "signed": None}


@blueprint.route("/messages/erase-name", methods=["POST"])
@require_roles(*WRITERS, "operator")
@own_scope("matcher:erase-names")
@blueprint.arguments(EraseNameBody)
@blueprint.response(200, ErasedView)
def erase_name(body: dict[str, Any]) -> dict[str, Any]:
    """Erase a name under your side's messages, on all proposals; that it was done is on record.

    Or every name under an account's messages: your own, or as an operator any's.
    """
    identity = current_identity()
    actor, now = actor_of(identity), context().clock()
    if body["account"] is not None:
        if identity.role != "operator" and body["account"] != identity.subject:
            raise invalid_field("account", "Name your own account, or none.")
        return {"erased": threads.erase_names_of(named(body["account"]), actor, now)}
    role, party = _side(body, identity)
    return {"erased": threads.erase_name(role, party, body["signed"], actor, now)}


def _side(body: dict[str, Any], identity: Identity) -> tuple[str, str | None]:
    """Whose messages: the caller's own side's, or whosesoever an operator names."""
    if identity.role != "operator":
        for name in ("state", "organisation"):
            if body[name] not in (None, getattr(identity, name)):
                raise invalid_field(name, "Leave this out: names of your own side are erased.")
        return identity.role, party_of(identity)
    if body["state"] is not None:
        return "requester", body["state"]
    if body["organisation"] is not None:
        return "donor", body["organisation"]
    return "coordinator", None


def _proposal(proposal_id: str) -> tuple[Proposal, Identity]:
    identity = current_identity()
    proposal = find_proposal(proposal_id, identity)
    threads.require_reader(proposal, identity)
    return proposal, identity
