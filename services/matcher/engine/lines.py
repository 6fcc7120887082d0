"""How the lines of offers serve the lines of requests."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, THEME_CODES, closeness, serves
from services.matcher.engine.entries import UNKNOWN, EntryLine
from services.matcher.engine.index import Index, Names

UNSURE = 0.5
"""What an unknown quantity or amount counts for: neither enough nor nothing."""

THEME, FIT, QUANTITY, AMOUNT = range(4)
"""The four measures of a need: theme alone, theme and kind, and fit times the part covered."""

Best = npt.NDArray[np.float64]
"""Measures × pairs × places of the needs: the best that any provision does for each need."""


def best_for_needs(
    needs: Iterable[EntryLine],
    offers: Index,
    position: npt.NDArray[np.int32],
    pairs: int,
    names: Names,
    today: int,
) -> Best:
    """One request's needs against the offers whose rows have a position (-1: not a candidate)."""
    needs = list(needs)
    best = np.zeros((4, pairs, len(needs)))
    for place, need in enumerate(needs):
        for theme, kind in _partitions(need.theme):
            found = _candidates(offers, (theme, kind), position)
            if found is None:
                continue
            rows, at = found
            lines = offers.partitions[theme, kind]
            measures = _measures(
                closeness()[need.theme, theme],
                serves()[need.kind, kind],
                lines.column("strength")[rows],
                (need.quantity, lines.column("quantity")[rows]),
                _same_unit(need, lines.column("unit")[rows], names),
                (need.amount, lines.column("amount")[rows]),
                _both_stand(need, lines.column("from")[rows], lines.column("to")[rows], today),
            )
            for measure, values in enumerate(measures):
                np.maximum.at(best[measure, :, place], at, values)
    return best


def best_of_provisions(
    provisions: Iterable[EntryLine],
    requests: Index,
    position: npt.NDArray[np.int32],
    shape: tuple[int, int],
    names: Names,
    today: int,
) -> Best:
    """One offer's provisions against the needs of the requests whose rows have a position.

    `shape` is how many requests have a position, and the most needs that any of them has.
    """
    best = np.zeros((4, *shape))
    for provision in provisions:
        for theme, kind in _partitions(provision.theme):
            found = _candidates(requests, (theme, kind), position)
            if found is None:
                continue
            rows, at = found
            lines = requests.partitions[theme, kind]
            measures = _measures(
                closeness()[theme, provision.theme],
                serves()[kind, provision.kind],
                provision.strength,
                (lines.column("quantity")[rows], provision.quantity),
                _same_unit(provision, lines.column("unit")[rows], names),
                (lines.column("amount")[rows], provision.amount),
                _both_stand(provision, lines.column("from")[rows], lines.column("to")[rows], today),
            )
            where = (at, lines.column("place")[rows])
            for measure, values in enumerate(measures):
                np.maximum.at(best[measure], where, values)
    return best


def fit_of(need: EntryLine, provision: EntryLine, today: int) -> float:
    """How well theme and kind of one provision serve one need, from 0 to 1."""
    first = max(need.window[0], provision.window[0], today)
    if min(need.window[1], provision.window[1]) < first:
        return 0.0
    near = float(closeness()[need.theme, provision.theme])
    return near * provision.strength * float(serves()[need.kind, provision.kind])


Number = int | float | npt.NDArray[np.int64] | npt.NDArray[np.float64]


def _measures(
    near: float,
    kind: float,
    strength: Number,
    quantities: tuple[Number, Number],
    same_unit: npt.NDArray[np.bool_] | np.bool_,
    amounts: tuple[Number, Number],
    stand: npt.NDArray[np.bool_] | np.bool_,
) -> tuple[npt.NDArray[np.float64], ...]:
    # The same operations in the same order for one pair and for thousands, in both directions:
    # only so are scores equal to the last bit.
    theme = np.where(stand, near * np.asarray(strength, dtype=np.float64), 0.0)
    fit = theme * kind
    return (
        theme,
        fit,
        fit * _covered(*quantities, same_unit),
        fit * _covered(*amounts, np.bool_(True)),
    )


def _covered(
    needed: Number, given: Number, comparable: npt.NDArray[np.bool_] | np.bool_
) -> npt.NDArray[np.float64]:
    """The part of what is needed that is given, at most 1; UNSURE where it cannot be known."""
    need = np.asarray(needed, dtype=np.float64)
    gift = np.asarray(given, dtype=np.float64)
    asked = need > 0.0
    known = comparable & asked & (gift != UNKNOWN)
    return np.where(known, np.minimum(1.0, gift / np.where(asked, need, 1.0)), UNSURE)


def _partitions(theme: int) -> list[tuple[int, int]]:
    near = closeness()[theme]
    return [
        (other, kind)
        for other in range(len(THEME_CODES))
        if near[other] > 0.0
        for kind in range(len(KIND_CODES))
    ]


def _candidates(
    index: Index, partition: tuple[int, int], position: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]] | None:
    lines = index.partitions.get(partition)
    if lines is None or not len(lines):
        return None
    at = position[lines.column("row")]
    rows = np.flatnonzero(lines.used & (at >= 0))
    return (rows, at[rows]) if len(rows) else None


def _same_unit(
    line: EntryLine, units: npt.NDArray[np.int32], names: Names
) -> npt.NDArray[np.bool_]:
    if line.unit is None:
        return np.zeros(len(units), dtype=bool)
    same: npt.NDArray[np.bool_] = units == names.units.of(line.unit)
    return same


def _both_stand(
    line: EntryLine, first: npt.NDArray[np.int32], last: npt.NDArray[np.int32], today: int
) -> npt.NDArray[np.bool_]:
    start = np.maximum(first, max(line.window[0], today))
    stand: npt.NDArray[np.bool_] = np.minimum(last, line.window[1]) >= start
    return stand
