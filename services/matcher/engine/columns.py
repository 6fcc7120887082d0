"""Growing tables of NumPy columns, with slots that are used again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_SIZE = 64

Spec = Mapping[str, tuple[npt.DTypeLike, tuple[int, ...]]]
"""Columns by name: the type of a cell, and its shape, () for a single number."""


class Columns:
    """Rows of equal columns. Taking and freeing a row is O(1), amortised over growth.

    `used` tells the rows in use; the others hold what was in them last. Views that `column`
    gives are valid until the next `take`.
    """

    def __init__(self, spec: Spec) -> None:
        self._columns: dict[str, npt.NDArray[Any]] = {
            name: np.zeros((_FIRST_SIZE, *shape), dtype=dtype)
            for name, (dtype, shape) in spec.items()
        }
        self._used = np.zeros(_FIRST_SIZE, dtype=bool)
        self._free: list[int] = []
        self._end = 0

    def take(self, **cells: Any) -> int:
        """Fill a free row with one value for every column and return its number.

        Raises what NumPy does for a value that does not fit its column; the row stays free then.
        """
        row = self._free.pop() if self._free else self._next()
        try:
            for name, column in self._columns.items():
                column[row] = cells[name]
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
        return self._columns[name][: self._end]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self._columns)

    @property
    def used(self) -> npt.NDArray[np.bool_]:
        """Which rows are in use, up to the last one ever used."""
        return self._used[: self._end]

    def __len__(self) -> int:
        return self._end - len(self._free)

    def _next(self) -> int:
        if self._end == len(self._used):
            self._columns = {name: _doubled(column) for name, column in self._columns.items()}
            self._used = _doubled(self._used)
        self._end += 1
        return self._end - 1


def _doubled(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.concatenate([column, np.zeros_like(column)])
