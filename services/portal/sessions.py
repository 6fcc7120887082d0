"""Sessions of browsers, kept on the server: what a cookie is worth is decided here alone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.portal.accounts import needs_second_factor
from services.portal.documents import Account, Session
from services.portal.domain import lifetimes
from services.portal.house import House
from services.portal.sealing import new_secret
from services.portal.signing_in import Stage
from shared.web.stored import one_stored

_COOKIE = "session cookie"
_MAX_AGENT = 200
_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class SignedIn:
    """A session that counts, and whose it is."""

    session: Session
    account: Account

    @property
    def stage(self) -> Stage:
        """What is missing; a second factor that the role needs and that was taken away, too."""
        stage: Stage = self.session.stage
        return "setup" if stage == "full" and needs_second_factor(self.account) else stage

    @property
    def full(self) -> bool:
        """Whether nothing is missing any more."""
        return self.stage == "full"


def open_session(
    house: House, account: Account, stage: Stage, agent: str, now: datetime, old: str | None
) -> str:
    """The cookie of a new session; `old` is the browser's cookie from before, which ends here.

    A cookie that somebody planted in the browser is therefore never the one that signs in.
    """
    if old is not None:
        close_session(house, old)
    cookie = new_secret()
    lasts = lifetimes.SESSION if stage == "full" else lifetimes.HALF_SESSION
    Session(
        id=session_id(house, cookie),
        account=account.id,
        stage=stage,
        generation=account.generation,
        agent=agent[:_MAX_AGENT],
        created_at=now,
        seen_at=now,
        expires_at=now + lasts,
    ).save(force_insert=True)
    if stage == "full":
        Account._get_collection().update_one({"_id": account.id}, {"$set": {"signed_in_at": now}})
    return cookie


def find_session(
    house: House, cookie: str | None, now: datetime, *, used: bool = True
) -> SignedIn | None:
    """The session of a cookie, if it still counts; notes that it was used, unless it was not.

    What a page does by itself, with nobody before it, keeps no session alive.
    """
    if not cookie:
        return None
    session = one_stored(Session, session_id(house, cookie))
    if session is None or session.expires_at <= now:
        return None
    if now - session.seen_at >= lifetimes.SESSION_IDLE:
        return None
    account = one_stored(Account, session.account)
    if account is None or account.locked_at is not None:
        return None
    if account.generation != session.generation:
        return None
    if used and now - session.seen_at >= _NOTED_EVERY:
        Session._get_collection().update_one({"_id": session.id}, {"$set": {"seen_at": now}})
    return SignedIn(session, account)


def close_session(house: House, cookie: str) -> None:
    """End the session of a cookie."""
    Session._get_collection().delete_one({"_id": session_id(house, cookie)})


def sessions_of(account: Account, now: datetime) -> list[Session]:
    """The account's full sessions that still count, the one used last first."""
    found = Session.objects(account=account.id, stage="full").order_by("-seen_at")
    return [
        session
        for session in found
        if session.expires_at > now
        and now - session.seen_at < lifetimes.SESSION_IDLE
        and session.generation == account.generation
    ]


def close_other(account: Account, session_id: str) -> None:
    """End one session of the account by its id."""
    Session._get_collection().delete_one({"_id": session_id, "account": account.id})


def session_id(house: House, cookie: str) -> str:
    """The id of the session that a cookie is of."""
    return house.vault.fingerprint(cookie, _COOKIE)
