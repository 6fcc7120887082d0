"""What became of somebody's own notifications: which came, and which were read elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.portal.documents import Account
from services.portal.note_documents import Notification

_READ: Final = {"created_at": 1, "read_at": 1}


@dataclass(frozen=True)
class Noted:
    """A notification as it is since `at`, and whether it came only since it was asked for."""

    id: str
    at: datetime
    new: bool


def noted_since(account: Account, begin: datetime, most: int) -> list[Noted]:
    """What the account was told or read after that time, so many at most. Raises PyMongoError.

    Each by an index of its own: those that came and those that were read.
    """
    stored, own, since = Notification._get_collection(), {"account": account.id}, {"$gt": begin}
    found = {
        one["_id"]: _noted(one, begin)
        for when in ("created_at", "read_at")
        for one in stored.find({**own, when: since}, _READ).limit(most)
    }
    return list(found.values())


def moment_of(created_at: datetime, read_at: datetime | None) -> datetime:
    """Since when a notification is as it is."""
    return created_at if read_at is None else max(created_at, read_at)


def _noted(stored: Mapping[str, Any], begin: datetime) -> Noted:
    at = moment_of(stored["created_at"], stored.get("read_at"))
    return Noted(stored["_id"], at, new=bool(stored["created_at"] > begin))
