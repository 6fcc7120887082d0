"""What people type for days and lists, as the services take it."""

from datetime import date


def read_day(text: str) -> str | None:
    """A day as ISO 8601 has it; ValueError for anything else, None for nothing."""
    left = text.strip()
    return date.fromisoformat(left).isoformat() if left else None


def read_lines(text: str) -> list[str]:
    """One thing a line; blank lines are none."""
    return [line.strip() for line in text.splitlines() if line.strip()]
