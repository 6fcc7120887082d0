"""How long to wait after failures: nothing at first, then twice as long each time, to a bound."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Policy:
    """`free` attempts cost nothing; the next waits `first`, each later one twice as long.

    No wait is longer than `longest`, so that nobody is locked out for good; failures are
    forgotten once `forgotten` has passed since the last attempt.
    """

    free: int
    first: timedelta
    longest: timedelta
    forgotten: timedelta

    def wait(self, failures: int) -> timedelta:
        """How long to wait after that many failures."""
        beyond = failures - self.free
        if beyond < 0:
            return timedelta(0)
        doubled: timedelta = self.first * 2 ** min(beyond, 40)
        return min(doubled, self.longest)


DAY = timedelta(days=1)
ACCOUNT = Policy(5, timedelta(seconds=10), timedelta(minutes=15), DAY)
"""Attempts at one e-mail address, whether it has an account or not."""

ADDRESS = Policy(30, timedelta(seconds=5), timedelta(minutes=15), DAY)
"""Attempts from one network address: an office may share one."""

CODE = Policy(5, timedelta(seconds=30), timedelta(hours=1), DAY)
"""Codes of one account's second factor: one of a million is guessed at 3 to 5 at a time."""

RESET = Policy(3, timedelta(minutes=1), timedelta(hours=1), DAY)
"""Links for a new password asked for one e-mail address."""


@dataclass(frozen=True)
class Attempts:
    """What is remembered of attempts: how many failed, until when to wait, when the last was."""

    failures: int = 0
    blocked_until: datetime | None = None
    last: datetime | None = None

    def blocked(self, policy: Policy, now: datetime) -> datetime | None:
        """Until when no attempt is let in; None if one is let in now."""
        until = self.blocked_until
        return until if until is not None and until > now and not self._old(policy, now) else None

    def attempted(self, policy: Policy, now: datetime) -> "Attempts":
        """With one more attempt that counts as failed until it is known better."""
        failures = 1 if self._old(policy, now) else self.failures + 1
        return replace(self, failures=failures, blocked_until=now + policy.wait(failures), last=now)

    def _old(self, policy: Policy, now: datetime) -> bool:
        return self.last is not None and now - self.last >= policy.forgotten
