"""The version of an aggregate: which life of the store it was written in, and its number there."""

import re
from dataclasses import dataclass

_TEXT = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,17})", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Version:
    """A pair that orders as a tuple: a higher epoch wins over any number.

    Restoring a backup raises the epoch, so that restored state wins over newer-looking events.
    Numbers start at 1; number 0 is kept for tombstones, which lie between two epochs.
    """

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"

    @classmethod
    def parse(cls, text: str) -> "Version":
        """The version that `text` writes, such as "1.3"; raises ValueError for anything else."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError(f"a version is written epoch.number, such as 1.3, not {text[:40]!r}")
        return cls(int(found[1]), int(found[2]))
