"""What people type for numbers and days, as the services take it."""

from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal

from services.portal.pages.wording import here
from services.portal.sheets import values


def read_number(text: str) -> int | float | None:
    """A number as the reader's language writes it, or plainly; ValueError for anything else."""
    if not text.strip():
        return None
    found = values.read_number(text, here())
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
