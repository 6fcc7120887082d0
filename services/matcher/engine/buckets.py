"""Rows by what they are about and whom they are for: where a large register is looked through."""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

Key = tuple[int, int]
"""A theme's number, and an area's; see records.py."""

Rows = npt.NDArray[np.int32]

_FIRST_SIZE = 16


class Buckets:
    """Rows by key. Adding is O(1), amortised.

    Rows are never taken out: whoever reads must look whether what a row holds now still fits, and
    may meet a row twice. What no longer fits is dropped when a bucket is full.
    """

    def __init__(self, fits: Callable[[Key, Rows], npt.NDArray[np.bool_]]) -> None:
        """`fits` tells which rows still belong under a key."""
        self._fits = fits
        self._rows: dict[Key, Rows] = {}
        self._sizes: dict[Key, int] = {}

    def add(self, keys: Iterable[Key], row: int) -> None:
        """Let a row be found under some keys."""
        for key in keys:
            size = self._sizes.get(key, 0)
            rows = self._rows.get(key)
            if rows is None:
                rows = self._rows[key] = np.zeros(_FIRST_SIZE, dtype=np.int32)
            elif size == len(rows):
                rows, size = self._make_room(key)
            rows[size] = row
            self._sizes[key] = size + 1

    def rows(self, keys: Iterable[Key]) -> Rows:
        """All rows under some keys, in no order, some of them perhaps twice or out of date."""
        found = [self._rows[key][: self._sizes[key]] for key in keys if key in self._rows]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int32)

    def _make_room(self, key: Key) -> tuple[Rows, int]:
        rows = np.unique(self._rows[key])
        kept = rows[self._fits(key, rows)]
        grown = np.zeros(max(_FIRST_SIZE, 2 * len(kept)), dtype=np.int32)
        grown[: len(kept)] = kept
        self._rows[key] = grown
        return grown, len(kept)
