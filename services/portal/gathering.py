"""Putting notifications into the mail: each at once, or a day's together.

A notification says itself that it has yet to be put into the mail, so one write makes it and its
mail. The mail's id follows from what it tells of: whoever was interrupted does it again, and the
second of two finds it done.
"""

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from pymongo.errors import DuplicateKeyError

from services.portal.documents import Account, OutgoingMail
from services.portal.house import House
from services.portal.note_documents import Notification
from services.portal.outgoing import KEPT
from shared.events import turns
from shared.events.work import put_off
from shared.ids import derived_id

LOOK_SECONDS = 2.0
DIGESTS_EVERY = timedelta(minutes=1)
"""How often digests are looked for: all day long what waits for the next is read for it."""
DIGEST_HOUR = 5
"""The hour (UTC) from which a day's digest is sent."""
MOST_IN_DIGEST = 10_000
"""A digest's notifications are one document; what is more waits for the next."""
_ROUND = 500

log = structlog.get_logger(__name__)


def keep_gathering(house: House, stop: threading.Event, seconds: float = LOOK_SECONDS) -> None:
    """Put what is to be mailed into the mail until `stop` is set."""
    looked: datetime | None = None
    while not stop.is_set():
        with put_off("gathering interrupted"):
            now = house.clock()
            gather_single(now)
            if looked is None or now - looked >= DIGESTS_EVERY:
                gather_digests(now)
                looked = now
        stop.wait(seconds)


def gather_single(now: datetime) -> None:
    """Put into the mail what is to be sent at once."""
    for note in Notification.objects(mail="now").limit(_ROUND):
        _post(derived_id("mail", note.id), "notification", note.account, [note], now)


def gather_digests(now: datetime) -> None:
    """Put the digests that are due into the mail."""
    until = digest_until(now)
    for account_id in Notification.objects(mail="digest", created_at__lt=until).distinct("account"):
        due = Notification.objects(mail="digest", account=account_id, created_at__lt=until)
        listed = due.order_by("created_at", "at", "id").only("id", "read_at")
        notes = list(listed.limit(MOST_IN_DIGEST))
        id_ = derived_id("digest", account_id, until.isoformat())
        _post(id_, "digest", account_id, notes, now)


def digest_until(now: datetime) -> datetime:
    """What is older than this belongs into a digest that is due."""
    today = now.astimezone(UTC).replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def _post(
    id_: str, kind: str, account_id: str, notes: Sequence[Notification], now: datetime
) -> None:
    """Make the mail of these notifications of an account, unless it is there, and say so in them.

    What was read meanwhile needs no digest.
    """
    turns.note()  # everybody's digest is due at the same hour
    account = Account.objects(id=account_id, erased_at=None).only("email", "language").first()
    told = [note for note in notes if kind != "digest" or note.read_at is None]
    posted = [note.id for note in notes]
    if account is not None and told:
        mail = OutgoingMail(
            id=id_,
            kind=kind,
            account=account_id,
            notes=[note.id for note in told],
            email=account.email,
            language=account.language,
            created_at=now,
            due_at=now,
            expires_at=now + KEPT,
        )
        try:
            OutgoingMail._get_collection().insert_one(mail.to_mongo())
        except DuplicateKeyError:
            # It was made before. What it does not tell of waits for the next.
            known = OutgoingMail.objects(id=id_).only("notes").first()
            told_of = set() if known is None else {*known.notes}
            posted = [note.id for note in notes if note.id in told_of or note not in told]
    for batch in _batches(posted):
        Notification._get_collection().update_many(
            {"_id": {"$in": batch}}, {"$unset": {"mail": ""}}
        )


def _batches(ids: Sequence[str], size: int = 200) -> Iterator[list[str]]:
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
