"""Sending the mail that waits, one by one: nothing is lost, and nothing sent twice but in a crash.

Who takes a mail puts it off first, so that of several workers one sends it; who dies with it in
hand leaves it to be sent later. Between the server's "250" and the mark here a crash would send
it once more: with the same Message-ID, by which mailboxes may know it.
"""

import smtplib
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.portal import metrics, smtp
from services.portal.account_letters import account_letter
from services.portal.documents import Account, OutgoingMail
from services.portal.domain.backoff import Policy
from services.portal.house import House
from services.portal.letters import Letter, compose
from services.portal.note_documents import Notification
from services.portal.note_letters import digest_letter, note_letter
from services.portal.outgoing import link_of
from services.portal.posting import Posting
from services.portal.sealing import DamagedError
from services.portal.smtp import DeferredError, RefusedError, ServerAwayError
from shared.events.work import INFRASTRUCTURE, passes, told

LOOK_SECONDS = 2.0
LEASE = timedelta(minutes=5)
"""For how long a mail is its taker's: longer than smtp.py lets the sending of one take."""
TRIED_FOR = timedelta(days=3)
"""How long a mail is tried that the server takes neither now nor never."""
MAIL = Policy(1, timedelta(seconds=30), timedelta(hours=1), timedelta(days=1))
"""How long a mail waits that was not taken."""
SERVER = Policy(1, timedelta(seconds=2), timedelta(minutes=1), timedelta(days=1))
"""How long all of them wait for a server that is away."""
_ROUND = 200

log = structlog.get_logger(__name__)


