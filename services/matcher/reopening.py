"""A declined pair comes back once one of its sides changed materially, and no sooner.

A coordinator's rejection, and a party's no, keep the digests of both sides as they were decided on
(material.py). Every event of a record, and every event of a rejection itself, is followed by a look
at what is stored of both: so whether the rejection or the change is written first, whoever comes
second sees the other.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from services.matcher.actors import MATCHER
from services.matcher.documents import Match
from services.matcher.domain import DECLINED, LedgerSide, Side
from services.matcher.life import advance
from services.matcher.material import changed
from services.matcher.record_views import stored_view
from shared.events.outbox import change

_SIDES: tuple[Side, ...] = ("request", "offer")
_SAID_NO = sorted(DECLINED)


def reopen_of_records(records: Collection[tuple[LedgerSide, str]], now: datetime) -> int:
    """Bring back the declined pairs of these records of which a side changed; how many did.

    Idempotent. Raises Contention and pymongo's errors.
    """
    reopened: set[str] = set()
    for side in _SIDES:
        ids = [record for of, record in records if of == side]
        if ids:
            found = Match.objects(**{f"{side}__in": ids}, status__in=_SAID_NO).only("id")
            reopened |= {match.id for match in found if _reopen(match.id, now)}
    return len(reopened)


def reopen_pairs(proposals: Collection[str], now: datetime) -> int:
    """As `reopen_of_records`, for these proposals."""
    found = Match.objects(id__in=list(proposals), status__in=_SAID_NO).only("id")
    return sum(_reopen(match.id, now) for match in found)


def _reopen(id_: str, now: datetime) -> bool:
    done = False

    def step(match: Match) -> None:
        nonlocal done
        sides = list(changed_sides(match)) if match.status in DECLINED else []
        done = bool(sides)
        if done:
            advance(match, "reopen", MATCHER, now)
            match.reopened_by = sides

    change(Match, id_, None, step, now)
    return done


def changed_sides(match: Match) -> Iterator[Side]:
    """The sides that are materially others than when the match was decided on."""
    for side in _SIDES:
        then: str | None = getattr(match, f"{side}_material")
        view = stored_view(side, getattr(match, side))
        if then and view is not None and view.material and changed(then, view.material):
            yield side
