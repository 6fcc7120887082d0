"""Invitations: made by who may, accepted once.

Of those of an address to one office the newest alone is open.
"""

from datetime import datetime, timedelta
from typing import Literal

from pymongo.errors import DuplicateKeyError

from services.portal import made_once
from services.portal.accounts import LinkUsedError, PasswordRefusedError, office_of
from services.portal.documents import Account, Invitation, OutgoingMail
from services.portal.domain import lifetimes
from services.portal.domain.passwords import fault_of
from services.portal.domain.people import Office, mailbox_of
from services.portal.house import House
from services.portal.outgoing import send_mail
from services.portal.sealing import new_secret
from services.portal.trail import PORTAL, actor_of_account, first_step, office_code, with_step
from shared.ids import derived_id
from shared.registers.actors import Actor

INVITATION_PAGE = "invitation"
Status = Literal["open", "accepted", "revoked", "expired"]


BROKEN_OFF = timedelta(minutes=1)
"""How long after it was taken an invitation that made no account counts as open again, and after it
was made one without a mail as not made."""

_REPLACED = "replaced"
_HAS_ACCOUNT = "has-account"
"""Why an invitation was taken back that nobody took back by hand, as the trail has it."""


class HasAccountError(Exception):
    """There is an account with this e-mail address already."""


class OwnMailboxError(Exception):
    """The address that is invited seems to be another one of who invites."""


def invite(
    house: House,
    email: str,
    language: str,
    office: Office,
    actor: Actor,
    now: datetime,
    key: str | None = None,
) -> tuple[Invitation, str]:
    """An invitation with its link, put into the outgoing mail, in place of an earlier one to the
    same office.

    `email` and `office` were checked; `key` is that of the form that asks, if one does. Raises
    MadeAlreadyError where the form was sent before and what it made then is open still,
    HasAccountError and OwnMailboxError: nobody makes themself a second account, perhaps in the name
    of a State.
    """
    inviting = Account.objects(id=actor.subject).only("email").first()
    if inviting is not None and mailbox_of(inviting.email) == mailbox_of(email):
        raise OwnMailboxError
    if Account.objects(email=email).only("id").first() is not None:
        raise HasAccountError
    asked = (email, language, office_code(office))
    own_id = made_once.id_for("invitation", actor.subject or "", key, *asked)
    while (before := Invitation.objects(id=own_id).first()) is not None:
        if status_of(before, now) == "open" and not _lacks_mail(before, now):
            raise made_once.MadeAlreadyError(before)
        own_id = derived_id("after", own_id)
    secret = new_secret()
    invitation = Invitation(
        id=own_id,
        link=house.vault.fingerprint(secret, INVITATION_PAGE),
        email=email,
        language=language,
        role=office.role,
        state=office.state,
        organisation=office.organisation,
        regions=list(office.regions),
        invited_by=actor.subject,
        created_at=now,
        expires_at=now + lifetimes.INVITATION,
        **first_step("invite", actor, now, office_code(office)),
    )
    made_once.store(invitation, "link")  # the same form may be sent at the same moment
    _leave_newest(invitation, actor, now)
    link, until = house.link(INVITATION_PAGE, secret), invitation.expires_at
    send_mail(house, "invitation", email, language, now, link=link, until=until, id_=own_id)
    return invitation, link


def _lacks_mail(invitation: Invitation, now: datetime) -> bool:
    """Whether who made it died before its mail was put out: nobody has the link."""
    if now - invitation.created_at < BROKEN_OFF:
        return False
    return OutgoingMail.objects(id=invitation.id).only("id").first() is None


def _leave_newest(invitation: Invitation, actor: Actor, now: datetime) -> None:
    """Take back what is open of the same address and office, but for the newest.

    That alone: who may invite to an office may take such invitations back, and may not others. Of
    two at one moment both look once both are stored, and leave the same.
    """
    office = _bound(invitation)
    same = [one for one in _open_of(invitation.email, now) if _bound(one) == office]
    same.sort(key=lambda one: (-one.created_at.timestamp(), one.id))
    for one in same[1:]:
        revoke(one, actor, now, _REPLACED)


