"""What two records have in common, as numbers from 0 (nothing) to 1 (all)."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.likeness.described import Described, Line

FEATURES = ("owner", "lines", "quantities", "money", "window", "meaning", "concepts", "words")

UNKNOWN = 0.5
"""What nothing is known of speaks neither for nor against the same."""


def features(one: Described, other: Described) -> tuple[float, ...]:
    """In the order of FEATURES; the same whichever of the two comes first."""
    pairs = list(matched(one.lines, other.lines))
    return (
        float(one.owner == other.owner),
        _lines_in_common(one.lines, other.lines),
        _mean([_part(a.quantity, b.quantity) for a, b in pairs if a.unit == b.unit]),
        _money(one.lines, other.lines, pairs),
        _window(one.window, other.window),
        max(0.0, cosine(one.vector, other.vector)),
        _weighed(one.concepts, other.concepts),
        _weighed(one.terms, other.terms),
    )


def matched(ones: Sequence[Line], others: Sequence[Line]) -> Iterator[tuple[Line, Line]]:
    """The lines of one theme and kind, each with its like: the largest with the largest."""
    keys = sorted({(line.theme, line.kind) for line in ones})
    for key in keys:
        sides = [
            sorted(
                (line for line in lines if (line.theme, line.kind) == key),
                key=lambda line: (-(line.cents or 0), -(line.quantity or 0), line.unit or ""),
            )
            for lines in (ones, others)
        ]
        yield from zip(*sides, strict=False)


def cosine(one: npt.NDArray[np.int8], other: npt.NDArray[np.int8]) -> float:
    """Of two vectors; 0 where either is nothing."""
    a, b = one.astype(np.int64), other.astype(np.int64)
    lengths = math.sqrt(int(a @ a)) * math.sqrt(int(b @ b))
    return int(a @ b) / lengths if lengths else 0.0


def _lines_in_common(ones: Sequence[Line], others: Sequence[Line]) -> float:
    """Dice's coefficient of themes and kinds; half a line for one theme of two kinds."""
    if not ones or not others:
        return UNKNOWN
    a, b = (Counter((line.theme, line.kind) for line in lines) for lines in (ones, others))
    both = a & b
    left, right = (Counter(theme for theme, _ in (side - both).elements()) for side in (a, b))
    same, near = both.total(), (left & right).total()
    return (2 * same + near) / (len(ones) + len(others))


def _money(
    ones: Sequence[Line], others: Sequence[Line], pairs: Sequence[tuple[Line, Line]]
) -> float:
    """Of lines that match, and of all together."""
    totals = [sum(line.cents or 0 for line in lines) or None for lines in (ones, others)]
    of_lines = _mean([_part(a.cents, b.cents) for a, b in pairs])
    whole = _part(*totals)
    return of_lines if whole is None else (of_lines + whole) / 2


def _part(one: int | None, other: int | None) -> float | None:
    if not one or not other:
        return None
    return min(one, other) / max(one, other)


def _mean(parts: Sequence[float | None]) -> float:
    known = [part for part in parts if part is not None]
    return sum(known) / len(known) if known else UNKNOWN


def _window(one: tuple[int, int] | None, other: tuple[int, int] | None) -> float:
    """The days in common, as a part of all days of either."""
    if one is None or other is None:
        return UNKNOWN
    common = min(one[1], other[1]) - max(one[0], other[0]) + 1
    every = max(one[1], other[1]) - min(one[0], other[0]) + 1
    return max(0, common) / every


def _weighed(ones: Mapping[Any, int], others: Mapping[Any, int]) -> float:
    """The cosine of weights."""
    lengths = math.sqrt(_square(ones)) * math.sqrt(_square(others))
    common = sum(ones[name] * others[name] for name in ones.keys() & others.keys())
    return common / lengths if lengths else 0.0


def _square(weights: Mapping[Any, int]) -> int:
    return sum(weight * weight for weight in weights.values())
