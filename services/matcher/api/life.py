"""The life of a proposal over HTTP: consent, delivery, figures, follow-ups."""

from collections.abc import Callable
from typing import Any, cast

from services.matcher import consent, delivery, followups
from services.matcher.actors import Actor, actor_of
from services.matcher.api.proposals import find_proposal, was_done_before
from services.matcher.consent import Said
from services.matcher.engine.track_records import SCORES
from services.matcher.life_documents import REACHED
from services.matcher.life_schemas import (
    AnswerBody,
    AssessmentBody,
    DeliveryBody,
    FiguresBody,
    LifeView,
    ReplyBody,
)
from services.matcher.life_views import life_view
from services.matcher.proposals import Proposal
from services.matcher.rights import Party, acts_as
from services.matcher.settling import settle
from shared.events.outbox import Version
from shared.registers.context import context
from shared.web.blueprint import Blueprint
from shared.web.idempotency import current_attempt, idempotent
from shared.web.identity import Identity, current_identity, require_covered, require_roles
from shared.web.preconditions import conditional, etag, required_version
from shared.web.problems import forbidden

blueprint = Blueprint(
    "life",
    __name__,
    url_prefix="/v1",
    description="What becomes of a proposal: consent, delivery, figures of both sides, follow-ups.",
)
Answer = tuple[dict[str, Any], dict[str, str]]


@blueprint.route("/proposals/<string:proposal_id>/life")
@blueprint.response(200, LifeView)
def life(proposal_id: str) -> Answer:
    """Read what became of a proposal: every step, by whom, when and why."""
    return _shown(find_proposal(proposal_id, current_identity()), current_identity())


@blueprint.route("/proposals/<string:proposal_id>/answer", methods=["POST"])
@require_roles("requester", "donor")
@conditional
@idempotent
@blueprint.arguments(AnswerBody)
@blueprint.response(200, LifeView)
def answer(body: dict[str, Any], proposal_id: str) -> Answer:
    """Agree to an endorsed proposal for your State or organisation, or decline it."""
    said = Said(
        agrees=body["answer"] == "agree",
        **{name: body[name] for name in ("reason", "accepts", "refuses", "pledges")},
    )
    return _take(
        proposal_id,
        lambda proposal, party, *rest: consent.answer(proposal, cast("Party", party), said, *rest),
    )


@blueprint.route("/proposals/<string:proposal_id>/delivery", methods=["POST"])
@require_roles("requester", "donor", "coordinator")
@conditional
@idempotent
@blueprint.arguments(DeliveryBody)
@blueprint.response(200, LifeView)
def deliver(body: dict[str, Any], proposal_id: str) -> Answer:
    """Say that delivery starts, that all is delivered, or that the proposal is closed."""

    def take(proposal: Proposal, party: str, *rest: Any) -> Any:
        if party not in delivery.STEPS[body["step"]]:
            who = " or the ".join(sorted(delivery.STEPS[body["step"]]))
            raise forbidden(f"This step is for the {who}.")
        return delivery.take(proposal, body["step"], body["reason"], *rest)

    return _take(proposal_id, take)


@blueprint.route("/proposals/<string:proposal_id>/figures", methods=["POST"])
@require_roles("requester", "donor")
@conditional
@idempotent
@blueprint.arguments(FiguresBody)
@blueprint.response(200, LifeView)
def report(body: dict[str, Any], proposal_id: str) -> Answer:
    """Say what was given in all: the donor what it disbursed, the State what it received."""
    told = (body["lines"], body["up_to"], body["text"])
    return _take(
        proposal_id,
        lambda proposal, party, *rest: delivery.report(
            proposal, cast("Party", party), *told, *rest
        ),
    )


@blueprint.route(
    "/proposals/<string:proposal_id>/follow-ups/<int:months>/assessment", methods=["POST"]
)
@require_roles("requester")
@conditional
@idempotent
@blueprint.arguments(AssessmentBody)
@blueprint.response(200, LifeView)
def assess(body: dict[str, Any], proposal_id: str, months: int) -> Answer:
    """Say whether the need was met, so many months after delivery."""
    said = {name: body[name] for name in (*SCORES, *REACHED)}
    return _take(
        proposal_id,
        lambda proposal, _, *rest: followups.assess(proposal, months, said, body["text"], *rest),
    )


@blueprint.route("/proposals/<string:proposal_id>/follow-ups/<int:months>/reply", methods=["POST"])
@require_roles("donor")
@conditional
@idempotent
@blueprint.arguments(ReplyBody)
@blueprint.response(200, LifeView)
def reply(body: dict[str, Any], proposal_id: str, months: int) -> Answer:
    """Answer to what the State said of your assistance."""
    return _take(
        proposal_id,
        lambda proposal, _, *rest: followups.reply(proposal, months, body["text"], *rest),
    )


def _take(proposal_id: str, take: Callable[..., Any]) -> Answer:
    """Take a step once, let records and ledger follow, and show what came of it.

    `take` is called with the proposal, the side that the caller is on, the version that was seen,
    the actor, the time and the attempt.
    """
    identity, expected = current_identity(), required_version()
    proposal = find_proposal(proposal_id, identity)
    require_covered(identity, proposal.request.owner)
    if not was_done_before(proposal):
        seen: tuple[Version, Actor] = expected, actor_of(identity)
        take(proposal, acts_as(identity), *seen, context().clock(), current_attempt())
    if proposal.match is not None:
        settle(proposal.id, context().clock())
    return _shown(find_proposal(proposal_id, identity), identity)


def _shown(proposal: Proposal, identity: Identity) -> Answer:
    return life_view(proposal, identity), {"ETag": etag(proposal.version)}
