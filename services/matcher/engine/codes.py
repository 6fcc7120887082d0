"""Themes and kinds as small numbers, and how far one serves for another."""

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES, theme_closeness

THEME_CODES = tuple(term.code for term in THEMES)
KIND_CODES = tuple(term.code for term in KINDS)
THEME_NUMBERS = {code: number for number, code in enumerate(THEME_CODES)}
KIND_NUMBERS = {code: number for number, code in enumerate(KIND_CODES)}

# How far an offer of one kind serves a need of another: a reading of the subject matter. Money can
# pay for most things, but somebody still has to buy them; a course is no machine.
_SERVES = {
    "training": {"equipment": 0.1, "expertise": 0.5, "infrastructure": 0.1, "funding": 0.5},
    "equipment": {"training": 0.15, "expertise": 0.2, "infrastructure": 0.3, "funding": 0.55},
    "expertise": {"training": 0.5, "equipment": 0.1, "infrastructure": 0.1, "funding": 0.5},
    "infrastructure": {"training": 0.1, "equipment": 0.4, "expertise": 0.2, "funding": 0.55},
    "funding": {"training": 0.3, "equipment": 0.4, "expertise": 0.3, "infrastructure": 0.4},
}


@cache
def closeness() -> npt.NDArray[np.float64]:
    """Themes × themes, from 0 to 1; symmetric."""
    return np.array([[theme_closeness(a, b) for b in THEME_CODES] for a in THEME_CODES])


@cache
def closeness_rows() -> list[list[float]]:
    """The same as lists, which are faster to look one pair up in."""
    rows: list[list[float]] = closeness().tolist()
    return rows


@cache
def serves_rows() -> list[list[float]]:
    """How far kinds serve one another, as lists."""
    rows: list[list[float]] = serves().tolist()
    return rows


@cache
def near_themes() -> npt.NDArray[np.int64]:
    """The closeness of themes in whole hundredths, so that sums over it are exact."""
    return np.rint(closeness() * HUNDRED).astype(np.int64)


@cache
def nearness() -> int:
    """How close all themes together are to the one that has the fewest close to it, in
    hundredths."""
    return int(near_themes().sum(axis=0).min())


@cache
def serves() -> npt.NDArray[np.float64]:
    """Kinds needed × kinds offered, from 0 to 1."""
    return np.array(
        [
            [
                1.0 if need == given else _SERVES.get(need, {}).get(given, 0.2)
                for given in KIND_CODES
            ]
            for need in KIND_CODES
        ]
    )


@cache
def served_kinds() -> npt.NDArray[np.int64]:
    """How far kinds serve one another in whole hundredths."""
    return np.rint(serves() * HUNDRED).astype(np.int64)


@lru_cache(maxsize=4_096)
def related_to(themes: int) -> int:
    """The bits of the themes that are at all close to some, given as bits."""
    near = 0
    for number, bits in enumerate(_near_bits()):
        if themes >> number & 1:
            near |= bits
    return near


@cache
def _near_bits() -> tuple[int, ...]:
    """For each theme, the bits of those at all close to it."""
    return tuple(
        sum(1 << number for number, near in enumerate(row) if near > 0.0) for row in closeness()
    )


HUNDRED = 100

ALL_THEMES = (1 << len(THEME_CODES)) - 1
"""The bits of every theme: what a record may be about of which nothing is known."""


def are_known(theme: str, kind: str) -> bool:
    """Whether both are codes of this process's vocabulary: a record may name a newer one's."""
    return theme in THEME_NUMBERS and kind in KIND_NUMBERS
