"""Deciding on proposals: a proposal becomes a document of its own when somebody acts on it."""

from datetime import datetime

from services.matcher.documents import Match, entry_text
from services.matcher.domain import PROPOSAL
from services.matcher.proposals import Proposal
from shared.events.outbox import DuplicateId, StaleVersion, Version, change, create
from shared.registers.steps import take_step
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field


def decide(
    proposal: Proposal,
    action: str,
    reason: str | None,
    expected: Version,
    identity: Identity,
    now: datetime,
) -> Match:
    """Take the step `endorse` or `reject`, as seen in version `expected`; returns what is stored.

    Raises the 422 problem for a rejection without a reason, the 409 problem for an endorsement of
    what is no longer open, IllegalTransition, and StaleVersion if somebody was faster.
    """
    if action == "reject" and reason is None:
        raise invalid_field("reason", "A rejection needs its reason.", "required")

    def step(match: Match) -> None:
        if action == "endorse":
            require_open(proposal)
        take_step(PROPOSAL, match, action, identity, now)
        match.reason = reason
        _note(match, proposal)

    if proposal.match is not None:
        return change(Match, proposal.id, expected, step, now)
    if expected != proposal.version:
        raise StaleVersion(proposal.version)
    match = Match(
        id=proposal.id,
        request=proposal.request.record,
        offer=proposal.offer.record,
        country=proposal.request.owner,
        organisation=proposal.offer.owner,
        status=PROPOSAL.initial,
    )
    step(match)
    try:
        create(match, now)
    except DuplicateId:
        raise StaleVersion(Match.objects.get(id=proposal.id).version) from None
    return match


def require_open(proposal: Proposal) -> None:
    """Raise the 409 problem unless both the request and the offer are published."""
    for side, view in (("request", proposal.request), ("offer", proposal.offer)):
        if view.status != "published":
            raise conflict("not-open", f"The {side} is {view.status} and open no more.")


def _note(match: Match, proposal: Proposal) -> None:
    """Keep what the decision was made on."""
    match.score = proposal.entry["score"]
    match.model = proposal.model
    match.rank = proposal.entry["rank"] or match.rank
    match.entry = entry_text(
        {name: value for name, value in proposal.entry.items() if name not in ("offer", "rank")}
    )
    match.request_version = str(proposal.request.version)
    match.offer_version = str(proposal.offer.version)
