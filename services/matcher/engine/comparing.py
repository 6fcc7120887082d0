"""Offers looked through for a request and compared with it, in one compiled call that two threads
may share; looking.py says how."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import claimed, compiled, fresh, watch
from services.matcher.engine.features import FEATURES
from services.matcher.engine.kernels import offers_features
from services.matcher.engine.looking import CHOSEN, COMPARED, LONG, PAIRS, Board, board, looks

_GROWTH = 4
"""Room that does not suffice is made larger by this part of what is wanted. Most of it is never
written, and takes no memory."""


class Compared(NamedTuple):
    """The pairs of a record with others that may be proposed, as those tell of them who compared
    them: of each of these how many there are, and who × pairs the others' rows, scores as log odds
    as Model has them, and (× features) features.

    Each writes into memory of its own: what another core has written comes slowly from there.
    """

    counts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    log_odds: npt.NDArray[np.float64]
    features: npt.NDArray[np.float64]

    def keep(self, wanted: Callable[[npt.NDArray[np.int32]], npt.NDArray[np.bool_]]) -> None:
        """Leave only the pairs with those rows, of some, that are wanted."""
        for who, count in enumerate(self.counts.tolist()):
            kept = np.flatnonzero(wanted(self.rows[who, :count]))
            for column in (self.rows, self.log_odds, self.features):
                column[who, : len(kept)] = column[who, kept]
            self.counts[who] = len(kept)


def compared(who: int, pairs: int) -> Compared:
    """Room for so many pairs that each of some tells of; they tell of none yet."""
    return Compared(
        np.zeros(who, dtype=np.int64),
        np.empty((who, pairs), dtype=np.int32),
        np.empty((who, pairs)),
        np.empty((who, pairs, len(FEATURES))),
    )


class Room:
    """Where one list after another is looked for and what is told of pairs written, for as many
    places as ever were wanted: to ask for so much memory takes longer than some of the loops."""

    def __init__(self) -> None:
        self._board, self._told = board(0), compared(2, 0)

    def cleared(self, places: int) -> tuple[Board, Compared]:
        """Room for so many places; what was written there last is gone."""
        if places > len(self._board.best):
            room = places + places // _GROWTH
            self._board, self._told = board(room), compared(2, room)
        for counts in (self._board.counts, self._board.often, self._told.counts):
            counts[:] = 0
        return self._board, self._told


@compiled
def best_compared(asked, gisted, paired, board, told, scored):  # type: ignore[no-untyped-def]
    """Compare a request with the offers that are worth scoring (`scored` is how many), as
    kernels.offers_features does, which says of what `paired` are the first arguments. `asked` and
    `gisted` are as looking.looks has them; `told` is to be written in, Compared of two.
    """
    counts = board.counts
    leads, rows = looks(asked, gisted, board, scored)
    if leads:
        board.best[: len(rows)] = rows
        claimed(counts[CHOSEN], len(rows) + 1)
    elif not watch(counts[CHOSEN], 0, LONG):
        return
    chosen = fresh(counts[CHOSEN]) - 1
    who = 0 if leads else 1
    own = told.rows[who], told.log_odds[who], told.features[who]
    done, told.counts[who] = offers_features(board.best[:chosen], *paired, counts[PAIRS], own)
    claimed(counts[COMPARED], done)
    if leads:
        while fresh(counts[COMPARED]) < chosen:
            pass
