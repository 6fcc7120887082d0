"""Accounts: found, seen as identities, locked, given a new password."""

from datetime import datetime
from typing import Any

from services.portal.documents import Account, ApiToken, Session, SigningKey
from services.portal.domain import lifetimes
from services.portal.domain.passwords import Fault, fault_of
from services.portal.domain.people import SECOND_FACTOR_ROLES, Office, email_of, may_manage
from services.portal.house import House
from services.portal.outgoing import send_mail
from services.portal.sealing import new_secret
from services.portal.trail import Update, actor_of_account, with_step
from shared.registers.actors import Actor
from shared.vocabulary.countries import AREAS
from shared.web.identity import Identity, covered_countries, covers
from shared.web.problems import conflict, forbidden, not_found

RESET_PAGE = "reset"
LISTING = ("coordinator", "auditor", "operator")
"""Who sees accounts of others."""


class PasswordRefusedError(Exception):
    """A new password breaks a rule."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class LinkUsedError(Exception):
    """A one-time link is unknown, has expired, was used or was taken back."""


def account_by_email(text: str) -> Account | None:
    """The account of an address as somebody typed it."""
    email = email_of(text)
    return None if email is None else Account.objects(email=email, erased_at=None).first()


def office_of(record: Any) -> Office:
    """The role and bindings of an account or invitation."""
    return Office(record.role, record.state, record.organisation, tuple(record.regions))


def visible_to(identity: Identity) -> dict[str, Any]:
    """The filter of the accounts and invitations that the identity may list.

    A coordinator of some regions lists what may_manage lets them lock or take back: requesters of
    their States, and coordinators of some of their regions and of no others.
    """
    if identity.regions is None:
        return {}
    outside = sorted(set(AREAS.codes()) - identity.regions)
    return {
        "$or": [
            {"role": "requester", "state": {"$in": covered_countries(identity)}},
            {"role": "coordinator", "regions": {"$nin": [*outside, [], None]}},
        ]
    }


def listed_for(identity: Identity, role: str | None = None, **more: str) -> Any:
    """The accounts that the identity may list, of a role where one is named; `more` are values of
    other fields."""
    asked = more if role is None else {**more, "role": role}
    return Account.objects(__raw__={**visible_to(identity), "erased_at": None, **asked})


def managed_account(identity: Identity, account_id: str) -> Account:
    """An account that the identity may lock and unlock; raises the 403, 404 or 409 problem."""
    account: Account | None = Account.objects(id=account_id).first()
    if account is None:
        raise not_found("account")
    if account.id == identity.subject:
        raise forbidden("Nobody locks or unlocks their own account.")
    if not may_manage(identity, office_of(account)):
        if identity.regions is not None:  # such a one is not told of others' accounts
            raise not_found("account")
        raise forbidden("This account is not one that your role may lock or unlock.")
    if account.erased_at is not None:
        raise conflict("erased", "This account was erased.")
    return account


def identity_of(account: Account, scopes: frozenset[str] | None = None) -> Identity:
    """The account as the services know it."""
    return Identity(
        subject=account.id,
        role=account.role,
        state=account.state,
        organisation=account.organisation,
        regions=frozenset(account.regions) or None,
        scopes=scopes,
    )


def inviter_of(account: Account) -> str | None:
    """The coordinator who invited a State's account, where another one could vouch for the State.

    Who invites somebody to act for a State should not be the only one who says that what then
    comes is the State's. Where there is no other there is no choice.
    """
    if account.role != "requester" or account.invited_by is None:
        return None
    found = None
    others = False
    for one in Account.objects(role="coordinator", erased_at=None):
        if one.id == account.invited_by:
            found = one
        elif may_act(one) and covers(identity_of(one), account.state):
            others = True
    return str(found.id) if found is not None and others else None


def needs_second_factor(account: Account) -> bool:
    """Whether the account can do nothing before it has set up a second factor."""
    return account.role in SECOND_FACTOR_ROLES and account.second_factor is None


def may_act(account: Account) -> bool:
    """Whether the account may do anything at all."""
    gone = account.locked_at is not None or account.erased_at is not None
    return not gone and not needs_second_factor(account)


def end_sessions(account_id: str, but: str | None = None) -> int:
    """End every session of the account, save that with the id `but`; how many were ended."""
    filters: dict[str, Any] = {"account": account_id}
    if but is not None:
        filters["id__ne"] = but
    ended: int = Session.objects(**filters).delete()
    return ended


def end_everything() -> int:
    """End every session, every link for a new password and the keys that sign tokens; how many
    accounts there are.

    A restored database has those again that had ended or been replaced since it was backed up. Who
    signs next makes a new key.
    """
    written = Account._get_collection().update_many(
        {}, {"$inc": {"generation": 1}, "$unset": {"reset": "", "reset_until": ""}}
    )
    Session.objects.delete()
    SigningKey.objects.delete()
    return int(written.matched_count)


def lock(account: Account, actor: Actor, now: datetime) -> None:
    """Lock an account and end its sessions."""
    update: Update = {"$set": {"locked_at": now}, "$inc": {"generation": 1}}
    _change(account, with_step(update, "lock", account, actor, now))


def unlock(account: Account, actor: Actor, now: datetime) -> None:
    """Unlock an account."""
    _change(account, with_step({"$unset": {"locked_at": ""}}, "unlock", account, actor, now))


def new_reset_link(house: House, account: Account, now: datetime) -> str:
    """A link for a new password, put into the outgoing mail; links made before are worthless."""
    secret = new_secret()
    until = now + lifetimes.RESET
    fingerprint = house.vault.fingerprint(secret, RESET_PAGE)
    written = Account._get_collection().update_one(
        {"_id": account.id, "erased_at": None},
        {"$set": {"reset": fingerprint, "reset_until": until}},
    )
    link = house.link(RESET_PAGE, secret)
    if written.matched_count:
        send_mail(house, "reset", account.email, account.language, now, link=link, until=until)
    return link


def account_of_reset(house: House, secret: str, now: datetime) -> Account:
    """The account whose password the link lets change; raises LinkUsedError."""
    fingerprint = house.vault.fingerprint(secret, RESET_PAGE)
    account = Account.objects(reset=fingerprint).first()
    if account is None or account.reset_until is None or account.reset_until <= now:
        raise LinkUsedError
    found: Account = account
    return found


def reset_password(house: House, secret: str, password: str, now: datetime) -> Account:
    """Set a new password by a link, once: sessions end, API tokens are revoked.

    The second factor stays. Raises LinkUsedError and PasswordRefusedError.
    """
    account = account_of_reset(house, secret, now)
    _require_fine(password, account)
    update: Update = {
        # Who asks for a new password may have lost the old one to somebody else: tokens end in
        # the same write.
        "$set": {"password": house.passwords.hash(password), "tokens_from": now},
        "$unset": {"reset": "", "reset_until": ""},
        "$inc": {"generation": 1},
    }
    actor = actor_of_account(account)
    written = Account._get_collection().update_one(
        {"_id": account.id, "reset": account.reset, "reset_until": {"$gt": now}},
        with_step(update, "reset-password", account, actor, now),
    )
    if not written.matched_count:
        raise LinkUsedError
    end_sessions(account.id)
    for token in ApiToken.objects(account=account.id, revoked_at=None):
        revoke_token(token, actor, now, "reset-password")
    send_mail(house, "password-changed", account.email, account.language, now)
    return account


def change_password(house: House, account: Account, password: str, now: datetime) -> bool:
    """Set a new password and end all sessions; False where another window was first.

    Raises PasswordRefusedError. Whoever calls has checked the old password.
    """
    _require_fine(password, account)
    update: Update = {
        "$set": {"password": house.passwords.hash(password)},
        "$unset": {"reset": "", "reset_until": ""},
        "$inc": {"generation": 1},
    }
    written = Account._get_collection().update_one(
        {"_id": account.id, "generation": account.generation},
        with_step(update, "change-password", account, actor_of_account(account), now),
    )
    if not written.matched_count:
        return False
    end_sessions(account.id)
    send_mail(house, "password-changed", account.email, account.language, now)
    account.reload()
    return True


def revoke_token(token: ApiToken, actor: Actor, now: datetime, reason: str | None = None) -> bool:
    """Revoke an API token; False where it was before."""
    written = ApiToken._get_collection().update_one(
        {"_id": token.id, "revoked_at": None},
        with_step({"$set": {"revoked_at": now}}, "revoke", token, actor, now, reason),
    )
    return bool(written.matched_count)


def _require_fine(password: str, account: Account) -> None:
    fault = fault_of(password, account.email, account.name)
    if fault is not None:
        raise PasswordRefusedError(fault)


def _change(account: Account, update: dict[str, dict[str, Any]]) -> None:
    Account._get_collection().update_one({"_id": account.id}, update)
    end_sessions(account.id)
