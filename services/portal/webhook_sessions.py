"""The session by which webhooks are called: it takes from a target what it needs, and no more.

requests-hardened sees to it that a call goes to the address that was looked at. What remains is the
answer, which whoever owns the target makes as they like: without an end, letter by letter, with
cookies for others.
"""

from http.cookiejar import DefaultCookiePolicy
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

import requests
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from services.portal.bounded import pools_in_time

AGENT = "Entraide-Webhooks/1"
_UNICAST = IPv6Network("2000::/3")
"""What is given out for the internet; site-local and old translated addresses lie outside."""


def require_unicast(host: str, *, loopback: bool) -> None:
    """Raise InvalidIPAddress for an address as filter_host gives it that is not of the internet."""
    ip = ip_address(host.strip("[]"))
    if isinstance(ip, IPv6Address) and ip not in _UNICAST and not (loopback and ip.is_loopback):
        raise InvalidIPAddress(ip)


class CallSession(HTTPSession):
    """Calls the internet, with `loopback` this machine too; `timeout` to connect, and to answer.

    No redirect is followed, no proxy asked, no cookie kept, and no body of an answer read.
    """

    def __init__(self, loopback: bool, timeout: tuple[float, float]) -> None:
        super().__init__(
            Config(
                ip_filter_enable=True,
                ip_filter_allow_loopback_ips=loopback,
                never_redirect=True,
                default_timeout=timeout,
                user_agent_override=AGENT,
            )
        )
        self.trust_env = False  # a proxy of the environment would be asked instead of the address
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for tls in (False, True):
            self.mount("https://" if tls else "http://", _Adapter(tls, loopback))

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """No answer leads elsewhere: requests would read the body of one that does."""
        del resp
        return None


class _Adapter(IPFilterAdapter):
    def __init__(self, tls: bool, loopback: bool) -> None:
        self._loopback = loopback
        super().__init__(tls, loopback)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pools_in_time()

    def build_connection_pool_key_attributes(self, *args: Any, **kwargs: Any) -> Any:
        host, pool = super().build_connection_pool_key_attributes(*args, **kwargs)
        require_unicast(host["host"], loopback=self._loopback)
        return host, pool
