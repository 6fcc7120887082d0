"""How far a worker has worked what it reads, while more keeps coming."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

Waiting = tuple[int | str, str, float]
"""A record that is to be worked, for what (its partition to be ranked, or a kind of cases), and
since when (monotonic): what was worked and waits again is another."""

_Place = TypeVar("_Place", bound=Hashable)

LOOKED_AT = 1_000
"""Of so many is asked at a time: of those that waited longest, which are worked first."""


class Progress(Generic[_Place]):
    """Positions up to which everything has been worked, by where they are. Not for several threads.

    What waits is noted together with how far was read. Once none of that waits, those positions are
    worked, whatever has come to wait since: so positions go on under a load that never pauses.
    """

    def __init__(self) -> None:
        self._positions: Mapping[_Place, int] = {}
        self._left: list[Waiting] = []

    def worked(
        self,
        read_to: Mapping[_Place, int],
        waiting: Callable[[], Iterable[Waiting]],
        waits: Callable[[Waiting], bool],
    ) -> Mapping[_Place, int]:
        """The positions that are worked by now; empty where nothing is new.

        `read_to` is how far each place was read, `waiting` gives all that waits, and `waits`
        says whether one still does.
        """
        self._left[:LOOKED_AT] = filter(waits, self._left[:LOOKED_AT])
        if self._left:
            return {}
        before = self._positions
        self._positions, self._left = dict(read_to), list(waiting())
        return before if self._left else self._positions
