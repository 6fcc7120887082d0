"""Rows by what they are about and whom they are for, each with what a first look needs of it.

Where a large register is looked through: what is looked at together stands together in memory.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.columns import Blocks, Spec

Key = tuple[int, int]
"""A theme's number, and an area's; see records.py."""

Run = tuple[int, int]
"""Where a row's places are noted: the first spot, and how many."""

BLOCK = 64
"""Places that are given to a cell at a time."""

WORDS = 4
"""Words of a first look."""

_PLACE: Spec = {
    "row": (np.int32, ()),
    "spot": (np.int32, ()),
    "brief": (np.uint64, (WORDS,)),
}
_FIRST_BLOCKS = 16


class Part(NamedTuple):
    """Places to look at: where blocks of a cell begin, and how many places of each are taken."""

    starts: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]


class Cells:
    """Rows under keys, each with the words of a first look. Putting and removing is O(1) a key.

    The places of a cell have no gaps: the last one moves to where one is removed. Whoever reads
    finds each row once under each of its keys, in no order.
    """

    def __init__(self) -> None:
        self._cells: dict[Key, list[int]] = {}
        self._sizes: dict[Key, int] = {}
        self._keys: list[Key] = []
        """Of each block, whose it is."""
        self._free: list[int] = []
        self._columns = {
            name: np.zeros((_FIRST_BLOCKS * BLOCK, *shape), dtype=dtype)
            for name, (dtype, shape) in _PLACE.items()
        }
        self._spots = Blocks({"place": (np.int32, ())})

    def put(self, row: int, keys: Sequence[Key], brief: list[int]) -> Run:
        """Let a row that is not here be found under some keys; by its run it is found again."""
        first = self._spots.take(len(keys))
        for spot, key in enumerate(keys, start=first):
            place = self._next(key)
            self._columns["row"][place] = row
            self._columns["spot"][place] = spot
            self._columns["brief"][place] = brief
            self._spots.column("place")[spot] = place
        return first, len(keys)

    def remove(self, run: Run) -> None:
        """Take a row out."""
        first, count = run
        places = self._spots.column("place")
        for spot in range(first, first + count):
            self._vacate(int(places[spot]))
        self._spots.free(first, count)

    def change(self, run: Run, brief: list[int]) -> None:
        """Give a row other brief words, the first ones."""
        first, count = run
        places = self._spots.column("place")[first : first + count]
        self._columns["brief"][places, : len(brief)] = brief

    def part(self, keys: Iterable[Key]) -> Part:
        """Where the rows under some keys are."""
        starts: list[int] = []
        counts: list[int] = []
        for key in keys:
            blocks = self._cells.get(key)
            if blocks:
                starts.extend([block * BLOCK for block in blocks])
                counts.extend([BLOCK] * (len(blocks) - 1))
                counts.append(self._sizes[key] - (len(blocks) - 1) * BLOCK)
        return Part(np.array(starts, dtype=np.int64), np.array(counts, dtype=np.int64))

    def rows(self, keys: Iterable[Key]) -> npt.NDArray[np.int32]:
        """The rows under some keys, in no order, some perhaps more than once."""
        starts, counts = self.part(keys)
        places = np.concatenate(
            [
                np.arange(start, start + count)
                for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
            ]
            or [np.zeros(0, dtype=np.int64)]
        )
        rows: npt.NDArray[np.int32] = self._columns["row"][places]
        return rows

    def column(self, name: str) -> npt.NDArray[Any]:
        """The places' rows ("row") or brief words ("brief"); valid until the next `put`."""
        return self._columns[name]

    def _next(self, key: Key) -> int:
        """A new place at the end of a cell."""
        blocks = self._cells.setdefault(key, [])
        size = self._sizes.get(key, 0)
        if size == len(blocks) * BLOCK:
            blocks.append(self._block(key))
        self._sizes[key] = size + 1
        return blocks[-1] * BLOCK + size % BLOCK

    def _block(self, key: Key) -> int:
        if self._free:
            block = self._free.pop()
            self._keys[block] = key
            return block
        block = len(self._keys)
        self._keys.append(key)
        if block * BLOCK == len(self._columns["row"]):
            for name, column in self._columns.items():
                grown = np.zeros((2 * len(column), *column.shape[1:]), dtype=column.dtype)
                grown[: len(column)] = column
                self._columns[name] = grown
        return block

    def _vacate(self, place: int) -> None:
        """Give up a place: the last of its cell moves there."""
        key = self._keys[place // BLOCK]
        blocks = self._cells[key]
        self._sizes[key] -= 1
        last = blocks[-1] * BLOCK + self._sizes[key] % BLOCK
        if last != place:
            for column in self._columns.values():
                column[place] = column[last]
            self._spots.column("place")[int(self._columns["spot"][place])] = place
        if self._sizes[key] % BLOCK == 0:
            self._free.append(blocks.pop())
