"""When time alone takes a proposal on: pure functions of what the proposal keeps."""

import calendar
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.matcher.documents import Match
from services.matcher.domain import WAITING
from services.matcher.life_documents import FollowUp
from shared.registers.match_figures import FOLLOW_UP_MONTHS

ANSWER_WITHIN = timedelta(days=30)
"""How long donor and State have to answer an endorsement, if the coordinator says nothing else."""
REMIND_BEFORE = (timedelta(days=7), timedelta(days=2))
"""How long before silence ends it they are reminded."""
REMIND_AFTER = (timedelta(days=14), timedelta(days=45))
"""How long after such a question the State is reminded of it."""
CLOSE_AFTER = timedelta(days=90)
"""How long after the last question a proposal stays open for the answer."""

_ORDER = ("lapse", "ask", "close", "remind")
"""What is done first where several are due: nobody is reminded of what is over."""


def reminders_until(answer_by: datetime, now: datetime) -> list[datetime]:
    """When to remind of an answer that is waited for from now on."""
    times = sorted(answer_by - before for before in REMIND_BEFORE)
    return [at for at in times if at > now]


def reminders_from(asked_at: datetime) -> list[datetime]:
    """When to remind of a question that was asked."""
    return [asked_at + after for after in REMIND_AFTER]


def follow_ups_from(delivered_at: datetime) -> list[FollowUp]:
    """What the State is to be asked after a delivery."""
    return [
        FollowUp(months=months, due_at=months_after(delivered_at, months))
        for months in FOLLOW_UP_MONTHS
    ]


def months_after(at: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that is shorter."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))


def next_due(match: Match) -> datetime | None:
    """When the next of them is due; None where nothing is waited for."""
    return min((at for at, _ in _pending(match)), default=None)


def due(match: Match, now: datetime) -> str | None:
    """What is due now: `lapse`, `ask`, `close` or `remind`, the first that has to be done."""
    found = {action for at, action in _pending(match) if at <= now}
    return next((action for action in _ORDER if action in found), None)


def unasked(match: Match) -> FollowUp | None:
    """The next question that is still to be asked."""
    return next((one for one in match.follow_ups if one.asked_at is None), None)


def _pending(match: Match) -> Iterator[tuple[datetime, str]]:
    waiting = match.status in WAITING
    if waiting and match.answer_by is not None:
        yield match.answer_by, "lapse"
    if waiting or match.status == "follow-up":
        yield from ((at, "remind") for at in match.reminders)
    if match.status in ("delivered", "follow-up") and match.follow_ups:
        question, last = unasked(match), match.follow_ups[-1]
        if question is not None:
            yield question.due_at, "ask"
        if last.asked_at is not None:
            yield last.asked_at + CLOSE_AFTER, "close"
