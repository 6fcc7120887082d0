"""The answers of donor and State to an endorsed proposal: agree, or decline with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.matcher.actors import MATCHER, Actor
from services.matcher.conditions import accept, require_own, unaccepted
from services.matcher.decisions import require_open
from services.matcher.documents import Match
from services.matcher.domain import STAYING, WAITING
from services.matcher.embargo_checks import pair_bar, require_unbarred
from services.matcher.figures import told_lines
from services.matcher.life import advance, tell
from services.matcher.life_documents import ToldLine
from services.matcher.pledges import above_left, above_pledge, pledged_needs, pledged_otherwise
from services.matcher.proposals import Proposal
from services.matcher.rights import Party
from shared.events.outbox import Version, change, timestamp
from shared.web.problems import conflict, invalid, invalid_field

_AGREEING: Mapping[tuple[Party, str], str] = {
    ("donor", "state-agreed"): "agree",
    ("state", "donor-agreed"): "agree",
}
"""The step by which a side agrees where the other has; else it is `donor-agree`, `state-agree`."""


@dataclass(frozen=True)
class Said:
    """What a side answers: the reason of a no, conditions by their hashes, what is pledged."""

    agrees: bool
    reason: str | None = None
    accepts: Sequence[str] = ()
    refuses: Sequence[str] = ()
    pledges: Sequence[Mapping[str, Any]] = ()


def answer(
    proposal: Proposal,
    party: Party,
    said: Said,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Match:
    """Answer for one side, as seen in version `expected`; returns what is stored.

    Once both have agreed what was held meanwhile is committed. Raises IllegalTransition,
    StaleVersion, and problems: 409 for a proposal that nobody endorsed, or that an embargo bars, or
    where a record is open no more, or the time is over; 422 for a no without a reason, conditions
    that are not accepted, pledges that are no lines of the offer, more than is left of them or less
    than is held already.
    """
    if proposal.match is None:
        raise conflict("not-endorsed", "A coordinator has to endorse the proposal first.")
    _require_whole(party, said)
    require_own(proposal.offer, said.refuses)
    pledges = _pledges(proposal, said, now)

    def step(match: Match) -> None:
        _require_in_time(match, now)
        if said.agrees:
            _agree(match, proposal, party, said, pledges, actor, now)
        else:
            code = "conditions-refused" if said.refuses else None
            advance(match, "decline", actor, now, code, said.reason)
            match.request_material = proposal.request.material
            match.offer_material = proposal.offer.material
            match.reopened_by = []
        if attempt is not None:
            match.attempts = [*match.attempts, attempt]

    return change(Match, proposal.id, expected, step, now)


def _require_whole(party: Party, said: Said) -> None:
    """Raise the 422 problem for what does not go together."""
    if not said.agrees and said.reason is None:
        raise invalid_field("reason", "A no needs its reason.", "required")
    if party == "donor" and (said.accepts or said.refuses):
        field = "accepts" if said.accepts else "refuses"
        raise invalid_field(field, "The conditions are for the State to answer.", "invalid")
    if said.agrees and said.refuses:
        message = "Who refuses a condition declines; say so in `answer`, with the reason."
        raise invalid_field("refuses", message, "invalid")
    if not said.agrees and said.accepts:
        raise invalid_field("accepts", "Who declines accepts nothing.", "invalid")
    if said.pledges and (party == "state" or not said.agrees):
        raise invalid_field("pledges", "A donor that agrees pledges, nobody else.", "invalid")


def _require_in_time(match: Match, now: datetime) -> None:
    """Raise the 409 problem once silence has ended it, though no sweep has come by yet."""
    if match.status in WAITING and match.answer_by is not None and match.answer_by <= now:
        raise conflict("lapsed", f"The time to answer was over at {timestamp(match.answer_by)}.")


def _pledges(proposal: Proposal, said: Said, now: datetime) -> list[ToldLine]:
    known = {line.line: line for line in proposal.offer.lines}
    return told_lines(proposal.offer, known, said.pledges, now.date(), "pledges")


def _agree(
    match: Match,
    proposal: Proposal,
    party: Party,
    said: Said,
    pledges: list[ToldLine],
    actor: Actor,
    now: datetime,
) -> None:
    require_open(proposal)
    require_unbarred(pair_bar(proposal.request, proposal.offer, now.date()))
    open_ones = party == "state" and unaccepted(match, proposal.offer)
    if open_ones and match.status in STAYING["accept"]:  # agreed already, to other conditions
        accept(match, proposal.offer, said.accepts, actor, now)
        tell(match, "accept", actor, now, said=said.reason)
        return
    action = _AGREEING.get((party, match.status), f"{party}-agree")
    advance(match, action, actor, now, said=said.reason)
    if party == "state":
        accept(match, proposal.offer, said.accepts, actor, now)
    else:
        errors = above_left(match, proposal.offer, pledges, "pledges")
        if errors:
            raise invalid(errors)
        match.pledges = pledges
        sides = (proposal.request, proposal.offer, proposal.entry["serves"], pledges, now.date())
        match.pledged_needs = pledged_needs(*sides)
        match.pledged_otherwise = pledged_otherwise(*sides)
        refusal = above_pledge(match, (), match.holds)
        if refusal is not None:
            message = f"So much is held for this proposal already: {refusal}."
            raise invalid_field("pledges", message, "too_small")
    if match.status == "agreed" and match.holds:
        advance(match, "commit", MATCHER, now)
        match.owes = True
