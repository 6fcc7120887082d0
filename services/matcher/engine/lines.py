"""How the lines of offers serve the lines of requests."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import closeness, serves
from services.matcher.engine.entries import UNKNOWN, EntryLine
from services.matcher.engine.index import Index
from services.matcher.engine.names import Names

UNSURE = 0.5
"""What an unknown quantity or amount counts for: neither enough nor nothing."""

THEME, FIT, QUANTITY, AMOUNT = range(4)
"""The four measures of a need: theme alone, theme and kind, and fit times the part covered."""

Best = npt.NDArray[np.float64]
"""Measures × pairs × places of the needs: the best that any provision does for each need."""


def best_for_needs(
    needs: Sequence[EntryLine],
    offers: Index,
    rows: npt.NDArray[np.intp],
    names: Names,
    today: int,
) -> Best:
    """One request's needs against the offers in some rows."""
    best = np.zeros((4, len(rows), len(needs)))
    lines, at, _ = offers.flat_lines(rows)
    picked = {name: offers.lines.column(name)[lines] for name in _READ}
    for place, need in enumerate(needs):
        measures = _measures(
            closeness()[need.theme][picked["theme"]],
            serves()[need.kind][picked["kind"]],
            picked["strength"],
            (need.quantity, picked["quantity"]),
            _same_unit(need, picked["unit"], names),
            (need.amount, picked["amount"]),
            _both_stand(need, picked["from"], picked["to"], today) & (need.strength > 0.0),
        )
        for measure, values in enumerate(measures):
            np.maximum.at(best[measure, :, place], at, values)
    return best


def best_of_provisions(
    provisions: Sequence[EntryLine],
    requests: Index,
    rows: npt.NDArray[np.intp],
    names: Names,
    today: int,
) -> Best:
    """One offer's provisions against the needs of the requests in some rows."""
    lines, at, places = requests.flat_lines(rows)
    best = np.zeros((4, len(rows), int(places.max(initial=-1)) + 1))
    picked = {name: requests.lines.column(name)[lines] for name in _READ}
    for provision in provisions:
        measures = _measures(
            closeness()[provision.theme][picked["theme"]],
            serves()[:, provision.kind][picked["kind"]],
            np.full(len(lines), provision.strength),
            (picked["quantity"], provision.quantity),
            _same_unit(provision, picked["unit"], names),
            (picked["amount"], provision.amount),
            _both_stand(provision, picked["from"], picked["to"], today)
            & (picked["strength"] > 0.0),
        )
        for measure, values in enumerate(measures):
            np.maximum(best[measure, at, places], values, out=values)
            best[measure, at, places] = values
    return best


_READ = ("theme", "kind", "strength", "quantity", "unit", "amount", "from", "to")

Number = int | npt.NDArray[np.int64]
Column = npt.NDArray[np.float64]


def _measures(
    near: Column,
    kind: Column,
    strength: Column,
    quantities: tuple[Number, Number],
    same_unit: npt.NDArray[np.bool_],
    amounts: tuple[Number, Number],
    stand: npt.NDArray[np.bool_],
) -> tuple[Column, ...]:
    # The same operations in the same order in both directions: only so are scores equal to the
    # last bit.
    theme = np.where(stand, near * strength, 0.0)
    fit = theme * kind
    return (
        theme,
        fit,
        fit * _covered(*quantities, same_unit),
        fit * _covered(*amounts, np.bool_(True)),
    )


def _covered(needed: Number, given: Number, comparable: npt.NDArray[np.bool_] | np.bool_) -> Column:
    """The part of what is needed that is given, at most 1; UNSURE where it cannot be known."""
    need = np.asarray(needed, dtype=np.float64)
    gift = np.asarray(given, dtype=np.float64)
    asked = need > 0.0
    known = comparable & asked & (gift != UNKNOWN)
    return np.where(known, np.minimum(1.0, gift / np.where(asked, need, 1.0)), UNSURE)


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
