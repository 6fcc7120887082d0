"""What people type for lists, as the services take it."""


def read_lines(text: str) -> list[str]:
    """One thing a line; blank lines are none."""
    return [line.strip() for line in text.splitlines() if line.strip()]
