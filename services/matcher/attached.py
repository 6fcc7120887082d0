"""Telling in a proposal's history that a file was attached to it, so that its readers hear of it.

The attachment is kept first, marked as untold; the step in the history is a second write. Whoever
attached it tells at once. What a crash left, or the virus scanner had yet to look at, the sweep
tells; told again, nothing changes.
"""

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from services.matcher.actors import Actor
from services.matcher.apart import apart
from services.matcher.documents import Match
from services.matcher.life import tell
from shared.attachments.documents import Attachment
from shared.attachments.keeping import scan_state
from shared.events.outbox import NotFound, change
from shared.lifecycle import IllegalTransition

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 200


def tell_waiting(clamd: str, now: datetime) -> int:
    """Tell of files that were not told of; returns how many are settled by that.

    One that fails is logged. Those that wait for the scanner come last, or they would keep all
    that came after them from being told.
    """
    waiting = Attachment.objects(untold_since__gt=_BEGINNING)
    settled = 0
    for one in list(waiting.order_by("unscanned_since", "untold_since").limit(_BATCH)):
        with apart("file not told of", one.id):
            settled += tell_of(one, clamd, now)
    return settled


def tell_of(attachment: Attachment, clamd: str, now: datetime) -> bool:
    """Tell of a file of a proposal, once; False while the scanner has yet to look at it.

    One that was removed meanwhile, or whose proposal is closed by now, nobody is told of.
    """
    if attachment.untold_since is None:
        return True
    if attachment.status == "kept":
        if scan_state(attachment, clamd) == "waiting":
            return False
        with suppress(IllegalTransition, NotFound):
            change(Match, attachment.audited_under, None, partial(_tell, attachment, now), now)
    told = {"_id": attachment.id}
    Attachment._get_collection().update_one(told, {"$unset": {"untold_since": ""}})
    return True


def _tell(attachment: Attachment, now: datetime, match: Match) -> None:
    code = f"file-{attachment.id}"
    if any(step.action == "attach" and step.reason == code for step in match.history):
        return
    added = attachment.history[0]
    tell(match, "attach", Actor(added.role, added.party, added.subject), now, code)
