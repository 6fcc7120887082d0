"""Which lines a text that has none of its own seems to describe: likely themes and kinds, in pairs.

One rule for the owner, who shows them to the author, and for the matcher, which ranks by them.
"""

from collections.abc import Sequence

FULL = 100
"""Strengths are whole hundredths of certainty, so that their sums are exact."""

CLEAR = 25
"""A theme or kind weaker than this is a word in passing."""

_MOST_THEMES = 3
_MOST_KINDS = 3
_WEAKEST = 0.2
_ANY_KIND = 0.5

Pair = tuple[int, int, float]
"""Places of a theme and a kind in the vocabularies' lists, and their strength from 0 to 1."""


def likely_pairs(themes: Sequence[int], kinds: Sequence[int]) -> tuple[Pair, ...]:
    """The pairs that a text of these strengths, in hundredths, seems to describe.

    `themes` and `kinds` have a number for each term of the vocabularies, in the lists' order, and
    so tell ties apart: the first in the list goes before. The strongest pair is the first. A text
    that speaks of no kind at all may mean any.
    """
    found = [
        (theme, kind, themes[theme] / FULL * kinds[kind] / FULL)
        for theme in _strongest(themes, _MOST_THEMES)
        for kind in _strongest(kinds, _MOST_KINDS) or range(len(kinds))
    ]
    if not any(kinds):
        found = [(theme, kind, themes[theme] / FULL * _ANY_KIND) for theme, kind, _ in found]
    kept = [pair for pair in found if pair[2] >= _WEAKEST]
    return tuple(sorted(kept, key=lambda pair: (-pair[2], pair[0], pair[1])))


def _strongest(values: Sequence[int], most: int) -> list[int]:
    order = sorted(range(len(values)), key=lambda number: (-values[number], number))
    return [number for number in order[:most] if values[number] >= CLEAR]
