"""How often somebody may call: who calls more is told to wait, before any work is done for them.

Each process counts by itself, in memory (decision 0098): whoever proves who it is, by that; anybody
else by the network that the call comes from.
"""

import math
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from shared.settings import Settings, SettingsError
from shared.web.problems import Problem

OFF = "off"
_IPV6_PREFIX = 64


class Rates:
    """Counts calls against the settings' `rate_token` and `rate_address`."""

    def __init__(self, settings: Settings, now: Callable[[], float] = time.time) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._known = _limit("ENTRAIDE_RATE_TOKEN", settings.rate_token)
        self._unknown = _limit("ENTRAIDE_RATE_ADDRESS", settings.rate_address)
        self._now = now
        # The storage starts a thread now and then, and two calls at once would both start it.
        self._counting = threading.Lock()

    def count_token(self, subject: str) -> None:
        """Count a call of somebody whose token was checked; raises the 429 problem."""
        self._count(self._known, "token", subject)

    def count_address(self, address: str | None) -> None:
        """Count a call that nobody's token came with; raises the 429 problem."""
        self._count(self._unknown, "address", network_of(address))

    def _count(self, limit: RateLimitItem | None, kind: str, whose: str) -> None:
        if limit is None:
            return
        with self._counting:
            if self._limiter.hit(limit, kind, whose):
                return
        reset = self._limiter.get_window_stats(limit, kind, whose).reset_time
        raise too_many_requests(max(1, math.ceil(reset - self._now())))


def too_many_requests(seconds: int) -> Problem:
    """The 429 problem: who calls is to wait that long."""
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many-requests",
        "Too many requests",
        f"Send the request again in {seconds} seconds, and fewer at a time from then on.",
        headers={"Retry-After": str(seconds)},
    )


def network_of(address: str | None) -> str:
    """The address as calls are counted: of IPv6 the network that one household is given."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> _IPV6_PREFIX << _IPV6_PREFIX))
    return str(parsed)


def _limit(name: str, value: str) -> RateLimitItem | None:
    if value == OFF:
        return None
    try:
        return parse(value)
    except ValueError:
        raise SettingsError(f"{name} must be such as 600/minute, or {OFF}, not {value!r}") from None
