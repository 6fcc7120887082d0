"""What people type for numbers and days, as the services take it."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from babel.numbers import NumberFormatError, format_decimal, parse_decimal

from services.portal.pages.wording import here

_SPACES = re.compile(r"\s+")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")


def read_number(text: str) -> int | float | None:
    """A number as the reader's language writes it, or plainly; ValueError for anything else."""
    left = _SPACES.sub("", text)
    if not left:
        return None
    try:
        found = parse_decimal(left, locale=here(), strict=True)
    except NumberFormatError:
        if not _PLAIN.fullmatch(left):
            raise ValueError(text) from None
        found = Decimal(left)
    except InvalidOperation:
        raise ValueError(text) from None
    if not found.is_finite():
        raise ValueError(text)
    return int(found) if found == found.to_integral_value() else float(found)


def shown_number(value: float | None) -> str:
    """A number as it stands in a field, to be read again by `read_number`; empty for none."""
    if value is None:
        return ""
    return str(format_decimal(Decimal(str(value)), format="0.###", locale=here()))


def read_day(text: str) -> str | None:
    """A day as ISO 8601 has it; ValueError for anything else, None for nothing."""
    left = text.strip()
    return date.fromisoformat(left).isoformat() if left else None


def read_lines(text: str) -> list[str]:
    """One thing a line; blank lines are none."""
    return [line.strip() for line in text.splitlines() if line.strip()]
