"""What a dead process said last: the few lines of its log that tell why."""

import re
from collections.abc import Sequence

_TROUBLE = re.compile(
    r"error|exception|critical|fatal|panic|cannot|failed|refused|\bset ENTRAIDE_", re.IGNORECASE
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 300


def error_lines(text: str, limit: int = 4) -> list[str]:
    """At most `limit` lines of a log that tell why its process ended, in their order.

    The message of the last traceback where there is one; else the first lines that speak of
    trouble; else the last lines. Empty for an empty log.
    """
    lines = [_ANSI.sub("", line).rstrip()[:_LONGEST] for line in text.splitlines()]
    lines = [line for line in lines if line.strip()]
    traceback = _message_of_last_traceback(lines)
    if traceback:
        return traceback[:limit]
    trouble = [line for line in lines if _TROUBLE.search(line)]
    return trouble[:limit] or lines[-limit:]


def _message_of_last_traceback(lines: Sequence[str]) -> list[str]:
    starts = [n for n, line in enumerate(lines) if "Traceback (most recent call last)" in line]
    if not starts:
        return []
    for number in range(starts[-1] + 1, len(lines)):
        if not lines[number].startswith((" ", "\t")):
            return list(lines[number:])
    return []
