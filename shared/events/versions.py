"""The version of an aggregate: which life of the store it was written in, and its number there."""

import hashlib
import re
from collections.abc import Iterable
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

    @classmethod
    def of_several(cls, versions: Iterable[object]) -> "Version":
        """What stands for several versions seen together: another one if any of them is another.

        It lies in epoch 0, where no aggregate ever is.
        """
        seen = " ".join(str(version) for version in versions)
        return cls(0, int(hashlib.sha256(seen.encode()).hexdigest()[:14], 16))
