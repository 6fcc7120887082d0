"""Themes and kinds that a text speaks of, from the concepts named in it."""

from dataclasses import dataclass

from services.matcher.engine.codes import KIND_CODES, KIND_NUMBERS, THEME_CODES, THEME_NUMBERS
from services.matcher.engine.profiles import Text
from shared.language.concepts import Concept, thesaurus

FULL = 100
"""Strengths are whole hundredths of the strongest, so that their sums are exact."""

CLEAR = 25
"""A theme or kind weaker than this is a word in passing."""

_TITLE = 2.0
_AGAIN = (1.0, 0.5, 0.25)
_MOST_THEMES = 3
_MOST_KINDS = 3
_WEAKEST_LINE = 0.2


@dataclass(frozen=True, slots=True)
class Guess:
    """What a line that nobody wrote might be: theme and kind by number, strength from 0 to 1."""

    theme: int
    kind: int
    strength: float


def concept_weights(text: Text) -> dict[str, float]:
    """How much each concept of the text weighs: more when repeated, twice in the title.

    Wider concepts are named along with the narrower ones, at half their weight. Concepts that
    this thesaurus does not have are passed over.
    """
    named = {concept.id: weight for concept, weight in _named(text)}
    found = dict(named)
    for concept, weight in named.items():
        for distance, wider in enumerate(thesaurus().broader(concept), start=1):
            found[wider] = max(found.get(wider, 0.0), weight * 0.5**distance)
    return found


def strengths(text: Text) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How strongly a text speaks for each theme and each kind, in hundredths of the strongest."""
    themes = [0.0] * len(THEME_CODES)
    kinds = [0.0] * len(KIND_CODES)
    for concept, weight in _named(text):
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


def _named(text: Text) -> list[tuple[Concept, float]]:
    counts: dict[str, tuple[int, bool]] = {}
    for concept, in_title in text.concepts:
        count, before = counts.get(concept, (0, False))
        counts[concept] = (count + 1, before or in_title)
    found = []
    for name, (count, in_title) in sorted(counts.items()):
        known = thesaurus().get(name)
        if known is not None:
            often = sum(_AGAIN[:count]) * (_TITLE if in_title else 1.0)
            found.append((known, known.weight * often))
    return found


def _strongest(values: tuple[int, ...], most: int) -> list[int]:
    order = sorted(range(len(values)), key=lambda number: (-values[number], number))
    return [number for number in order[:most] if values[number] >= CLEAR]


def _relative(values: list[float]) -> tuple[int, ...]:
    largest = max(values)
    if largest <= 0.0:
        return tuple(0 for _ in values)
    return tuple(round(FULL * value / largest) for value in values)
