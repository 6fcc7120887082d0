"""Growing tables with columns, and slots that are used again.

A row's cells stand together in memory: who reads a row here and there waits once, not once a
column.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_SIZE = 64
_LINE_WORDS = 8
"""Words of eight bytes that come from memory together."""

Spec = Mapping[str, tuple[npt.DTypeLike, tuple[int, ...]]]
"""Columns by name: the type of a cell, and its shape, () for a single number."""


class Columns:
    """Rows of equal columns. Taking and freeing a row is O(1), amortised over growth.

    `used` tells the rows in use; the others hold what was in them last. Views that `column`
    gives are valid until the next `take`.
    """

    def __init__(self, spec: Spec) -> None:
        self._table = _made(spec)
        self._used = np.zeros(_FIRST_SIZE, dtype=bool)
        self._free: list[int] = []
        self._end = 0

    def take(self, **cells: Any) -> int:
        """Fill a free row with one value for every column and return its number.

        Raises what NumPy does for a value that does not fit its column; the row stays free then.
        """
        row = self._free.pop() if self._free else self._next()
        try:
            self._table[row] = tuple(cells[name] for name in self.names)
        except Exception:
            self._free.append(row)
            raise
        self._used[row] = True
        return row

    def free(self, row: int) -> None:
        """Give a row back."""
        self._used[row] = False
        self._free.append(row)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column up to the last row ever used, free rows included."""
        return self._table[name][: self._end]

    @property
    def table(self) -> npt.NDArray[Any]:
        """All columns up to the last row ever used, as `column` gives them."""
        return self._table[: self._end]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return self._table.dtype.names or ()

    @property
    def used(self) -> npt.NDArray[np.bool_]:
        """Which rows are in use, up to the last one ever used."""
        return self._used[: self._end]

    def __len__(self) -> int:
        return self._end - len(self._free)

    def _next(self) -> int:
        if self._end == len(self._used):
            self._table = _grown(self._table, 2 * self._end)
            self._used = _grown(self._used, 2 * self._end)
        self._end += 1
        return self._end - 1


class Blocks:
    """Rows that belong together and stand together: the lines of one record after another.

    Taking and freeing a block is O(1) in the rows held, amortised over growth.
    """

    def __init__(self, spec: Spec) -> None:
        self._table = _made(spec)
        self._free: defaultdict[int, list[int]] = defaultdict(list)
        self._size = _FIRST_SIZE
        self._end = 0

    def take(self, count: int) -> int:
        """The first row of a free block of `count` rows."""
        if self._free[count]:
            return self._free[count].pop()
        first = self._end
        self._end += count
        if self._end > self._size:
            self._size = max(2 * self._size, self._end)
            self._table = _grown(self._table, self._size)
        return first

    def fill(self, first: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows from `first` on; raises what NumPy does for a value that does not fit."""
        names = self._table.dtype.names or ()
        for row, cells in enumerate(rows, start=first):
            self._table[row] = tuple(cells[name] for name in names)

    def free(self, first: int, count: int) -> None:
        """Give a block back."""
        self._free[count].append(first)

    @property
    def table(self) -> npt.NDArray[Any]:
        """All columns up to the last row ever used; valid until the next `take`."""
        return self._table[: self._end]

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column up to the last row ever used; valid until the next `take`."""
        return self._table[name][: self._end]


def lined_up(rows: int, words: int) -> npt.NDArray[np.uint64]:
    """Rows of words, all zero, that lie in as few cache lines as so many words can."""
    # Zeros that nobody has written take no memory yet.
    raw = np.zeros(rows * words + _LINE_WORDS, dtype=np.uint64)
    skipped = -raw.ctypes.data // raw.itemsize % _LINE_WORDS
    return raw[skipped : skipped + rows * words].reshape(rows, words)


def _made(spec: Spec) -> npt.NDArray[Any]:
    cells = [(name, dtype, shape) for name, (dtype, shape) in spec.items()]
    return np.zeros(_FIRST_SIZE, dtype=np.dtype(cells, align=True))


def _grown(table: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    # Zeros that nobody has written take no memory yet; a copy padded with them would.
    grown = np.zeros(size, dtype=table.dtype)
    grown[: len(table)] = table
    return grown