def _bound(invitation: Invitation) -> tuple[str | frozenset[str] | None, ...]:
    office = office_of(invitation)
    return office.role, office.state, office.organisation, frozenset(office.regions)


def _open_of(email: str, now: datetime) -> list[Invitation]:
    found = Invitation.objects(email=email, revoked_at=None)
    return [one for one in found if status_of(one, now) == "open"]


def status_of(invitation: Invitation, now: datetime) -> Status:
    """What became of an invitation."""
    if invitation.revoked_at is not None:
        return "revoked"  # also one that was taken and made no account
    if invitation.accepted_at is not None:
        return "accepted"
    return "expired" if invitation.expires_at <= now else "open"


def revoke(invitation: Invitation, actor: Actor, now: datetime, reason: str | None = None) -> bool:
    """Take an invitation back, if it was not before; False where it was accepted."""
    update = {"$set": {"revoked_at": now}}
    accepted = invitation.accepted_at if was_broken_off(invitation, now) else None
    written = Invitation._get_collection().update_one(
        {"_id": invitation.id, "accepted_at": accepted, "revoked_at": None},
        with_step(update, "take-back", invitation, actor, now, reason),
    )
    if written.matched_count:
        return True
    invitation.reload()
    return invitation.accepted_at is None


def was_broken_off(invitation: Invitation, now: datetime) -> bool:
    """Whether it was taken and never became an account: who took it died in the midst."""
    taken = invitation.accepted_at
    if taken is None or now - taken < BROKEN_OFF:
        return False
    return Account.objects(id=account_id_of(invitation)).only("id").first() is None


def invitation_of(house: House, secret: str, now: datetime) -> Invitation:
    """The invitation that a link opens; raises LinkUsedError unless it is open.

    One that was taken and made no account, since somebody died in the midst, is open again.
    """
    fingerprint = house.vault.fingerprint(secret, INVITATION_PAGE)
    invitation = Invitation.objects(link=fingerprint).first()
    if invitation is None:
        raise LinkUsedError
    ended = invitation.revoked_at is not None or invitation.expires_at <= now
    taken = invitation.accepted_at is not None and not was_broken_off(invitation, now)
    if ended or taken:
        raise LinkUsedError
    found: Invitation = invitation
    return found


def accept(
    house: House, secret: str, name: str, password: str, language: str, now: datetime
) -> Account:
    """The account that an invitation is for, made once; others of the address end with it.

    Its id is the invitation's own, so that of two windows at one moment the store lets one make
    it. Raises LinkUsedError, PasswordRefusedError and HasAccountError.
    """
    invitation = invitation_of(house, secret, now)
    fault = fault_of(password, invitation.email, name)
    if fault is not None:
        raise PasswordRefusedError(fault)
    account = Account(
        id=account_id_of(invitation),
        email=invitation.email,
        name=name,
        language=language,
        role=invitation.role,
        state=invitation.state,
        organisation=invitation.organisation,
        regions=list(invitation.regions),
        password=house.passwords.hash(password),
        invited_by=invitation.invited_by,
        created_at=now,
    )
    actor = actor_of_account(account)
    made = first_step("create", actor, now, office_code(office_of(account)))
    for name, value in made.items():
        setattr(account, name, value)
    if Account.objects(email=invitation.email).only("id").first() is not None:
        raise HasAccountError
    # Taken first, so that one that is taken back at this moment makes no account.
    taken = Invitation._get_collection().update_one(
        {"_id": invitation.id, "accepted_at": invitation.accepted_at, "revoked_at": None},
        with_step({"$set": {"accepted_at": now}}, "accept", invitation, actor, now),
    )
    if not taken.matched_count:
        raise LinkUsedError
    try:
        Account._get_collection().insert_one(account.to_mongo())
    except DuplicateKeyError:
        raise HasAccountError from None
    for other in _open_of(invitation.email, now):  # to whatever: an address has one account
        revoke(other, PORTAL, now, _HAS_ACCOUNT)
    return account


def account_id_of(invitation: Invitation) -> str:
    """The id of the account that an invitation makes."""
    return derived_id("invitation", invitation.id)
