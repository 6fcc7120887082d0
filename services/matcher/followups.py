"""After delivery: the State says whether the need was met, the donor may answer to that."""

from collections.abc import Callable, Mapping
from datetime import datetime

from services.matcher.actors import Actor
from services.matcher.documents import Match
from services.matcher.engine.track_records import SCORES
from services.matcher.life import tell
from services.matcher.life_documents import REACHED, FollowUp
from services.matcher.proposals import Proposal
from shared.events.outbox import Version, change
from shared.web.problems import conflict, not_found


def assess(
    proposal: Proposal,
    months: int,
    said: Mapping[str, int | None],
    text: str | None,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Match:
    """Keep the State's answer to the question after so many months; returns what is stored.

    `said` are the scores, by SCORES, and what of the objectives was reached, by REACHED.

    Raises the 404 problem for a question that is not asked of this proposal, 409 for one that is
    not asked yet or was answered, IllegalTransition, and StaleVersion.
    """

    def keep(match: Match, question: FollowUp) -> None:
        if question.asked_at is None:
            raise conflict("not-asked", f"This is asked from {question.due_at.date()} on.")
        if question.answered_at is not None:
            raise conflict("answered", "This was answered already.")
        for name in (*SCORES, *REACHED):
            setattr(question, name, said[name])
        question.text, question.answered_at = text, now
        if not any(one.asked_at and not one.answered_at for one in match.follow_ups):
            match.reminders = []
        tell(match, "assess", actor, now, _code(question))

    return _change(proposal, months, expected, keep, now, attempt)


def reply(
    proposal: Proposal,
    months: int,
    text: str,
    expected: Version,
    actor: Actor,
    now: datetime,
    attempt: str | None = None,
) -> Match:
    """Keep the donor's answer to what the State said; as `assess`."""

    def keep(match: Match, question: FollowUp) -> None:
        if question.answered_at is None:
            raise conflict("not-answered", "The State has not said anything to this yet.")
        if question.replied_at is not None:
            raise conflict("answered", "This was answered already.")
        question.reply, question.replied_at = text, now
        tell(match, "reply", actor, now, _code(question))

    return _change(proposal, months, expected, keep, now, attempt)


def _change(
    proposal: Proposal,
    months: int,
    expected: Version,
    keep: Callable[[Match, FollowUp], None],
    now: datetime,
    attempt: str | None,
) -> Match:
    def step(match: Match) -> None:
        question = next((one for one in match.follow_ups if one.months == months), None)
        if question is None:
            raise not_found("question")
        keep(match, question)
        if attempt is not None:
            match.attempts = [*match.attempts, attempt]

    if proposal.match is None:
        raise not_found("question")
    return change(Match, proposal.id, expected, step, now)


def _code(question: FollowUp) -> str:
    return f"months-{question.months}"
