"""What a record's texts tell in particular, in columns: see shared/likeness/described.py."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from services.matcher.engine.columns import Columns, Spec
from shared.likeness.described import (
    MOST_NAMES,
    MOST_NUMBERS,
    MOST_OWN,
    MOST_SITES,
    Particulars,
)

PARTICULARS: Spec = {
    "numbers": (np.uint16, (MOST_NUMBERS,)),
    "names": (np.uint32, (MOST_NAMES,)),
    "sites": (np.uint32, (MOST_SITES,)),
    "own_name": (np.uint32, (MOST_OWN,)),
    "phases": (np.uint16, ()),
}
"""Padded with zeros, which no number and hardly a hash is."""


def particular_cells(told: Particulars) -> dict[str, object]:
    """A record's particulars as cells of PARTICULARS."""
    return {
        "numbers": _padded(told.numbers, MOST_NUMBERS),
        "names": _padded(sorted(told.names), MOST_NAMES),
        "sites": _padded(sorted(told.sites), MOST_SITES),
        "own_name": _padded(sorted(told.owner), MOST_OWN),
        "phases": told.phases,
    }


def particulars_of(records: Columns, row: int) -> Particulars:
    """The particulars in a row."""

    def held(name: str) -> list[Any]:
        cells: list[Any] = records.column(name)[row].tolist()
        return [one for one in cells if one]

    return Particulars(
        numbers=tuple(held("numbers")),
        phases=int(records.column("phases")[row]),
        names=frozenset(held("names")),
        sites=frozenset(held("sites")),
        owner=frozenset(held("own_name")),
    )


def _padded(values: Iterable[int], size: int) -> list[int]:
    kept = list(values)
    return kept + [0] * (size - len(kept))
