"""Telling an open page of changes as they come, as server-sent events (the HTML standard, 9.2).

Each listener looks for itself every few seconds: there are few of them in a process, by a setting,
and what each may know is another thing. Nothing is held between them, so it does not matter which
process a page comes back to after one was stopped: it says where it was (Last-Event-ID).
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo.errors import PyMongoError

from services.portal.changes import ALL, Change, Changes, Wanted, changes_since
from services.portal.house import House
from services.portal.sessions import find_session

CLOSED = "event: closed\ndata: -\n\n"
"""What a page is told whose session ended: it does not come back."""
_MOST_REMEMBERED = 1000


@dataclass(frozen=True)
class Pace:
    """Seconds: between two looks, after which something is sent anyway, after which it ends.

    What is sent anyway shows whether somebody still listens. A page whose stream ended comes back
    by itself, after `again`.
    """

    look: float = 3.0
    beat: float = 20.0
    whole: float = 900.0
    again: float = 5.0


def listen(
    house: House, cookie: str | None, since: datetime, pace: Pace, wanted: Wanted = ALL
) -> Iterator[str]:
    """The events for a browser's session, until that ends; ends too when the store is away."""
    yield f"retry: {round(1000 * pace.again)}\n\n"
    told: dict[tuple[str, str], str] = {}
    begun = silent = time.monotonic()
    while time.monotonic() - begun < pace.whole:
        now = house.clock()
        try:
            found = find_session(house, cookie, now, used=False)
            if found is None or not found.full:
                yield CLOSED
                return
            changes = changes_since(found.account, since, now, wanted)
        except PyMongoError:
            return
        fresh = [one for one in changes.items if told.get((one.kind, one.id)) != one.version]
        if len(told) > _MOST_REMEMBERED:
            told.clear()
        told.update({(one.kind, one.id): one.version for one in fresh})
        since = changes.until
        if fresh or changes.more:
            yield f"id: {cursor(since)}\ndata: {body(fresh, changes)}\n\n"
            silent = time.monotonic()
        elif time.monotonic() - silent >= pace.beat:
            yield ": \n\n"
            silent = time.monotonic()
        time.sleep(pace.look)


def body(items: list[Change], changes: Changes) -> str:
    """What a page is told, as JSON text in one line."""
    more = {"more": True} if changes.more else {}
    told = {"until": cursor(changes.until), "items": [one.told() for one in items], **more}
    return json.dumps(told, separators=(",", ":"))


def cursor(at: datetime) -> int:
    """A time as pages say it: milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def since_of(text: str, now: datetime) -> datetime:
    """The time that a page says; what is none, or is to come, is now."""
    if not (text.isascii() and text.isdigit() and len(text) <= 14):
        return now
    return min(datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text)), now)
