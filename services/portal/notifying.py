"""Telling accounts of something, once each: the one way by which a notification comes to be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from pymongo import InsertOne
from pymongo.errors import BulkWriteError

from services.portal.documents import Account
from services.portal.domain.telling import mail_choice
from services.portal.note_documents import Notification
from services.portal.webhooks import KEPT as CALLS_KEPT
from services.portal.webhooks import announce, webhooks_called
from shared.bulk import raise_unless_duplicates
from shared.events import turns
from shared.ids import derived_id

KEPT = timedelta(days=180)
"""How long a notification is kept, read or not, from when it happened."""
MAIL_AGE = timedelta(days=7)
"""What happened longer ago is told in the portal alone."""
_AT_ONCE = 1_000


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
    return notify_all([(note, accounts)], now, mail_age)


def notify_all(
    notes: Iterable[tuple[Note, Iterable[Account]]],
    now: datetime,
    mail_age: timedelta = MAIL_AGE,
) -> int:
    """Tell accounts of several notes, each as `notify` does; how many tellings that were."""
    tellings = (
        (note, one)
        for note, accounts in notes
        if note.at > now - KEPT
        for one in accounts
        if one.created_at <= note.at and one.erased_at is None
    )
    count = 0
    while some := list(islice(tellings, _AT_ONCE)):
        turns.note()  # they may be many that are due at once
        count += len(some)
        by_id = {note.id_for(account.id): (note, account) for note, account in some}
        new = _kept([_document(id_, *one, now, mail_age) for id_, one in by_id.items()], now)
        _call([(id_, *by_id[id_]) for id_ in by_id if id_ in new], now, mail_age)
    return count


def _kept(documents: Sequence[dict[str, Any]], now: datetime) -> set[str]:
    """Keep those that are not there yet; the ids of all that webhooks may not have been called
    with. Of what is older than a call is kept nobody could say whether they were."""
    ids = {document["_id"] for document in documents}
    try:
        writes = [InsertOne(document) for document in documents]
        Notification._get_collection().bulk_write(writes, ordered=False)
    except BulkWriteError as error:
        raise_unless_duplicates(error)
        lately = Notification.objects(id__in=list(ids), created_at__gt=now - CALLS_KEPT)
        return set(lately.scalar("id"))
    return ids


def _call(
    tellings: Iterable[tuple[str, Note, Account]], now: datetime, mail_age: timedelta
) -> None:
    """Put notifications, by their ids, before the webhooks of those who get them, but what is too
    old for it."""
    young = [one for one in tellings if now - one[1].at < mail_age]
    webhooks = webhooks_called({account.id for _, _, account in young}) if young else {}
    for id_, note, account in young:
        announce(webhooks.get(account.id, ()), note.kind, id_, _announced(note), note.at, now)


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


def _document(
    id_: str, note: Note, account: Account, now: datetime, mail_age: timedelta
) -> dict[str, Any]:
    mail = mail_choice(account.mail_choices or {}, note.kind)
    mailed = mail != "none" and now - note.at < mail_age and account.locked_at is None
    return {
        "_id": id_,
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
