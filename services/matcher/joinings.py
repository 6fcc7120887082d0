"""Organisations that offer to join a proposal, and the answers of its two sides."""

from datetime import datetime

from services.matcher import proposals
from services.matcher.actors import Actor, transition
from services.matcher.domain import split_proposal_id
from services.matcher.joining_documents import Joining, joining_id
from services.matcher.joining_rules import AGREEING, JOINING
from services.matcher.record_views import stored_view
from services.matcher.rights import Party, oversees, owns_offer, owns_request, sees_request
from shared.lifecycle import SHOWN
from shared.registers.pace import require_pace
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field

PER_DAY = 5
"""How often an organisation may offer to join a proposal within any 24 hours."""
_OVER = frozenset({"rejected", "declined", "fallen", "closed"})
"""States of a proposal that nobody joins any more."""


def offered(
    proposal: str, role: str, text: str, identity: Identity, actor: Actor, now: datetime
) -> Joining:
    """An organisation's offer to join that is not stored yet.

    Whether anybody acted on the proposal is not looked at, and so not told. Raises the 422 problem
    for a request or an offer that the organisation may not read, or that is its own.
    """
    pair = split_proposal_id(proposal)
    request = None if pair is None else stored_view("request", pair[0])
    offer = None if pair is None else stored_view("offer", pair[1])
    readable = (
        request is not None
        and offer is not None
        and request.status in SHOWN
        and offer.status in SHOWN
        and sees_request(identity, request, None)
    )
    if not readable or request is None or offer is None:
        message = "There is no such pair of a circulated request and a published offer for you."
        raise invalid_field("proposal", message, "unknown")
    if owns_offer(identity, offer.owner):
        raise invalid_field("proposal", "This is your own offer.", "own")
    return Joining(
        id=joining_id(proposal, identity.organisation or ""),
        proposal=proposal,
        request=request.record,
        offer=offer.record,
        country=request.owner,
        donor=offer.owner,
        organisation=identity.organisation,
        role=role,
        text=text,
        status=JOINING.initial,
        history=[transition("offer", None, JOINING.initial, actor, now)],
    )


def offer_again(joining: Joining, role: str, text: str, actor: Actor, now: datetime) -> None:
    """Offer anew what was withdrawn; raises IllegalTransition, and the 429 problem."""
    require_pace(
        [step.at for step in joining.history if step.target == JOINING.initial],
        PER_DAY,
        now,
        "too-many-offers",
        "Your organisation offered this so often today",
        f"An organisation may offer to join a proposal {PER_DAY} times within 24 hours.",
    )
    _advance(joining, "offer-again", actor, now)
    joining.role, joining.text, joining.reason = role, text, None


def withdraw(joining: Joining, actor: Actor, now: datetime) -> None:
    """Take the offer back, or leave; raises IllegalTransition."""
    _advance(joining, "withdraw", actor, now)


def answer(
    joining: Joining,
    party: Party,
    agrees: bool,
    reason: str | None,
    identity: Identity,
    actor: Actor,
    now: datetime,
) -> None:
    """Answer for one side of the proposal.

    Raises IllegalTransition, and the 409 problem for a proposal that nobody endorsed or that is
    over: that is no proposal to join.
    """
    if not agrees:
        _advance(joining, "decline", actor, now)
        joining.reason = reason
        return
    found = proposals.find(joining.proposal, identity)
    match = None if found is None else found.match
    if match is None or match.status == "proposed" or match.status in _OVER:
        raise conflict("not-endorsed", "Nobody has endorsed this proposal, or it is over.")
    _advance(joining, AGREEING.get((party, joining.status), f"{party}-agree"), actor, now)


def party_to(joining: Joining, identity: Identity) -> Party | None:
    """Which side of the proposal the caller is on, if it may see the proposal."""
    side: Party | None = None
    if owns_request(identity, joining.country):
        side = "state"
    elif owns_offer(identity, joining.donor):
        side = "donor"
    if side is None or proposals.find(joining.proposal, identity) is None:
        return None
    return side


def knows_joining(identity: Identity, joining: Joining) -> bool:
    """Whether it is there for the reader: the organisation, the two sides, who oversees."""
    own = identity.role == "donor" and identity.organisation == joining.organisation
    overseeing = oversees(identity, joining.country)
    return own or overseeing or party_to(joining, identity) is not None


def partners(proposal: str) -> list[Joining]:
    """Those who take part in a proposal, as both sides agreed, by organisation."""
    return list(Joining.objects(proposal=proposal, status="agreed").order_by("organisation"))


def _advance(joining: Joining, action: str, actor: Actor, now: datetime) -> None:
    target = JOINING.target(action, joining.status)
    joining.history.append(transition(action, joining.status, target, actor, now))
    joining.status = target
