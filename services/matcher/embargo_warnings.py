"""Warning donor and State of a proposal that falls once an exemption from an embargo ends.

Twice: a month and a week before. Which proposals those are follows from the register and from both
records as they are, so the sweep looks; what it told stands in the proposal's history, by the
exemption's last day, so nothing is told twice and a day that is set later is told as well.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import partial

from services.matcher.actors import MATCHER
from services.matcher.apart import apart
from services.matcher.documents import Commitment, Match, view_id
from services.matcher.domain import STAYING
from services.matcher.embargo_checks import Rulings, barred_kinds, barred_lines, rulings
from services.matcher.embargo_documents import Embargo
from services.matcher.engine.embargoes import Ruling
from services.matcher.life import tell
from services.matcher.record_views import stored_views
from shared.events.outbox import change
from shared.lifecycle import IllegalTransition

DAYS_BEFORE = (7, 30)
"""How many days before the end donor and State are warned, the nearest first."""
_DAY = timedelta(days=1)


def sweep(now: datetime) -> int:
    """Warn of what ends soon; how many warnings that were. One that fails is logged.

    Idempotent, also for several at once.
    """
    today = now.date()
    known = rulings(today)
    warned = 0
    for country, last in sorted(set(_ending(today))):
        then = rulings(last + _DAY)
        code = _code(last, today)
        for match in Match.objects(country=country, status__in=sorted(STAYING["warn"])):
            with apart("not warned of the end of an exemption", match.id):
                if not _was_told(match, code) and _ends(match, known, then):
                    warned += _warn(match.id, code, now)
    return warned


def _ending(today: date) -> Iterator[tuple[str, date]]:
    """States and last days of exemptions that end soon."""
    latest = today + max(DAYS_BEFORE) * _DAY
    first, last = today.isoformat(), latest.isoformat()
    for embargo in Embargo.objects(exemptions__end__gte=first):
        for one in embargo.exemptions:
            if first <= one.end <= last:
                yield embargo.country, date.fromisoformat(one.end)


def _code(last: date, today: date) -> str:
    days = next(days for days in DAYS_BEFORE if last - today <= days * _DAY)
    return f"ends-{last.isoformat()}-{days}"


def _ends(match: Match, known: Rulings, then: Rulings) -> bool:
    """Whether nothing bars the proposal, or what it is committed by, now, and something will."""
    before, after = known(match.country, match.request), then(match.country, match.request)
    if not before.exempt or before == after:
        return False
    return _bars(match, after) and not _bars(match, before)


def _bars(match: Match, found: Ruling) -> bool:
    if match.holds:
        held = Commitment.objects(id__in=match.holds, status="held")
        return any(barred_lines(found, one.lines) for one in held)
    ids = [view_id("request", match.request), view_id("offer", match.offer)]
    views = list(stored_views(ids).values())
    return len(views) == len(ids) and barred_kinds(found, views) is not None


def _was_told(match: Match, code: str) -> bool:
    return any(step.action == "warn" and step.reason == code for step in match.history)


def _warn(id_: str, code: str, now: datetime) -> bool:
    try:
        change(Match, id_, None, partial(_tell, code, now), now)
    except IllegalTransition:
        return False  # something became of it meanwhile
    return True


def _tell(code: str, now: datetime, match: Match) -> None:
    if not _was_told(match, code):
        tell(match, "warn", MATCHER, now, code)
