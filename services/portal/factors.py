"""Second factors in the store: set up, used once a code, recovered, removed."""

from datetime import datetime

from services.portal.documents import Account, SecondFactor
from services.portal.domain import second_factor as rules
from services.portal.domain.backoff import CODE
from services.portal.domain.people import SECOND_FACTOR_ROLES
from services.portal.house import House
from services.portal.outgoing import send_mail
from services.portal.throttling import (
    EMAIL_THROTTLE,
    RESET_THROTTLE,
    begins_to_wait,
    forget,
    take,
    throttle_id,
)
from services.portal.trail import actor_of_account, note_attempt, with_step
from shared.registers.actors import Actor

_SEED = "second factor"
_RECOVERY = "recovery code"


def may_remove(account: Account) -> bool:
    """Whether the account may do without a second factor."""
    return account.role not in SECOND_FACTOR_ROLES


def seed_to_set_up(house: House, account: Account) -> str:
    """The seed of the factor that is being set up: a new one, or the one that was shown already.

    Two windows show the same.
    """
    if account.setup is None:
        seed = rules.new_seed()
        Account._get_collection().update_one(
            {"_id": account.id, "setup": None}, {"$set": {"setup": house.vault.seal(seed, _SEED)}}
        )
        account.reload()
    return house.vault.open(account.setup, _SEED)


def confirm_setup(house: House, account: Account, code: str, now: datetime) -> list[str] | None:
    """Make the seed that was shown the second factor, by a code of it; the recovery codes.

    None for a wrong code, and where another window was first. Raises TooManyError.
    """
    if account.setup is None:
        return None
    counted = throttle_id(house, "setup", account.id)
    take(counted, CODE, now)
    seed = house.vault.open(account.setup, _SEED)
    step = rules.step_of(seed, code, now)
    if step is None:
        return None
    codes = rules.new_recovery_codes()
    factor = SecondFactor(
        seed=house.vault.seal(seed, _SEED),
        last_step=step,
        recovery=[_recovery_fingerprint(house, account.id, one) for one in codes],
        since=now,
    )
    update = {"$set": {"second_factor": factor.to_mongo()}, "$unset": {"setup": ""}}
    written = Account._get_collection().update_one(
        {"_id": account.id, "setup": account.setup},
        with_step(update, "set-up-second-factor", account, actor_of_account(account), now),
    )
    if not written.matched_count:
        return None
    forget(counted)
    send_mail(house, "second-factor-changed", account.email, account.language, now)
    account.reload()
    return codes


def use_code(house: House, account: Account, code: str, now: datetime) -> bool:
    """Whether it is a code of the account that was not used before; from now on it was.

    A code of the app or a recovery code. Raises TooManyError.
    """
    factor = account.second_factor
    if factor is None:
        return False
    counted = throttle_id(house, "code", account.id)
    before = take(counted, CODE, now)
    if _use_step(house, account, code, now) or _use_recovery(house, account, code):
        forget(counted)
        return True
    note_attempt("sign-in-failed", account.id, now, "code")
    if begins_to_wait(before, CODE, now):
        note_attempt("locked-out", account.id, now, "code")
    return False


def new_recovery_codes(house: House, account: Account, now: datetime) -> list[str]:
    """Ten new recovery codes; those from before are worthless."""
    codes = rules.new_recovery_codes()
    fingerprints = [_recovery_fingerprint(house, account.id, one) for one in codes]
    update = {"$set": {"second_factor.recovery": fingerprints}}
    Account._get_collection().update_one(
        {"_id": account.id, "second_factor": {"$ne": None}},
        with_step(update, "renew-recovery-codes", account, actor_of_account(account), now),
    )
    return codes


def remove(house: House, account: Account, actor: Actor, now: datetime) -> None:
    """Remove the second factor; who must have one has to set up another before anything else."""
    update = {"$unset": {"second_factor": "", "setup": ""}}
    Account._get_collection().update_one(
        {"_id": account.id}, with_step(update, "remove-second-factor", account, actor, now)
    )
    send_mail(house, "second-factor-changed", account.email, account.language, now)


def forget_failures(house: House, account: Account) -> None:
    """Let the account's owner try again at once: somebody who may has vouched for them."""
    forget(throttle_id(house, "code", account.id))
    forget(throttle_id(house, EMAIL_THROTTLE, account.email))


def forget_attempts(house: House, account: Account) -> None:
    """Forget every attempt that was counted by the account or its address."""
    forget_failures(house, account)
    forget(throttle_id(house, "setup", account.id))
    forget(throttle_id(house, RESET_THROTTLE, account.email))


def current_code(house: House, account: Account, now: datetime) -> str | None:
    """The account's code of this moment; None without a second factor."""
    if account.second_factor is None:
        return None
    return rules.code_at(house.vault.open(account.second_factor.seed, _SEED), now)


def _use_step(house: House, account: Account, code: str, now: datetime) -> bool:
    seed = house.vault.open(account.second_factor.seed, _SEED)
    step = rules.step_of(seed, code, now)
    if step is None:
        return False
    written = Account._get_collection().update_one(
        {"_id": account.id, "second_factor.last_step": {"$lt": step}},
        {"$set": {"second_factor.last_step": step}},
    )
    return bool(written.matched_count)


def _use_recovery(house: House, account: Account, code: str) -> bool:
    fingerprint = _recovery_fingerprint(house, account.id, code)
    written = Account._get_collection().update_one(
        {"_id": account.id, "second_factor.recovery": fingerprint},
        {"$pull": {"second_factor.recovery": fingerprint}},
    )
    return bool(written.matched_count)


def _recovery_fingerprint(house: House, account_id: str, code: str) -> str:
    return house.vault.fingerprint(f"{account_id} {rules.plain_recovery(code)}", _RECOVERY)
