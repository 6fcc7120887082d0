"""Rows by what they are about and whom they are for, each with what a first look needs of it.

Where a large register is looked through: what is looked at together stands together in memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.columns import Blocks, Spec, blank, grown

Key = tuple[int, int]
"""A theme's number, and an area's; see records.py."""

Run = tuple[int, int]
"""Where a row's places are noted: the first spot, and how many."""

BLOCK = 256
"""Places that are given to a cell at a time."""

END = -1
"""What follows a cell's last block."""

_FIRST_BLOCKS = 4
_PARTS = 256
"""Parts that are kept while no row comes or goes: one request after another looks at the same."""


class Part(NamedTuple):
    """Places to look at: of each cell the first block, how many of its places are taken, its theme;
    and how many places that is in all.

    All places of the blocks that `Cells.links` leads to from there are taken.
    """

    blocks: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]
    themes: npt.NDArray[np.int32]
    places: int


class Cells:
    """Rows under keys, each with the words of a first look. Putting and removing is O(1) a key.

    The places of a cell have no gaps: the last one moves to where one is removed. Whoever reads
    finds each row once under each of its keys, in no order.
    """

    def __init__(self, words: Spec) -> None:
        """`words` are the columns that a first look reads."""
        spec: Spec = {"row": (np.int32, ()), "spot": (np.int32, ()), **words}
        self._first: dict[Key, int] = {}
        self._sizes: dict[Key, int] = {}
        self._keys: list[Key] = []
        """Of each block, whose it is."""
        self._free: list[int] = []
        self._links = np.full(_FIRST_BLOCKS, END, dtype=np.int32)
        self._columns = {
            name: blank((_FIRST_BLOCKS * BLOCK, *shape), dtype)
            for name, (dtype, shape) in spec.items()
        }
        self._spots = Blocks({"place": (np.int32, ())})
        self._parts: dict[tuple[Key, ...], Part] = {}

    def put(self, row: int, keys: Sequence[Key], words: Mapping[str, Any]) -> Run:
        """Let a row that is not here be found under some keys; by its run it is found again."""
        self._parts.clear()
        first = self._spots.take(len(keys))
        places = [self._next(key) for key in keys]
        self._spots.column("place")[first : first + len(keys)] = places
        for spot, place in enumerate(places, start=first):
            self._columns["row"][place] = row
            self._columns["spot"][place] = spot
            for name, word in words.items():
                self._columns[name][place] = word
        return first, len(keys)

    def remove(self, run: Run) -> None:
        """Take a row out."""
        self._parts.clear()
        first, count = run
        places = self._spots.column("place")
        for spot in range(first, first + count):
            self._vacate(int(places[spot]))
        self._spots.free(first, count)

    def change(self, run: Run, words: Mapping[str, Any]) -> None:
        """Give a row other words in some columns."""
        first, count = run
        places = self._spots.column("place")[first : first + count]
        for name, word in words.items():
            self._columns[name][places] = word

    def change_all(self, name: str, word: Any) -> None:
        """Give all rows the same word in a column."""
        self._columns[name][:] = word

    def keys(self, run: Run) -> list[Key]:
        """What a row stands under."""
        first, count = run
        places = self._spots.column("place")[first : first + count].tolist()
        return [self._keys[place // BLOCK] for place in places]

    def part(self, keys: Sequence[Key]) -> Part:
        """Where the rows under some keys are."""
        asked = tuple(keys)
        part = self._parts.get(asked)
        if part is None:
            if len(self._parts) == _PARTS:
                self._parts.clear()
            part = self._parts[asked] = self._part(asked)
        return part

    def _part(self, keys: Sequence[Key]) -> Part:
        found = [key for key in keys if self._sizes.get(key)]
        return Part(
            np.array([self._first[key] for key in found], dtype=np.int32),
            np.array([_in_last(self._sizes[key]) for key in found], dtype=np.int32),
            np.array([theme for theme, _ in found], dtype=np.int32),
            sum(self._sizes[key] for key in found),
        )

    def rows(self, keys: Sequence[Key]) -> npt.NDArray[np.int32]:
        """The rows under some keys, in no order, some perhaps more than once."""
        rows = self._columns["row"]
        found = [rows[first : first + count] for first, count in self._runs(self.part(keys))]
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int32)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of all places; valid until the next `put`."""
        return self._columns[name]

    @property
    def links(self) -> npt.NDArray[np.int32]:
        """Of each block, which comes after it in its cell, END for none; until the next `put`."""
        return self._links

    def _runs(self, part: Part) -> Iterator[tuple[int, int]]:
        """First places of the blocks of some cells, and how many of each are taken."""
        for block, count in zip(part.blocks.tolist(), part.counts.tolist(), strict=True):
            yield block * BLOCK, count
            following = int(self._links[block])
            while following != END:
                yield following * BLOCK, BLOCK
                following = int(self._links[following])

    def _next(self, key: Key) -> int:
        """A new place at the end of a cell, which is in its first block."""
        size = self._sizes.get(key, 0)
        if size % BLOCK == 0:
            block = self._block(key)
            self._links[block] = self._first.get(key, END)
            self._first[key] = block
        self._sizes[key] = size + 1
        return self._first[key] * BLOCK + size % BLOCK

    def _block(self, key: Key) -> int:
        if self._free:
            block = self._free.pop()
            self._keys[block] = key
            return block
        block = len(self._keys)
        self._keys.append(key)
        if block == len(self._links):
            self._links = grown(self._links, 2 * len(self._links))
            for name, column in self._columns.items():
                self._columns[name] = grown(column, 2 * len(column))
        return block

    def _vacate(self, place: int) -> None:
        """Give up a place: the last of its cell moves there."""
        key = self._keys[place // BLOCK]
        block = self._first[key]
        self._sizes[key] -= 1
        last = block * BLOCK + self._sizes[key] % BLOCK
        if last != place:
            for column in self._columns.values():
                column[place] = column[last]
            self._spots.column("place")[int(self._columns["spot"][place])] = place
        if self._sizes[key] % BLOCK == 0:
            self._free.append(block)
            self._first[key] = int(self._links[block])


def _in_last(size: int) -> int:
    """How many places of a cell's newest block are taken."""
    return (size - 1) % BLOCK + 1
