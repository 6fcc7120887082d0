"""Secrets at rest: sealed where they must be read again, fingerprinted where they need not."""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
_SECRET_BYTES = 32


class DamagedError(Exception):
    """What was sealed cannot be opened: it was altered, or sealed by another key."""


class Vault:
    """Seals and fingerprints by keys that are derived from the portal's own.

    A `purpose` names what a text is for, so that what was sealed or fingerprinted as one thing is
    never taken for another.
    """

    def __init__(self, key: bytes) -> None:
        self._sealing = AESGCM(_derived(key, b"entraide portal sealing"))
        self._fingerprints = _derived(key, b"entraide portal fingerprints")
        self.cookie_key = _derived(key, b"entraide portal cookies")

    def seal(self, text: str, purpose: str) -> bytes:
        """The text encrypted with AES-256-GCM, a fresh nonce before it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, text.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The text that was sealed for this purpose; DamagedError for anything else."""
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._sealing.decrypt(nonce, text, purpose.encode()).decode()
        except (InvalidTag, ValueError):
            raise DamagedError(
                f"a sealed {purpose} cannot be opened: is ENTRAIDE_PORTAL_KEY the one it had?"
            ) from None

    def fingerprint(self, text: str, purpose: str) -> str:
        """What is stored of a text that only has to be recognised: HMAC-SHA-256, hexadecimal."""
        message = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._fingerprints, message, hashlib.sha256).hexdigest()


def new_secret() -> str:
    """256 random bits for a link, a cookie or a token, as letters that an address may hold."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def _derived(key: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=label).derive(key)
