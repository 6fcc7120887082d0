"""What the portal is told of mail: the server that takes it, and what is sent at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, get_args

from services.portal.domain.people import email_of
from shared.settings import SettingsError, Variable
from shared.web.keys import LOOPBACK

Tls = Literal["none", "starttls", "tls"]

VARIABLES: tuple[Variable, ...] = (
    Variable("ENTRAIDE_SMTP_HOST", "", "the server that takes mail; empty: mail waits"),
    Variable("ENTRAIDE_SMTP_PORT", "587", "its port"),
    Variable(
        "ENTRAIDE_SMTP_TLS", "starttls", "starttls, tls (from the first byte) or none (no password)"
    ),
    Variable("ENTRAIDE_SMTP_USER", "", "who signs in to it; empty: nobody"),
    Variable("ENTRAIDE_SMTP_PASSWORD_FILE", "", "a file that holds the password and nothing else"),
    Variable("ENTRAIDE_MAIL_FROM", "", "the address that mail comes from"),
    Variable(
        "ENTRAIDE_MAIL_MAX_AGE_DAYS", "7", "what happened longer ago is told in the portal alone"
    ),
)
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}", re.ASCII)


@dataclass(frozen=True)
class Posting:
    """How mail is sent. Without a `host` none is, and what is to be sent waits."""

    host: str = ""
    port: int = 587
    tls: Tls = "starttls"
    user: str = ""
    password_file: Path | None = None
    sender: str = ""
    max_age: timedelta = timedelta(days=7)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Posting":
        """The settings of mail; SettingsError names what is missing or wrong."""
        values = {
            variable.name.removeprefix("ENTRAIDE_"): environ.get(variable.name, "").strip()
            or (variable.default or "")
            for variable in VARIABLES
        }
        host, file = values["SMTP_HOST"], values["SMTP_PASSWORD_FILE"]
        posting = cls(
            host=host,
            port=_whole("ENTRAIDE_SMTP_PORT", values["SMTP_PORT"], 65535),
            tls=_tls(values["SMTP_TLS"]),
            user=values["SMTP_USER"],
            password_file=Path(file) if file else None,
            sender=email_of(values["MAIL_FROM"]) or "",
            max_age=timedelta(
                days=_whole("ENTRAIDE_MAIL_MAX_AGE_DAYS", values["MAIL_MAX_AGE_DAYS"], 3650)
            ),
        )
        if host:
            _check(posting)
        return posting


def _check(posting: Posting) -> None:
    if not _HOST.fullmatch(posting.host):
        raise SettingsError("ENTRAIDE_SMTP_HOST must be a host's name or address")
    if not posting.sender or not posting.sender.isascii():
        raise SettingsError("ENTRAIDE_MAIL_FROM must be an address of mail in ASCII")
    if bool(posting.user) != (posting.password_file is not None):
        raise SettingsError("set ENTRAIDE_SMTP_USER and ENTRAIDE_SMTP_PASSWORD_FILE, or neither")
    if posting.tls == "none" and posting.user and posting.host not in LOOPBACK:
        raise SettingsError("ENTRAIDE_SMTP_TLS must not be none: a password goes over TLS alone")


def _tls(value: str) -> Tls:
    for known in get_args(Tls):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise SettingsError(f"ENTRAIDE_SMTP_TLS must be starttls, tls or none, not {value!r}")


def _whole(name: str, value: str, most: int) -> int:
    if not value.isascii() or not value.isdigit() or not 0 < int(value) <= most:
        raise SettingsError(f"{name} must be a whole number from 1 to {most}, not {value!r}")
    return int(value)
