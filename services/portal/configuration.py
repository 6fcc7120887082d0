"""What the portal is told of itself: its key, its address, and more."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.settings import SettingsError, Variable
from shared.web.keys import LOOPBACK

VARIABLES: tuple[Variable, ...] = (
    Variable("ENTRAIDE_PORTAL_KEY", None, "the portal's key for secrets at rest, base64, 32 bytes"),
    Variable(
        "ENTRAIDE_PUBLIC_URL_PORTAL",
        None,
        "where a browser reaches the portal: https://, or http:// on loopback",
    ),
    Variable(
        "ENTRAIDE_LISTENERS",
        "8",
        "pages that one process of the portal tells of changes as they come, each on a thread of "
        "its own beside those that answer; further ones ask every now and then",
    ),
    Variable(
        "ENTRAIDE_WEBHOOKS_TO_LOOPBACK",
        "no",
        "yes: webhooks may call this machine too, over http, to try things out",
    ),
)


@dataclass(frozen=True, repr=False)
class PortalSettings:
    """`key` seals what is secret at rest; `url` has no slash at its end; `listeners`
    are told of changes at once by each process."""

    key: bytes
    url: str
    webhooks_to_loopback: bool = False
    listeners: int = 8

    @property
    def secure(self) -> bool:
        """Whether browsers reach the portal over TLS."""
        return self.url.startswith("https://")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "PortalSettings":
        """The portal's settings; SettingsError names what is missing or wrong."""
        values: dict[str, str] = {}
        for variable in VARIABLES:
            value = environ.get(variable.name, "").strip() or variable.default
            if value is None:
                raise SettingsError(f"set {variable.name}: {variable.meaning}")
            values[variable.name] = value
        return cls(
            key=_key(values["ENTRAIDE_PORTAL_KEY"]),
            url=_url(values["ENTRAIDE_PUBLIC_URL_PORTAL"]),
            webhooks_to_loopback=_yes("ENTRAIDE_WEBHOOKS_TO_LOOPBACK", values),
            listeners=_number("ENTRAIDE_LISTENERS", values, 512),
        )


def _key(value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise SettingsError("ENTRAIDE_PORTAL_KEY must be base64") from None
    if len(key) < 32:
        raise SettingsError("ENTRAIDE_PORTAL_KEY must hold at least 32 bytes, base64-encoded")
    return key


def _url(value: str) -> str:
    parts = urlsplit(value)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or local)):
        raise SettingsError(
            "ENTRAIDE_PUBLIC_URL_PORTAL must begin with https:// (http:// only on loopback), "
            f"not {value!r}: cookies travel over TLS alone"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"ENTRAIDE_PUBLIC_URL_PORTAL must have no path, not {value!r}")
    return value.rstrip("/")


def _number(name: str, values: Mapping[str, str], most: int) -> int:
    value = values[name]
    if not value.isascii() or not value.isdigit() or int(value) > most:
        raise SettingsError(f"{name} must be a number up to {most}, not {value!r}")
    return int(value)


def _yes(name: str, values: Mapping[str, str]) -> bool:
    if values[name] not in ("yes", "no"):
        raise SettingsError(f"{name} must be yes or no, not {values[name]!r}")
    return values[name] == "yes"
