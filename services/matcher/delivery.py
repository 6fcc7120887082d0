"""Delivery of what is committed: its steps, and what both sides say was given."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.matcher.actors import Actor
from services.matcher.documents import Match, decided_serves
from services.matcher.engine.stated import unpacked
from services.matcher.figures import committed_lines, received_part, told_lines
from services.matcher.life import advance, tell
from services.matcher.life_documents import Delivered, Report
from services.matcher.promised_lines import held_by, taken_serves, themes_of
from services.matcher.proposals import Proposal
from services.matcher.record_views import View
from services.matcher.rights import Party
from services.matcher.schedule import follow_ups_from, next_due
from shared.events.outbox import Version, change
from shared.web.problems import conflict, invalid_field

MOST_REPORTS = 200
"""How often both sides together may tell figures of one proposal."""

STEPS: Mapping[str, frozenset[str]] = {
    "start": frozenset({"donor", "coordinator"}),
    "deliver": frozenset({"donor", "state", "coordinator"}),
    "close": frozenset({"coordinator"}),
}
"""Who may take which step of a proposal that is committed."""


def take(
    proposal: Proposal,
    action: str,
    said: str | None,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Match:
    """Take one of STEPS, as seen in version `expected`; returns what is stored.

    What is delivered is asked about some months later. Raises IllegalTransition, StaleVersion, and
    the 409 problem for a proposal that nobody acted on.
    """

    def step(match: Match) -> None:
        advance(match, action, actor, now, said=said)
        if action == "deliver":
            match.follow_ups = follow_ups_from(now)
            match.outcome = _delivered(match, proposal.request, now.date())
            match.due_at = next_due(match)
        _remember(match, attempt)

    return change(Match, _acted_on(proposal), expected, step, now)


def report(
    proposal: Proposal,
    party: Party,
    lines: Sequence[Mapping[str, Any]],
    up_to: date | None,
    text: str | None,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Match:
    """Keep what a side says was disbursed or received in all up to a day, today if not said.

    Raises IllegalTransition, StaleVersion, the 422 problem for lines that no commitment holds and
    for a day to come, and the 409 problem for a proposal of which too much was told.
    """
    on = up_to or now.date()
    if on > now.date():
        raise invalid_field("up_to", "This day is still to come.", "future")

    def step(match: Match) -> None:
        if len(match.reports) >= MOST_REPORTS:
            raise conflict("full", f"{MOST_REPORTS} reports are kept of a proposal, and no more.")
        tell(match, "report", actor, now)
        told = told_lines(proposal.offer, committed_lines(match), lines, on, "lines")
        match.reports.append(
            Report(
                side=party,
                up_to=on.isoformat(),
                at=now,
                subject=actor.subject,
                lines=told,
                text=text,
            )
        )
        if match.outcome is not None:
            match.outcome.received = received_part(match)
        _remember(match, attempt)

    return change(Match, _acted_on(proposal), expected, step, now)


def _delivered(match: Match, request: View, on: date) -> Delivered:
    window = unpacked(request.stated).window
    held = held_by([match]).get(str(match.id), ())
    themes = themes_of(taken_serves(decided_serves(match), held, request))
    return Delivered(
        theme=next(iter(themes), None),
        in_time=None if window is None else on <= window.last,
        received=received_part(match),
    )


def _acted_on(proposal: Proposal) -> str:
    if proposal.match is None:
        raise conflict("not-endorsed", "A coordinator has to endorse the proposal first.")
    return proposal.id


def _remember(match: Match, attempt: str | None) -> None:
    if attempt is not None:
        match.attempts = [*match.attempts, attempt]
