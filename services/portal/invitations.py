"""Invitations: made by who may, accepted once."""

from datetime import datetime, timedelta
from typing import Literal

from pymongo.errors import DuplicateKeyError

from services.portal.accounts import LinkUsedError, PasswordRefusedError, office_of
from services.portal.documents import Account, Invitation
from services.portal.domain import lifetimes
from services.portal.domain.passwords import fault_of
from services.portal.domain.people import Office, mailbox_of
from services.portal.house import House
from services.portal.outgoing import send_mail
from services.portal.sealing import new_secret
from services.portal.trail import actor_of_account, first_step, office_code, with_step
from shared.ids import derived_id, new_id
from shared.registers.actors import Actor

INVITATION_PAGE = "invitation"
Status = Literal["open", "accepted", "revoked", "expired"]


BROKEN_OFF = timedelta(minutes=1)
"""How long after it was taken an invitation that made no account counts as open again."""


class HasAccountError(Exception):
    """There is an account with this e-mail address already."""


class OwnMailboxError(Exception):
    """The address that is invited seems to be another one of who invites."""


def invite(
    house: House, email: str, language: str, office: Office, actor: Actor, now: datetime
) -> tuple[Invitation, str]:
    """An invitation with its link, put into the outgoing mail.

    `email` and `office` were checked. Raises HasAccountError and OwnMailboxError: nobody makes
    themself a second account, perhaps in the name of a State.
    """
    inviting = Account.objects(id=actor.subject).only("email").first()
    if inviting is not None and mailbox_of(inviting.email) == mailbox_of(email):
        raise OwnMailboxError
    if Account.objects(email=email).only("id").first() is not None:
        raise HasAccountError
    secret = new_secret()
    invitation = Invitation(
        id=new_id(),
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
    invitation.save(force_insert=True)
    link = house.link(INVITATION_PAGE, secret)
    send_mail(house, "invitation", email, language, now, link=link, until=invitation.expires_at)
    return invitation, link


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
    """The account that an invitation is for, made once.

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
    return account


def account_id_of(invitation: Invitation) -> str:
    """The id of the account that an invitation makes."""
    return derived_id("invitation", invitation.id)
