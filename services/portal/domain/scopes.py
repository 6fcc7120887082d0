"""What an API token may do: read or write, service by service."""

from collections.abc import Iterable

SERVICES = ("requests", "offers", "matcher", "portal")
SCOPES = tuple(f"{service}:{right}" for service in SERVICES for right in ("read", "write"))


def known(scopes: Iterable[str]) -> bool:
    """Whether there are scopes and all of them are known."""
    named = set(scopes)
    return bool(named) and named <= set(SCOPES)
