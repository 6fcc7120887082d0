"""Which rows belong together, in a few bytes a row: of each the one after it and before it."""

from array import array
from collections.abc import Hashable, Iterator, Sequence
from typing import Generic, TypeVar

_END = -1
_GROWTH = 8
"""A table that is full grows by this part of it."""
_Key = TypeVar("_Key", bound=Hashable)


class Chains(Generic[_Key]):
    """Rows under keys, such as their owners' numbers. Putting and removing one is O(1).

    A set of rows for each key would take several times the memory.
    """

    def __init__(self) -> None:
        self._first: dict[_Key, int] = {}
        self._after = array("i")
        self._before = array("i")

    def put(self, key: _Key, row: int) -> None:
        """Put a row, which is under no key."""
        self.put_all((key,), row)

    def put_all(self, keys: Sequence[_Key], first: int) -> None:
        """Put rows from the first on, which are under no key, each under another of these."""
        end = first + len(keys)
        self._reach(end)
        heads, before = self._first, self._before
        after = array("i", [heads.get(key, _END) for key in keys])
        self._after[first:end], before[first:end] = after, array("i", [_END]) * len(keys)
        for row, following in enumerate(after, start=first):
            if following != _END:
                before[following] = row
        heads.update(zip(keys, range(first, end), strict=True))

    def _reach(self, size: int) -> None:
        if size > len(self._after):
            more = [_END] * max(size - len(self._after), len(self._after) // _GROWTH)
            self._after.extend(more)
            self._before.extend(more)

    def remove(self, key: _Key, row: int) -> None:
        """Take out a row, which is under this key."""
        before, following = self._before[row], self._after[row]
        if following != _END:
            self._before[following] = before
        if before != _END:
            self._after[before] = following
        elif following != _END:
            self._first[key] = following
        else:
            del self._first[key]

    def __iter__(self) -> Iterator[_Key]:
        """The keys that rows are under."""
        return iter(self._first)

    def rows(self, key: _Key) -> Iterator[int]:
        """The rows under a key, in no order."""
        row = self._first.get(key, _END)
        while row != _END:
            yield row
            row = self._after[row]
