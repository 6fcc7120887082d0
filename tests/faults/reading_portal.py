"""The final reads of what the portal acknowledged: decisions that it kept, and invitations."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo.database import Database

from services.portal.deciding import LEASE, POLICY, UNDO
from services.portal.notifying import Note
from tests.faults.history import Fate, Invited

Store = Database[dict[str, Any]]
_TRIES = 5
LATE: Final = UNDO + LEASE + sum(map(POLICY.wait, range(1, _TRIES + 1)), timedelta())
"""So long after it was made a decision has taken effect, whatever was done to the house: who was
sending it may have died with a lease, and for so many tries, which is for more than a minute, the
matcher could not be reached."""


def reason_of(key: str) -> str:
    """The reason of a decision, by which it is found in the history of its proposal."""
    return f"Decided as {key} (illustrative)."


_REASON = re.compile(re.escape(reason_of("KEY")).replace("KEY", "([0-9a-f]+)"))


def fates(
    matcher: Store, portal: Store, deferred: Mapping[str, str], account: str
) -> dict[str, Fate]:
    """What became of decisions by their keys: of those that were `deferred`, keys with their
    proposals, and of whatever else waits or stands in a history. `account` decided."""
    now = datetime.now(UTC)
    proposals, times = dict(deferred), Counter[str]()
    for match in matcher["matches"].find({}, {"said": 1}):
        for said in match.get("said", ()):
            if found := _REASON.fullmatch(said["text"]):
                times[found[1]] += 1
                proposals[found[1]] = match["_id"]
    waiting = {one["key"]: one for one in portal["pending_decisions"].find({"gave_up_at": None})}
    proposals |= {key: one["_id"] for key, one in waiting.items()}
    notes = {
        key: Note("match-step", "match", proposal, "undo", key, now, {}).id_for(account)
        for key, proposal in proposals.items()
    }
    wanted = {"_id": {"$in": sorted(notes.values())}}
    told = {one["_id"] for one in portal["notifications"].find(wanted, {"_id": 1})}
    return {
        key: Fate(
            proposal,
            times[key],
            waits=key in waiting,
            late=key in waiting and is_late(waiting[key], now),
            told=notes[key] in told,
        )
        for key, proposal in proposals.items()
    }


def is_late(waiting: Mapping[str, Any], now: datetime) -> bool:
    """Whether a stored decision waits for longer than any fault excuses.

    By when it was made: when it is due moves on with every try, also of one that never succeeds.
    """
    made: datetime = waiting["created_at"]
    return now - made > LATE


def invited(portal: Store) -> dict[str, Invited]:
    """All invitations by their ids."""
    sent = portal["outgoing_mail"].find({"kind": "invitation"}, {"email": 1})
    mails = Counter(one["email"] for one in sent)
    return {
        one["_id"]: Invited(one["email"], mails[one["email"]])
        for one in portal["invitations"].find({}, {"email": 1})
    }
