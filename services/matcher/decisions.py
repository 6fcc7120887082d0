"""Deciding on proposals: a proposal becomes a document of its own when somebody acts on it."""

from datetime import datetime

from services.matcher import decision_log
from services.matcher.actors import actor_of
from services.matcher.documents import Match, entry_text
from services.matcher.domain import PROPOSAL
from services.matcher.embargo_checks import pair_bar, require_unbarred
from services.matcher.life import advance
from services.matcher.models import stored_model
from services.matcher.proposals import Proposal
from services.matcher.rights import parties_see
from services.matcher.schedule import ANSWER_WITHIN, reminders_until
from shared.events.epochs import current_epoch
from shared.events.outbox import DuplicateId, StaleVersion, Version, change, create
from shared.lifecycle import SHOWN
from shared.web.identity import Identity
from shared.web.problems import conflict, invalid_field


def decide(
    proposal: Proposal,
    action: str,
    reason: str | None,
    expected: Version,
    identity: Identity,
    now: datetime,
    attempt: str | None = None,
    answer_by: datetime | None = None,
) -> Match:
    """Take the step `endorse` or `reject`, as seen in version `expected`; returns what is stored.

    `attempt` is the id of the idempotent request that decides; it is kept with the decision.
    Donor and State have until `answer_by` to agree to what is endorsed, ANSWER_WITHIN if not said.

    Raises the 422 problem for a rejection without a reason, the 409 problem for an endorsement that
    the donor could not see, and of
    what is no longer open, IllegalTransition, and StaleVersion if somebody was faster.
    """
    if action == "reject" and reason is None:
        raise invalid_field("reason", "A rejection needs its reason.", "required")

    def step(match: Match) -> None:
        if action == "endorse":
            require_open(proposal)
            _require_seen(proposal)
            require_unbarred(pair_bar(proposal.request, proposal.offer, now.date()))
            ask_parties(match, answer_by or now + ANSWER_WITHIN, now)
        advance(match, action, actor_of(identity), now, said=reason)
        match.reason = reason
        if attempt is not None:
            match.attempts = [*match.attempts, attempt]
        _note(match, proposal)
        decision_log.add(match, _entry(match, proposal, action, identity, now))

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
        epoch=current_epoch(Match._get_collection().database),
        number=0,
    )
    step(match)
    try:
        create(match, now, match.epoch)
    except DuplicateId:
        raise StaleVersion(Match.objects.get(id=proposal.id).version) from None
    return match


def ask_parties(match: Match, answer_by: datetime, now: datetime) -> None:
    """Ask donor and State anew: whatever they said to an earlier endorsement counts no more."""
    match.accepted, match.pledges, match.pledged_needs, match.pledged_otherwise = [], [], [], []
    match.answer_by, match.reminders = answer_by, reminders_until(answer_by, now)


def require_open(proposal: Proposal) -> None:
    """Raise the 409 problem unless both the request and the offer are open for matching."""
    for side, view in (("request", proposal.request), ("offer", proposal.offer)):
        if view.status not in SHOWN:
            raise conflict("not-open", f"The {side} is {view.status} and open no more.")


def _require_seen(proposal: Proposal) -> None:
    """Raise the 409 problem unless the donor will see something of what it is asked to meet."""
    if not parties_see(proposal.request, proposal.entry["serves"]):
        message = (
            "The donor may see none of the need lines that this serves, and could not answer. Ask "
            "the State whether it will show one to parties."
        )
        raise conflict("unseen", message)


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
    match.request_material = proposal.request.material
    match.offer_material = proposal.offer.material
    match.reopened_by = []


def _entry(
    match: Match, proposal: Proposal, action: str, identity: Identity, now: datetime
) -> decision_log.Entry:
    """What the log keeps of the decision, which makes the proposal's next version.

    The list is the one that is stored now. What the coordinator looked at may have been an older
    one, but of the decided pair it was this very one, by both records' versions.
    """
    model = stored_model(proposal.model) if proposal.model else None
    listed, told = proposal.shortlist, proposal.entry["features"]
    return {
        "_id": decision_log.entry_id(match.id, Version(match.epoch, match.number + 1)),
        "proposal": match.id,
        "request": match.request,
        "offer": match.offer,
        "country": match.country,
        "organisation": match.organisation,
        "action": action,
        "role": identity.role,
        "at": now,
        "request_version": match.request_version,
        "offer_version": match.offer_version,
        "model": proposal.model,
        "feature_names": [] if model is None else list(model.feature_names),
        "as_of": None if listed is None else listed["as_of"],
        "rank": proposal.entry["rank"],
        "score": proposal.entry["score"],
        "features": list(told if model is None else model.features_of(told)),
        "shown": "[]"
        if listed is None
        else decision_log.shown_text(listed["offers"], listed["entries"]),
    }
