"""Erasing an account: who it was is gone from the portal, what it did stays told.

Histories, audit trails and other services name an account by its identifier, which says nothing
about a person. So who it is stands here alone, and is taken out here: name, address, password,
second factor, sessions, names of API tokens, webhooks, invitations to the address, mail to it,
decisions that wait. The account stays as `erased account …`, with its role, what it was bound to,
and its steps. Names that it wrote under messages are the matcher's to erase (erasing_names.py).
"""

import hashlib
import threading
from datetime import datetime

import structlog
from pymongo.errors import PyMongoError

from services.portal import invitations
from services.portal.accounts import end_sessions, revoke_token
from services.portal.decision_documents import PendingDecision
from services.portal.documents import (
    Account,
    ApiToken,
    HeldFile,
    Invitation,
    OutgoingMail,
    UnfinishedPart,
)
from services.portal.factors import forget_attempts
from services.portal.house import House
from services.portal.note_documents import Notification
from services.portal.trail import PORTAL, Update, with_step
from services.portal.webhooks import remove_all
from shared.registers.actors import Actor

_REASON = "erased"
_OWN = ("erasing", "signed_in_at", "mail_choices")
_LOOK_SECONDS = 30.0

log = structlog.get_logger(__name__)


def pseudonym(account_id: str) -> str:
    """The name that an erased account has for good; the identifier cannot be told from it."""
    return f"erased account {hashlib.sha256(account_id.encode()).hexdigest()[:8]}"


def erase(house: House, account: Account, actor: Actor, now: datetime) -> None:
    """Erase an account; doing so again changes nothing, save that the matcher is asked again, whose
    database may have been restored since.

    The first write ends all access. What must follow is remembered with it: if it is broken off,
    the worker goes on with it.
    """
    update: Update = {
        "$set": {"erased_at": now, "erasing": True, "names_due": now, "tokens_from": now},
        "$unset": dict.fromkeys(("password", "second_factor", "setup", "reset", "reset_until"), ""),
        "$inc": {"generation": 1},
    }
    accounts = Account._get_collection()
    accounts.update_one(
        {"_id": account.id, "erased_at": None}, with_step(update, "erase", account, actor, now)
    )
    accounts.update_one({"_id": account.id, "names_due": None}, {"$set": {"names_due": now}})
    finish(house, now)


def finish(house: House, now: datetime) -> None:
    """Take out what accounts that are being erased left elsewhere, and last their addresses."""
    for account in Account.objects(erasing=True):
        _take_out(house, account, now)


def keep_finishing(house: House, stop: threading.Event) -> None:
    """Go on with what was broken off, until `stop` is set; while the database is away it waits."""
    while not stop.is_set():
        try:
            finish(house, house.clock())
        except PyMongoError as error:
            log.warning("erasing interrupted", error=type(error).__name__)
        stop.wait(_LOOK_SECONDS)


def _take_out(house: House, account: Account, now: datetime) -> None:
    end_sessions(account.id)
    for token in ApiToken.objects(account=account.id):
        if token.revoked_at is None:
            revoke_token(token, PORTAL, now, _REASON)
        ApiToken._get_collection().update_one({"_id": token.id}, {"$set": {"name": ""}})
    # What came since is another's: the address may be invited again.
    old = {"email": account.email, "created_at__lte": account.erased_at}
    for invitation in Invitation.objects(**old):
        if invitations.status_of(invitation, now) == "open":
            invitations.revoke(invitation, PORTAL, now, _REASON)
        Invitation._get_collection().update_one({"_id": invitation.id}, {"$unset": {"email": ""}})
    OutgoingMail.objects(**old).delete()
    OutgoingMail.objects(account=account.id).delete()
    Notification.objects(account=account.id).delete()
    PendingDecision.objects(account=account.id).delete()
    HeldFile.objects(account=account.id).delete()
    UnfinishedPart.objects(account=account.id).delete()
    remove_all(account.id)
    forget_attempts(house, account)
    # No address of mail has a colon: this one is nobody's, and the old one is free again.
    erased = {"email": f"erased:{account.id}", "name": pseudonym(account.id), "language": "en"}
    Account._get_collection().update_one(
        {"_id": account.id}, {"$set": erased, "$unset": dict.fromkeys(_OWN, "")}
    )
