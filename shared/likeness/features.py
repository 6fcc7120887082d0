"""What two records have in common, as numbers from 0 (nothing) to 1 (all)."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shared.likeness.described import STEPS, Described, Line, Particulars

FEATURES = (
    "owner",
    "lines",
    "quantities",
    "money",
    "window",
    "meaning",
    "concepts",
    "words",
    "numbers",
    "named",
    "phase",
    "sites",
    "channel",
    "language",
)
"""The features' names, in their order everywhere.

`owner`: whether both are of one State or organisation. `lines`: how many themes and kinds they
share. `quantities`, `money`: how near the numbers of alike lines come. `window`: the days in
common. `meaning`, `concepts`, `words`: likeness of what the texts say. `numbers`: the part of the
numbers in the texts that both tell. `named`: whether the texts of one name the other's
organisation. `phase`, `sites`: 1 unless they are of different phases (by what they say, or as no
day is common to their windows) or for different sites. `channel`, `language`: whether they came by
two channels, and are written in two languages: who asks twice by one channel in one language knows
of the first, and of what is written in one language more words are alike.
"""

UNKNOWN = 0.5
"""What nothing is known of speaks neither for nor against the same."""

SILENT = 0.3
"""What two texts have in common in numbers of which one tells none: those of look-alikes do."""
TOLERANCE = 2
"""Steps that lie between 'about 31,000' and '28,500'."""
LONG = 2
FIRST_ALONE = 1 << 1
TELLS_ALL = round(STEPS * math.log(32))


def features(one: Described, other: Described) -> tuple[float, ...]:
    """In the order of FEATURES; the same whichever of the two comes first."""
    pairs = list(matched(one.lines, other.lines))
    window = _window(one.window, other.window)
    return (
        float(one.owner == other.owner),
        _lines_in_common(one.lines, other.lines),
        _mean([_part(a.quantity, b.quantity) for a, b in pairs if a.unit == b.unit]),
        _money(one.lines, other.lines, pairs),
        window,
        max(0.0, cosine(one.vector, other.vector)),
        _weighed(one.concepts, other.concepts),
        _weighed(one.terms, other.terms),
        numbers_in_common(one.particulars.numbers, other.particulars.numbers),
        float(one.owner != other.owner and names_owner(one.particulars, other.particulars)),
        _phase(one.particulars.phases, other.particulars.phases) if window else 0.0,
        _sites(one.particulars.sites, other.particulars.sites),
        _apart(one.channel, other.channel),
        _apart(one.language, other.language),
    )


def numbers_in_common(ones: Sequence[int], others: Sequence[int]) -> float:
    """Dice's coefficient of numbers that lie within TOLERANCE steps; the small ones count less.

    Both come as steps (described.py), ascending. SILENT where either text tells none.
    """
    if not ones or not others:
        return SILENT
    common, place = 0, 0
    for number in ones:
        while place < len(others) and others[place] < number - TOLERANCE:
            place += 1
        if place < len(others) and others[place] <= number + TOLERANCE:
            common += _telling(number) + _telling(others[place])
            place += 1
    return common / (sum(map(_telling, ones)) + sum(map(_telling, others)))


def names_owner(one: Particulars, other: Particulars) -> bool:
    """Whether the texts of either name the other's organisation, whose name has LONG pairs."""
    return any(len(a.owner) >= LONG and a.owner <= b.names for a, b in ((one, other), (other, one)))


def _telling(step: int) -> int:
    """How much a number tells, in steps: the more the larger, up to some thirty."""
    return min(step, TELLS_ALL)


def _phase(one: int, other: int) -> float:
    """0 where they are of different phases, a half where one alone says the first, else 1."""
    if one == other or one & other:
        return 1.0
    return 0.5 if one | other == FIRST_ALONE else 0.0


def _sites(ones: frozenset[int], others: frozenset[int]) -> float:
    """0 where both name sites and none is the same; half of the fewer are enough for 1."""
    if not ones or not others:
        return 1.0
    return min(1.0, 2 * len(ones & others) / min(len(ones), len(others)))


def _apart(one: str | None, other: str | None) -> float:
    """Whether two codes differ; UNKNOWN where either is."""
    return UNKNOWN if one is None or other is None else float(one != other)


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
