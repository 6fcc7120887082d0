"""What the processes of a stack logged as their own fault, for who reads that a journey failed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

_STARTS = "Traceback (most recent call last)"
_LONGEST = 90


def faults(logs: Path, most: int = 3) -> Iterator[tuple[str, str]]:
    """The names of logs that hold tracebacks, each with its first ones and the line before them."""
    for log in sorted(logs.glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()
        starts = [number for number, line in enumerate(lines) if _STARTS in line]
        if starts:
            shown = [_traceback(lines, start) for start in starts[:most]]
            yield f"{log.name}: {len(starts)} tracebacks", "\n\n".join(shown)


def _traceback(lines: Sequence[str], start: int) -> str:
    end = start + 1
    while end < len(lines) and lines[end].startswith((" ", "\t")):
        end += 1
    return "\n".join(lines[max(start - 1, 0) : end + 1][:_LONGEST])
