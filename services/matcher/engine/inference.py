"""Themes and kinds that a text speaks of, and the lines that it seems to describe."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.matcher.engine.codes import KIND_CODES, KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.profiles import Text
from shared.language.weighing import named_concepts

FULL = 100
"""Strengths are whole hundredths of the strongest, so that their sums are exact."""

CLEAR = 25
"""A theme or kind weaker than this is a word in passing."""

_MOST_THEMES = 3
_MOST_KINDS = 3
_WEAKEST_LINE = 0.2


@dataclass(frozen=True, slots=True)
class Guess:
    """What a line that nobody wrote might be: theme and kind by number, strength from 0 to 1."""

    theme: int
    kind: int
    strength: float


def strengths(text: Text) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How strongly a text speaks for each theme and each kind, in hundredths.

    As its owner inferred it; of a signature from before owners did, by what the concepts in it
    speak for, in hundredths of the strongest.
    """
    if text.themes or text.kinds:
        return (
            _numbered(text.themes, THEME_NUMBERS, len(THEME_CODES)),
            _numbered(text.kinds, KIND_NUMBERS, len(KIND_CODES)),
        )
    themes = [0.0] * len(THEME_CODES)
    kinds = [0.0] * len(KIND_CODES)
    for concept, weight in named_concepts(text.concepts):
        for theme, share in concept.themes.items():
            themes[THEME_NUMBERS[theme]] += weight * share
        for kind, share in concept.kinds.items():
            kinds[KIND_NUMBERS[kind]] += weight * share
    return _relative(themes), _relative(kinds)


def guesses(themes: tuple[int, ...], kinds: tuple[int, ...]) -> tuple[Guess, ...]:
    """The lines that a text of these strengths seems to describe, the strongest first."""
    found = [
        Guess(theme, kind, themes[theme] / FULL * kinds[kind] / FULL)
        for theme in _strongest(themes, _MOST_THEMES)
        for kind in _strongest(kinds, _MOST_KINDS) or range(len(KIND_CODES))
    ]
    if not any(kinds):
        found = [Guess(g.theme, g.kind, themes[g.theme] / FULL * 0.5) for g in found]
    kept = [guess for guess in found if guess.strength >= _WEAKEST_LINE]
    return tuple(sorted(kept, key=lambda guess: (-guess.strength, guess.theme, guess.kind)))


def _numbered(
    inferred: tuple[tuple[str, int], ...], numbers: Mapping[str, int], size: int
) -> tuple[int, ...]:
    values = [0] * size
    for code, probability in inferred:
        # The owner may know codes of a vocabulary newer than this process's.
        if code in numbers:
            values[numbers[code]] = probability
    return tuple(values)


def _strongest(values: tuple[int, ...], most: int) -> list[int]:
    order = sorted(range(len(values)), key=lambda number: (-values[number], number))
    return [number for number in order[:most] if values[number] >= CLEAR]


def _relative(values: list[float]) -> tuple[int, ...]:
    largest = max(values)
    if largest <= 0.0:
        return tuple(0 for _ in values)
    return tuple(round(FULL * value / largest) for value in values)