class UselessError(Exception):
    """A mail is of no use any more; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Addressed:
    """A letter, to whom it goes and in which language."""

    letter: Letter
    email: str
    name: str
    language: str


def keep_sending(
    house: House, posting: Posting, stop: threading.Event, seconds: float = LOOK_SECONDS
) -> None:
    """Send what is due until `stop` is set. Without a server, only keep an eye on what waits."""
    away, adopted = 0, False
    while not stop.is_set():
        wait = seconds
        try:
            if not adopted:
                adopt()
                adopted = True
            measure(house.clock() if posting.host else None)
            if posting.host:
                send_due(house, posting, stop)
            away = 0
        except ServerAwayError as error:
            away += 1
            wait = max(seconds, SERVER.wait(away).total_seconds())
            metrics.MAIL_FAILURES.labels("server").inc()
            log.warning("the mail server takes nothing", error=str(error), tries=away)
        except Exception as error:
            if not passes(error):
                raise
            log.warning("sending interrupted", error=told(error))
        stop.wait(wait)


def adopt() -> None:
    """Take on what was put into the mail by a release that sent none."""
    for mail in OutgoingMail.objects(sent_at=None, gave_up_at=None, due_at=None):
        until = None if mail.link is None else mail.expires_at
        OutgoingMail._get_collection().update_one(
            {"_id": mail.id, "due_at": None},
            {"$set": {"due_at": mail.created_at, "until": until, "attempts": 0}},
        )


def measure(now: datetime | None) -> None:
    """Tell Prometheus what waits; without `now`, that nothing is held up."""
    metrics.MAIL_WAITING.set(OutgoingMail.objects(due_at__exists=True).count())
    oldest = None
    if now is not None:
        found = OutgoingMail.objects(due_at__exists=True).order_by("created_at").first()
        oldest = None if found is None else found.created_at
    age = timedelta(0) if now is None or oldest is None else now - oldest
    metrics.MAIL_AGE.set(max(age.total_seconds(), 0))


def send_due(house: House, posting: Posting, stop: threading.Event) -> int:
    """Send what is due, at most _ROUND mails; how many the server took. Raises ServerAwayError."""
    line = _Line(posting)
    sent = 0
    try:
        for _ in range(_ROUND):
            taken = None if stop.is_set() else _take(house.clock())
            if taken is None:
                break
            sent += _try(house, posting, *taken, line, stop)
    finally:
        line.end()
    return sent


class _Line:
    """A connection that is made when the first mail needs it, and anew after a failure."""

    def __init__(self, posting: Posting) -> None:
        self._posting = posting
        self._server: smtplib.SMTP | None = None

    def hand_over(self, message: Any) -> None:
        """As smtp.hand_over."""
        if self._server is None:
            self._server = smtp.connect(self._posting)
        try:
            smtp.hand_over(self._server, message)
        except Exception:
            self.end()
            raise

    def end(self) -> None:
        """Hang up."""
        if self._server is not None:
            smtp.leave(self._server)
            self._server = None


def _take(now: datetime) -> tuple[OutgoingMail, datetime] | None:
    """The mail that has been due longest, and since when; from now on ours for LEASE.

    Somebody waits for a link to sign in by: letters about accounts go before all notifications.
    """
    while True:
        found = _longest_due(now, account=None) or _longest_due(now)
        if found is None:
            return None
        written = OutgoingMail._get_collection().update_one(
            {"_id": found.id, "due_at": found.due_at},
            {"$set": {"due_at": now + LEASE}, "$inc": {"attempts": 1}},
        )
        if written.matched_count:
            since, found.due_at = found.due_at, now + LEASE
            return found, since


def _longest_due(now: datetime, **among: None) -> OutgoingMail | None:
    found: OutgoingMail | None = (
        OutgoingMail.objects(due_at__lte=now, **among).order_by("due_at").first()
    )
    return found


def _try(
    house: House,
    posting: Posting,
    mail: OutgoingMail,
    since: datetime,
    line: _Line,
    stop: threading.Event,
) -> int:
    """Send a mail that was taken, due `since` then, and note what became of it; 1 if the server has
    it."""
    now = house.clock()
    try:
        addressed = written_out(house, mail, now)
        message = compose(
            addressed.letter,
            addressed.language,
            posting.sender,
            addressed.email,
            addressed.name,
            mail.id,
            now,
        )
        line.hand_over(message)
    except ServerAwayError:
        _note(mail, {"$set": {"due_at": since}, "$inc": {"attempts": -1}}, stop)
        raise
    except INFRASTRUCTURE:
        raise
    except DeferredError as error:
        _put_off(mail, str(error), now, stop)
        return 0
    except UselessError as error:
        _give_up(mail, error.reason, mail.error or error.reason, now, stop)
        return 0
    except (RefusedError, DamagedError, ValueError) as error:
        reason = "damaged" if isinstance(error, DamagedError) else "refused"
        _give_up(mail, reason, str(error), now, stop)
        return 0
    except Exception as error:  # noqa: BLE001 (whatever it was, the others are sent)
        # No traceback: it might show whom the mail is to, or its link.
        log.error("mail not written", id=mail.id, kind=mail.kind, error=type(error).__name__)
        _put_off(mail, type(error).__name__, now, stop)
        return 0
    _note(
        mail,
        {"$set": {"sent_at": house.clock()}, "$unset": {"due_at": "", "link": "", "error": ""}},
        stop,
        sent=True,
    )
    metrics.MAIL_SENT.labels(mail.kind).inc()
    log.info("mail sent", id=mail.id, kind=mail.kind)
    return 1


def written_out(house: House, mail: OutgoingMail, now: datetime) -> Addressed:
    """What a mail says and to whom. Raises UselessError, DamagedError, ValueError."""
    if mail.until is not None and mail.until <= now:
        raise UselessError("expired")
    if mail.until is None and now - mail.created_at >= TRIED_FOR:
        raise UselessError("too-late")
    if mail.account is not None:
        return _of_notes(house, mail)
    link = link_of(house, mail) or f"{house.portal.url}/forgotten"
    letter = account_letter(mail.kind, mail.language, link, mail.until or mail.created_at)
    account = Account.objects(email=mail.email).only("name").first()
    return Addressed(letter, mail.email, "" if account is None else account.name, mail.language)


def _of_notes(house: House, mail: OutgoingMail) -> Addressed:
    account = Account.objects(id=mail.account, erased_at=None).first()
    if account is None or account.locked_at is not None or account.erased_at is not None:
        raise UselessError("no-account")
    notes = list(Notification.objects(id__in=mail.notes).order_by("created_at", "at", "id"))
    if not notes:
        raise UselessError("nothing-left")
    write = digest_letter if mail.kind == "digest" else note_letter
    letter = write(house, notes, account.language)
    return Addressed(letter, account.email, account.name, account.language)


def _put_off(mail: OutgoingMail, error: str, now: datetime, stop: threading.Event) -> None:
    tries = mail.attempts + 1
    _note(mail, {"$set": {"due_at": now + MAIL.wait(tries), "error": error}}, stop)
    metrics.MAIL_FAILURES.labels("deferred").inc()
    log.info("mail put off", id=mail.id, kind=mail.kind, tries=tries)


def _give_up(
    mail: OutgoingMail, reason: str, error: str, now: datetime, stop: threading.Event
) -> None:
    update = {"$set": {"gave_up_at": now, "error": error}, "$unset": {"due_at": "", "link": ""}}
    _note(mail, update, stop)
    metrics.MAIL_GIVEN_UP.labels(mail.kind, reason).inc()
    log.error("mail given up", id=mail.id, kind=mail.kind, reason=reason)


def _note(
    mail: OutgoingMail, update: dict[str, Any], stop: threading.Event, *, sent: bool = False
) -> None:
    """Write what became of a mail, however long the database is away: else it is sent again.

    Unless it was sent, only while it is still ours: another may have sent it meanwhile.
    """
    ours = {"_id": mail.id} if sent else {"_id": mail.id, "due_at": mail.due_at}
    while True:
        try:
            OutgoingMail._get_collection().update_one(ours, update)
        except Exception as error:
            if not passes(error):
                raise
            log.warning("a mail's mark must wait", id=mail.id, error=told(error))
            if stop.wait(1):
                raise
        else:
            return
