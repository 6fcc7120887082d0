"""Files that somebody sent to confirm what they say: kept for a day, for that account alone.

What came of one that is confirmed is kept for a day too: who did not see the answer confirms again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal

from pymongo import ReturnDocument

from services.portal.documents import HeldFile
from shared.ids import new_id

MOST_BYTES = 8 * 1024 * 1024
"""How large a file may be: a document of the database has room for 16 MB."""

KEPT = timedelta(days=1)
_AT_ONCE = 10

Together = Literal["sum", "most"]
_TOGETHER: Final[Mapping[Together, str]] = {"sum": "$inc", "most": "$max"}


def hold(account: str, kind: str, name: str, content: bytes, now: datetime) -> str:
    """Keep a file; its id. Of an account's files the oldest go where there are many."""
    held = HeldFile(
        id=new_id(),
        account=account,
        kind=kind,
        name=name,
        content=content,
        created_at=now,
        expires_at=now + KEPT,
    )
    held.save(force_insert=True)
    others = HeldFile.objects(account=account).only("id").order_by("-created_at", "id")
    for old in others.skip(_AT_ONCE):
        old.delete()
    return str(held.id)


def find(account: str, file_id: str, kind: str) -> HeldFile | None:
    """A file of the account's own, if it is there still."""
    found: HeldFile | None = HeldFile.objects(id=file_id, account=account, kind=kind).first()
    return found


def settle(
    account: str, file_id: str, now: datetime, together: Together, **outcome: int
) -> Mapping[str, int]:
    """Keep what came of a file, and no longer what it says; all that is known to have come of it.

    Who confirms it twice at once settles it twice. `together` says what both counts are: their
    `sum`, where each counts what it alone did, the `most` of them where each counts what is there.
    """
    update = {
        _TOGETHER[together]: {f"outcome.{name}": count for name, count in outcome.items()},
        "$set": {"content": b"", "expires_at": now + KEPT},
    }
    found = HeldFile._get_collection().find_one_and_update(
        {"_id": file_id, "account": account}, update, return_document=ReturnDocument.AFTER
    )
    return outcome if found is None else dict(found["outcome"])
