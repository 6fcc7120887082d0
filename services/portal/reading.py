"""An account's notifications as their owner has to do with them: listed, read, chosen."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.portal.documents import Account
from services.portal.domain.telling import KINDS, ROLE_KINDS, Mail, mail_choice
from services.portal.note_documents import Notification


def notifications_of(account_id: str, since: datetime | None = None, *, new: bool = False) -> Any:
    """The account's notifications as a queryset: all, or those told after `since`, or unread."""
    filters: dict[str, Any] = {"account": account_id}
    if since is not None:
        filters["created_at__gt"] = since
    if new:
        filters["read_at"] = None
    return Notification.objects(**filters)


def unread(account_id: str) -> int:
    """How many the account has not read."""
    count: int = notifications_of(account_id, new=True).count()
    return count


def unread_up_to(account_id: str, most: int) -> int:
    """How many the account has not read; `most` for that many or more, no more are looked at.

    For every page: a coordinator who reads none for a year has tens of thousands. In the order of
    their index, without which a store may read all the same.
    """
    unread_ones = {"account": account_id, "read_at": None}
    found = Notification._get_collection().find(
        unread_ones, {"account": 1, "_id": 0}, limit=most, sort=[("created_at", -1)]
    )
    return len(list(found))


def mark_read(account_id: str, ids: Sequence[str], now: datetime) -> None:
    """Mark these of the account's as read; others' and unknown ones are passed over."""
    _mark({"_id": {"$in": list(ids)}, "account": account_id}, now)


def mark_all_read(account_id: str, until: datetime, now: datetime) -> None:
    """Mark all of the account's as read that it was told by then."""
    _mark({"account": account_id, "created_at": {"$lte": until}}, now)


def choices_of(account: Account) -> dict[str, Mail]:
    """When the account wants which kind by mail: of every kind that its role is told of."""
    chosen = account.mail_choices or {}
    return {kind: mail_choice(chosen, kind) for kind in ROLE_KINDS.get(account.role, ())}


def choose(account: Account, choices: Mapping[str, str]) -> None:
    """Keep what the account wants by mail; of kinds that are not named, the usual."""
    kept = {kind: mail for kind, mail in choices.items() if mail != KINDS[kind]}
    Account._get_collection().update_one({"_id": account.id}, {"$set": {"mail_choices": kept}})
    account.mail_choices = kept


def _mark(filters: dict[str, Any], now: datetime) -> None:
    Notification._get_collection().update_many(
        {**filters, "read_at": None}, {"$set": {"read_at": now}}
    )
