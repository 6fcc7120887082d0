"""Telling accounts of something, once each: the one way by which a notification comes to be."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from services.portal.documents import Account
from services.portal.domain.telling import mail_choice
from services.portal.note_documents import Notification
from services.portal.webhooks import KEPT as CALLS_KEPT
from services.portal.webhooks import announce
from shared.bulk import raise_unless_duplicates
from shared.events import turns
from shared.ids import derived_id

KEPT = timedelta(days=180)
"""How long a notification is kept, read or not, from when it happened."""
MAIL_AGE = timedelta(days=7)
"""What happened longer ago is told in the portal alone."""


@dataclass(frozen=True)
class Note:
    """What accounts are told of: a step of a record, as a kind of telling.KINDS.

    `key` names it among all that the record ever did: two notes with the same record and key are
    one. `facts` are codes, numbers and times for the sentence (sentences.py), never texts.
    """

    kind: str
    record_type: str
    record: str
    action: str
    key: str
    at: datetime
    facts: Mapping[str, Any]

    def id_for(self, account_id: str) -> str:
        """The id of the notification by which this account is told."""
        parts = (self.record_type, self.record, self.key, self.kind, account_id)
        return derived_id("notification", *parts)


def notify(
    note: Note, accounts: Iterable[Account], now: datetime, mail_age: timedelta = MAIL_AGE
) -> int:
    """Tell each of the accounts, unless it was told before; how many were to be told.

    What is older than KEPT, or than the account, is told to nobody; what is older than `mail_age`
    is not mailed, and no webhook called for it. To do it again does nothing, so whoever was
    interrupted does. Raises PyMongoError.
    """
    turns.note()  # one of many that are due at once
    if note.at <= now - KEPT:
        return 0
    told = [one for one in accounts if one.created_at <= note.at and one.erased_at is None]
    writes = [InsertOne(_document(note, account, now, mail_age)) for account in told]
    if writes:
        ids = {account.id: note.id_for(account.id) for account in told}
        try:
            Notification._get_collection().bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            raise_unless_duplicates(error)
            ids = _lately(ids, now)
        if now - note.at < mail_age:
            announce(note.kind, ids, _announced(note), note.at, now)
    return len(told)


def _lately(ids: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Those of the notifications that webhooks may not have been called with, by account.

    Of what is older than a call is kept nobody could say whether they were.
    """
    found = Notification.objects(id__in=list(ids.values()), created_at__gt=now - CALLS_KEPT)
    return {one.account: one.id for one in found.only("account")}


def _announced(note: Note) -> dict[str, Any]:
    """What webhooks say of a note: codes, numbers and times, as its notification."""
    facts = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in note.facts.items()
    }
    return {
        "record_type": note.record_type,
        "record": note.record,
        "action": note.action,
        "at": note.at.isoformat(),
        "facts": facts,
    }


def _document(note: Note, account: Account, now: datetime, mail_age: timedelta) -> dict[str, Any]:
    mail = mail_choice(account.mail_choices or {}, note.kind)
    mailed = mail != "none" and now - note.at < mail_age and account.locked_at is None
    return {
        "_id": note.id_for(account.id),
        "account": account.id,
        "kind": note.kind,
        "record_type": note.record_type,
        "record": note.record,
        "action": note.action,
        "facts": dict(note.facts),
        "at": note.at,
        "created_at": now,
        **({"mail": mail} if mailed else {}),
        "expires_at": note.at + KEPT,
    }
