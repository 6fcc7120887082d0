"""Themes and kinds that a text speaks of, and the lines that it seems to describe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.matcher.engine.codes import KIND_CODES, KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.profiles import Text
from shared.language.pairing import CLEAR, FULL, likely_pairs
from shared.language.weighing import named_concepts

__all__ = ["CLEAR", "FULL", "Guess", "guesses", "is_general", "strengths"]


SURE = 70
"""A text that is so surely of the field, in hundredths, is taken to be."""


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


def is_general(themes: Sequence[int], kinds: Sequence[int], field: int) -> bool:
    """Whether an offer with such a text is money for the field, whatever the theme.

    So funds and calls for proposals are written: they clearly speak of money, and of no theme more
    than in passing. All in hundredths.
    """
    money = kinds[KIND_NUMBERS["funding"]]
    return 0 < max(themes) < CLEAR <= money == max(kinds) and field >= SURE


def guesses(themes: tuple[int, ...], kinds: tuple[int, ...]) -> tuple[Guess, ...]:
    """The lines that a text of these strengths seems to describe, the strongest first.

    What its owner shows the author to confirm follows the same rule (shared.language.pairing).
    """
    return tuple(Guess(*pair) for pair in likely_pairs(themes, kinds))


def _numbered(
    inferred: tuple[tuple[str, int], ...], numbers: Mapping[str, int], size: int
) -> tuple[int, ...]:
    values = [0] * size
    for code, probability in inferred:
        # The owner may know codes of a vocabulary newer than this process's.
        if code in numbers:
            values[numbers[code]] = probability
    return tuple(values)


def _relative(values: list[float]) -> tuple[int, ...]:
    largest = max(values)
    if largest <= 0.0:
        return tuple(0 for _ in values)
    return tuple(round(FULL * value / largest) for value in values)
