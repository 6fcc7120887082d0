"""Time-based one-time codes (RFC 6238) and recovery codes, as values."""

import hmac
import secrets
import unicodedata
from datetime import datetime

import pyotp

STEP_SECONDS = 30
DIGITS = 6
RECOVERY_CODES = 10
ISSUER_NAME = "Entraide"

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
_GROUPS, _GROUP = 4, 4
_STEPS_ASIDE = (0, -1, 1)  # clocks differ, and typing takes time


def new_seed() -> str:
    """A new seed of 160 random bits, in base32."""
    return pyotp.random_base32()


def setup_address(seed: str, email: str) -> str:
    """What an authenticator app reads from a square of dots: otpauth://…"""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=ISSUER_NAME)


def step_of(seed: str, code: str, now: datetime) -> int | None:
    """The step of time whose code this is, now or one aside; None if it is no such code."""
    typed = plain_digits(code)
    current = int(now.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(seed)
    for aside in _STEPS_ASIDE:
        expected = generator.generate_otp(current + aside)
        if hmac.compare_digest(expected.encode(), typed.encode("utf-8", "surrogatepass")):
            return current + aside
    return None


def code_at(seed: str, now: datetime) -> str:
    """The code of this moment."""
    return pyotp.TOTP(seed).generate_otp(int(now.timestamp()) // STEP_SECONDS)


def plain_digits(text: str) -> str:
    """The digits of a text as ASCII has them, whatever a keyboard calls a digit; spaces go."""
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() else sign
        for sign in text
        if not (sign.isspace() or sign == "-")
    )


def readable_secret() -> str:
    """79 random bits that can be read out and typed: `abcd-efgh-jkmn-pqrs`."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def new_recovery_codes() -> list[str]:
    """Codes for who lost the second factor."""
    return [readable_secret() for _ in range(RECOVERY_CODES)]


def plain_recovery(text: str) -> str:
    """A recovery code as it is fingerprinted, however it was typed."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())
