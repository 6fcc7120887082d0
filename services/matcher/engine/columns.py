"""Growing tables with columns, and slots that are used again.

A row's cells stand together in memory: who reads a row here and there waits once, not once a
column.
"""

import contextlib
import math
import mmap
import struct
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_SIZE = 64
_HUGE = 4 * 2**20
"""Bytes from which on larger pages are asked for, as NumPy does of its own."""

Spec = Mapping[str, tuple[npt.DTypeLike, tuple[int, ...]]]
"""Columns by name: the type of a cell, and its shape, () for a single number."""


class Columns:
    """Rows of equal columns. Taking and freeing a row is O(1), amortised over growth.

    `used` tells the rows in use; the others hold what was in them last. Views that `column`
    gives are valid until the next `take`.
    """

    def __init__(self, spec: Spec) -> None:
        self._table = _made(spec)
        self._packing = _Packing(self._table.dtype)
        self._used = blank((_FIRST_SIZE,), np.bool_)
        self._free: list[int] = []
        self._end = 0

    def take(self, **cells: Any) -> int:
        """Fill a free row with one value for every column and return its number.

        OverflowError for a value that does not fit its column; the row stays free then.
        """
        row = self._free.pop() if self._free else self._next()
        try:
            self._packing.write(self._table, row, cells)
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
            self._table = grown(self._table, 2 * self._end)
            self._used = grown(self._used, 2 * self._end)
        self._end += 1
        return self._end - 1


class Blocks:
    """Rows that belong together and stand together: the lines of one record after another.

    Taking and freeing a block is O(1) in the rows held, amortised over growth.
    """

    def __init__(self, spec: Spec) -> None:
        self._table = _made(spec)
        self._packing = _Packing(self._table.dtype)
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
            self._table = grown(self._table, self._size)
        return first

    def fill(self, first: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows from `first` on; OverflowError for a value that does not fit."""
        for row, cells in enumerate(rows, start=first):
            self._packing.write(self._table, row, cells)

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


class _Packing:
    """How a row is written at one go: NumPy would take each list of a row for an array first."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        fields: Mapping[str, Any] = dtype.fields or {}
        self._names, self._sizes = tuple(fields), []
        form, end = "=", 0
        for name in self._names:
            cell, offset = fields[name][:2]
            count, kind = int(np.prod(cell.shape)), cell.base.str[1:]
            # Signed bytes come as an array, which is bytes already.
            is_bytes = kind == "i1" and cell.shape != ()
            form += f"{offset - end}x{count}{'s' if is_bytes else _KINDS[kind]}"
            self._sizes.append(count if is_bytes else _MANY if cell.shape else _ONE)
            end = offset + cell.itemsize
        self._struct = struct.Struct(form)

    def write(self, table: npt.NDArray[Any], row: int, cells: Mapping[str, Any]) -> None:
        """Write a row; OverflowError for a value that does not fit, a part is written then."""
        values: list[Any] = []
        for name, size in zip(self._names, self._sizes, strict=True):
            if size == _ONE:
                values.append(cells[name])
            elif size == _MANY:
                values += cells[name]
            else:
                values.append(_bytes(cells[name], size))
        try:
            self._struct.pack_into(table.view(np.uint8).data, row * table.itemsize, *values)
        except struct.error as error:
            raise OverflowError(f"a value does not fit its column: {error}") from error


_ONE, _MANY = -1, -2
_KINDS = {"b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "f4": "f", "f8": "d"} | {
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
}
"""Types of cells as `struct` calls them."""


def _bytes(values: npt.ArrayLike, size: int) -> bytes:
    packed = np.asarray(values, dtype=np.int8).tobytes()
    if len(packed) != size:
        raise OverflowError(f"{len(packed)} bytes do not fit where {size} belong")
    return packed


# Not shared with a process that is forked, as these are by themselves; only such have huge pages.
_OWN = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


def blank(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros in pages of their own, of which only those that are written take memory.

    What the usual zeros are given may be a used part of the heap, all of which is written then,
    and what a table that grew leaves there stays with the process.
    """
    cell = np.dtype(dtype)
    pages = mmap.mmap(-1, max(math.prod(shape) * cell.itemsize, 1), **_OWN)
    if len(pages) >= _HUGE and hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # there are kernels without
            pages.madvise(mmap.MADV_HUGEPAGE)
    return np.frombuffer(pages, dtype=cell, count=math.prod(shape)).reshape(shape)


def grown(table: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """A table with as many rows, those that it has first, zeros after them."""
    made = blank((size, *table.shape[1:]), table.dtype)
    made[: len(table)] = table
    return made


def _made(spec: Spec) -> npt.NDArray[Any]:
    cells = [(name, dtype, shape) for name, (dtype, shape) in spec.items()]
    return blank((_FIRST_SIZE,), np.dtype(cells, align=True))
