"""Signing in: the password, then the second factor, each slowed down after failures."""

from datetime import datetime
from typing import Literal

from services.portal.accounts import account_by_email, needs_second_factor
from services.portal.documents import Account
from services.portal.domain.backoff import ACCOUNT, ADDRESS, RESET
from services.portal.domain.people import email_of
from services.portal.house import House
from services.portal.throttling import (
    EMAIL_THROTTLE,
    RESET_THROTTLE,
    begins_to_wait,
    forget,
    give_back,
    take,
    throttle_id,
)
from services.portal.trail import NETWORK, actor_of_account, note_attempt
from shared.web.rates import network_of

Stage = Literal["code", "setup", "full"]


class WrongError(Exception):
    """No such account, or not its password: which of both is not said."""


class LockedError(Exception):
    """The password is right, and the account was locked by a coordinator or an operator."""


def check_password(
    house: House, email: str, password: str, address: str | None, now: datetime
) -> Account:
    """The account whose e-mail address and password these are.

    Raises WrongError, LockedError (to who knows the password), or TooManyError: by the address
    that was typed, whether it has an account or not, and by the network that it comes from.
    """
    network = throttle_id(house, "sign-in network", network_of(address))
    typed = throttle_id(house, EMAIL_THROTTLE, email_of(email) or email)
    before = take(network, ADDRESS, now)
    at_account = take(typed, ACCOUNT, now)
    account = account_by_email(email)
    right = house.passwords.matches(account.password if account else None, password)
    if account is None or not right:
        tried = None if account is None else account.id
        note_attempt("sign-in-failed", tried, now, "password")
        if begins_to_wait(at_account, ACCOUNT, now):
            note_attempt("locked-out", tried, now, "password")
        if begins_to_wait(before, ADDRESS, now):
            note_attempt("locked-out", NETWORK, now, "password")
        raise WrongError
    forget(typed)
    give_back(network, before, now)
    if account.locked_at is not None:
        note_attempt("sign-in-failed", account.id, now, "locked")
        raise LockedError
    if house.passwords.is_dated(account.password):
        Account._get_collection().update_one(
            {"_id": account.id, "password": account.password},
            {"$set": {"password": house.passwords.hash(password)}},
        )
    return account


def confirm_password(
    house: House, account: Account, password: str, address: str | None, now: datetime
) -> None:
    """Check the password of who is signed in already; raises as `check_password` does."""
    if check_password(house, account.email, password, address, now).id != account.id:
        raise WrongError


def note_signed_in(account: Account, now: datetime) -> None:
    """Note that somebody signed in to the account, with all that it takes."""
    note_attempt("signed-in", account.id, now, actor=actor_of_account(account))


def stage_after_password(account: Account) -> Stage:
    """What is missing once the password was right."""
    if account.second_factor is not None:
        return "code"
    return "setup" if needs_second_factor(account) else "full"


def may_ask_for_reset(house: House, email: str, address: str | None, now: datetime) -> None:
    """Count that somebody asks for a link to a new password; raises TooManyError."""
    take(throttle_id(house, "reset network", network_of(address)), ADDRESS, now)
    take(throttle_id(house, RESET_THROTTLE, email_of(email) or email), RESET, now)
