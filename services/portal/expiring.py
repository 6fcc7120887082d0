"""Warning of what is about to end: API tokens their owners, exemptions from arms embargoes those
who coordinate the State, and the State.

Time alone ends them, so no event tells of it: the worker looks every few hours. What is warned of
follows from the day on which it ends, so one end is told once, and another day that is set later
is told as well.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from services.portal.audience import World, told_of
from services.portal.documents import Account, ApiToken
from services.portal.house import House
from services.portal.note_documents import Followed
from services.portal.notifying import Note, notify

TOKEN_BEFORE: Final = timedelta(days=14)
"""How long before its end a token's owner is warned; at most a quarter of its life."""
EXEMPTION_BEFORE: Final = timedelta(days=30)


def warn(house: House) -> int:
    """Warn of what ends soon, each once; how many things that is. Raises PyMongoError."""
    now, found = house.clock(), 0
    for token in _tokens(now):
        found += 1
        owner = Account.objects(id=token.account)
        notify(_note("token", token.id, "", token.expires_at.date().isoformat(), now), owner, now)
    for embargo, number, last in _exemptions(now):
        found += 1
        accounts = told_of(embargo, {}, ("state", "coordinators"), World.around([embargo]))
        note = _note("embargo", embargo.record, number, last, now, country=embargo.country)
        notify(note, accounts, now)
    return found


def _note(
    record_type: str, record: str, which: str, last: str, now: datetime, **facts: str
) -> Note:
    key = f"expire {which} {last}"
    return Note("expiry", record_type, record, "expire", key, now, {**facts, "last_day": last})


def _tokens(now: datetime) -> Iterator[ApiToken]:
    ending = ApiToken.objects(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + TOKEN_BEFORE
    )
    for token in ending:
        if token.expires_at - now <= (token.expires_at - token.created_at) / 4:
            yield token


def _exemptions(now: datetime) -> Iterator[tuple[Followed, str, str]]:
    """Exemptions of embargoes in force that end soon: the embargo, their number, their last day."""
    first = now.date().isoformat()
    last = (now + EXEMPTION_BEFORE).date().isoformat()
    for embargo in Followed.objects(exemptions__to__gte=first, status__ne="ended"):
        for one in embargo.exemptions:
            if first <= one["to"] <= last:
                yield embargo, one["id"], one["to"]
