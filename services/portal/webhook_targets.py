"""Where webhooks may go: to https addresses of the public internet, and nowhere else.

A name is looked up when a webhook is made and again at each call, which then goes to the very
address that was looked at (requests-hardened): a name that points elsewhere later gains nothing.
Of an answer the status and headers are read, within READ_SECONDS in all, and nothing is kept.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests_hardened.ip_filter import InvalidIPAddress, filter_host

from services.portal.webhook_sessions import CallSession, require_unicast

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
MAX_URL = 2000


class TargetRefusedError(Exception):
    """No webhook may go there; `code` and the message say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_target(url: str, *, to_loopback: bool = False) -> None:
    """Raise TargetRefusedError unless webhooks may go to `url`. Looks its name up.

    `to_loopback` lets them go to this machine too, over http:// or https://, for trying things.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise TargetRefusedError("url", "Not an address.") from None
    if not url.isascii() or not url.isprintable() or " " in url or not parts.hostname:
        raise TargetRefusedError("url", "Not an address.")
    if parts.scheme != "https" and not (to_loopback and parts.scheme == "http"):
        raise TargetRefusedError("scheme", "The address must begin with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise TargetRefusedError("url", "The address must hold no user, password or fragment.")
    try:
        require_unicast(
            filter_host(parts.hostname, port, allow_loopback=to_loopback), loopback=to_loopback
        )
    except InvalidIPAddress:
        raise TargetRefusedError(
            "private-network", "Webhooks go to public addresses alone, not into a private network."
        ) from None
    except (requests.RequestException, UnicodeError):
        raise TargetRefusedError("unknown-host", "This host's name is not known.") from None


def open_session(*, to_loopback: bool = False) -> requests.Session:
    """A session whose calls go where check_target lets them, and follow no redirect."""
    return CallSession(to_loopback, (CONNECT_SECONDS, READ_SECONDS))


def call(session: requests.Session, url: str, body: bytes, headers: dict[str, str]) -> str | None:
    """Post a body; None if it was taken, else what went wrong, as a code such as `status-500`.

    The answer's body is never read.
    """
    options: dict[str, Any] = {"timeout": (CONNECT_SECONDS, READ_SECONDS), "stream": True}
    try:
        with session.post(url, data=body, headers=headers, **options) as answer:
            taken = 200 <= answer.status_code < 300
            return None if taken else f"status-{answer.status_code}"
    except InvalidIPAddress:
        return "private-network"
    except requests.exceptions.SSLError:
        return "certificate"
    except requests.Timeout:
        return "timeout"
    except (requests.RequestException, UnicodeError, ValueError):
        return "unreachable"
