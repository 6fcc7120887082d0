"""Counting attempts in the store: guessing is slow whoever asks, and however many at once."""

from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from services.portal.documents import Throttle
from services.portal.domain.backoff import Attempts, Policy
from services.portal.house import House

EMAIL_THROTTLE = "sign-in email"
"""The kind of what is counted by the address of mail that was typed."""

RESET_THROTTLE = "reset email"
"""The kind of what is counted by the address for which a link to a new password was asked."""

_ROUNDS = 30
_BUSY = timedelta(seconds=1)


class TooManyError(Exception):
    """No attempt is let in before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def throttle_id(house: House, kind: str, value: str) -> str:
    """The name of what is counted, from which nobody reads what it is."""
    return house.vault.fingerprint(value, f"throttle {kind}")


def take(id_: str, policy: Policy, now: datetime) -> Attempts:
    """Count an attempt before it is made; what was remembered before it.

    Counting comes first and under a guard: a hundred attempts at one moment are let in one by one,
    and those over the bound are not. Raises TooManyError, counting nothing, while it is to wait.
    """
    collection = Throttle._get_collection()
    for _ in range(_ROUNDS):
        found = Throttle.objects(id=id_).first()
        before = _attempts(found)
        blocked = before.blocked(policy, now)
        if blocked is not None:
            raise TooManyError(blocked)
        after = before.attempted(policy, now)
        values = {
            "failures": after.failures,
            "blocked_until": after.blocked_until,
            "last": now,
            "expires_at": now + policy.forgotten,
        }
        if found is None:
            try:
                collection.insert_one({"_id": id_, "revision": 1, **values})
            except DuplicateKeyError:
                continue
            return before
        guard = {"_id": id_, "revision": found.revision}
        written = collection.update_one(guard, {"$set": {**values, "revision": found.revision + 1}})
        if written.matched_count:
            return before
    raise TooManyError(now + _BUSY)


def begins_to_wait(before: Attempts, policy: Policy, now: datetime) -> bool:
    """Whether the attempt after `before` is the one after which the next has to wait."""
    return before.attempted(policy, now).failures == policy.free


def give_back(id_: str, before: Attempts, now: datetime) -> None:
    """Take back the attempt that was counted after `before`: it did not fail.

    Where others were counted meanwhile, theirs and ours stay.
    """
    Throttle._get_collection().update_one(
        {"_id": id_, "failures": before.failures + 1, "last": now},
        {"$set": {"failures": before.failures, "blocked_until": None}, "$inc": {"revision": 1}},
    )


def forget(id_: str) -> None:
    """Forget all attempts: the account's owner has shown who it is."""
    Throttle._get_collection().delete_one({"_id": id_})


def _attempts(found: Throttle | None) -> Attempts:
    if found is None:
        return Attempts()
    return Attempts(found.failures, found.blocked_until, found.last)
