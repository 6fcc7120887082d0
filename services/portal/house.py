"""What everything in the portal is done with: the time, its settings, its secrets."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, current_app

from services.portal.addresses import Address
from services.portal.configuration import PortalSettings
from services.portal.documents import AUDITED
from services.portal.domain.passwords import MOST_LENGTH, normalised
from services.portal.sealing import Vault, new_secret
from services.portal.services import Services
from shared.events.auditing import Auditor
from shared.settings import Settings
from shared.web.database import current_database

NAME = "portal"
Clock = Callable[[], datetime]
_EXTENSION = "entraide-portal"
_HASHES_AT_ONCE = 4


def system_clock() -> datetime:
    """The time in UTC, to the millisecond that the store keeps."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Passwords:
    """Hashes passwords with argon2id (RFC 9106's second choice: 64 MiB, three passes).

    At most _HASHES_AT_ONCE at a time, so that many who sign in at once, or pretend to, take no
    more than a quarter of a gigabyte. Another `hasher` is for tests that sign in many times.
    """

    def __init__(self, hasher: argon2.PasswordHasher | None = None) -> None:
        self._hasher = hasher or argon2.PasswordHasher()
        self._room = threading.BoundedSemaphore(_HASHES_AT_ONCE)
        self._nobodys = self._hasher.hash(new_secret())

    def hash(self, password: str) -> str:
        """The hash of a password that the rules let through."""
        with self._room:
            return self._hasher.hash(_encoded(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; without a hash, False after the same time."""
        # What no account can have is not worth hashing, whoever's account it is tried on.
        if len(password) > 2 * MOST_LENGTH:
            return False
        with self._room:
            try:
                right = self._hasher.verify(stored or self._nobodys, _encoded(password))
            except (VerificationError, InvalidHashError):
                return False
        return right and stored is not None

    def is_dated(self, stored: str) -> bool:
        """Whether it was hashed with other parameters than those of today."""
        return self._hasher.check_needs_rehash(stored)


def _encoded(password: str) -> bytes:
    return normalised(password).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class House:
    """What the portal works with; `clock` gives aware times in UTC, to the millisecond."""

    settings: Settings
    portal: PortalSettings
    vault: Vault
    clock: Clock
    passwords: Passwords
    services: Services = field(default_factory=Services)
    auditor: Auditor = field(default_factory=lambda: Auditor(NAME, AUDITED, current_database))

    def link(self, page: str, secret: str) -> str:
        """The address of a page that a one-time link opens."""
        return f"{self.portal.url}/{page}/{secret}"


def open_house(
    settings: Settings,
    portal: PortalSettings,
    clock: Clock = system_clock,
    passwords: Passwords | None = None,
    addresses: Sequence[Address] = (),
) -> House:
    """The house of a portal with these settings, which finds the services at `addresses`."""
    return House(
        settings, portal, Vault(portal.key), clock, passwords or Passwords(), Services(addresses)
    )


def set_house(app: Flask, house: House) -> None:
    """Give the app's handlers their house."""
    app.extensions[_EXTENSION] = house


def house() -> House:
    """The house of the app that answers the current request."""
    found: House = current_app.extensions[_EXTENSION]
    return found
