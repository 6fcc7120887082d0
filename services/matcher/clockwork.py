"""What time alone does with proposals: reminding, ending by silence, asking afterwards, closing.

Each is one conditional write of the proposal, which is looked at again in it: whoever comes second
finds nothing due. So it is done exactly once, however many workers sweep.
"""

from datetime import datetime

from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.documents import Match
from services.matcher.life import advance, tell
from services.matcher.schedule import due, reminders_from, unasked
from services.matcher.settling import settle
from shared.events.outbox import change


def sweep(now: datetime) -> int:
    """Do what is due; returns how many proposals there were. One that fails is logged."""
    ids = [one.id for one in Match.objects(due_at__lte=now).only("id")]
    for id_ in ids:
        with apart("proposal not taken on in time", id_):
            change(Match, id_, None, lambda match: tick(match, now), now)
            settle(id_, now)
    return len(ids)


def tick(match: Match, now: datetime) -> None:
    """All that is due of a proposal; nothing where another was faster."""
    while (action := due(match, now)) is not None:
        if action == "lapse":
            advance(match, "lapse", MATCHER, now, "silence")
        elif action == "ask":
            _ask(match, now)
        elif action == "close":
            advance(match, "close", MATCHER, now, "over")
        else:
            match.reminders = [at for at in match.reminders if at > now]
            tell(match, "remind", MATCHER, now)


def _ask(match: Match, now: datetime) -> None:
    question = unasked(match)
    if question is None:
        return
    question.asked_at = now
    reason = f"months-{question.months}"
    if match.status == "delivered":
        advance(match, "follow-up", MATCHER, now)
    match.reminders = reminders_from(now)
    tell(match, "ask", MATCHER, now, reason)
