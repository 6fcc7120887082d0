"""Made-up signatures of texts: vectors, terms, concepts and inferences spread as in life.

Figures of spread (cosines, terms a text, how often a term occurs, probabilities) are near those of
a labelled set of 140 offers and 70 requests in six languages that real services signed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from services.matcher.engine.profiles import Text
from shared.language.concepts import thesaurus
from shared.language.vectors import SIZE
from shared.vocabulary.kinds import KINDS
from shared.vocabulary.themes import THEMES, theme_closeness

LANGUAGES = ("en", "fr", "es", "ar", "ru", "zh")
_LANGUAGE_PARTS = (0.62, 0.20, 0.08, 0.05, 0.03, 0.02)

THEME_ORDER = (
    "border-control",
    "stockpile-management",
    "marking",
    "ammunition",
    "destruction",
    "record-keeping",
    "collection",
    "ballistics",
    "legislation",
    "tracing",
    "criminal-justice",
    "transfer-control",
    "civilian-access",
    "national-coordination",
    "awareness",
    "gender",
    "manufacture-control",
    "brokering",
    "ddr",
    "reporting",
    "security-sector-reform",
    "surveys",
)
"""Themes from the commonest to the rarest; what the vocabulary has beside them is rarer still."""
KIND_ORDER = ("training", "expertise", "equipment", "funding", "infrastructure")
KIND_PARTS = (0.35, 0.23, 0.23, 0.14, 0.05)

TOPICS = 64
"""Subjects in each theme: texts on one subject are nearer than texts on one theme."""

_WORDS = 40_000
"""Words of each language."""
_TOKENS = 64
_USUAL_TOKENS = 44
_THEME_WORDS, _TOPIC_WORDS = 300, 100
_THEME_PART, _TOPIC_PART = 0.25, 0.25

_NOISE_DIMENSIONS = 64
# Squares of how much of a vector's own direction theme, subject and the rest make up; what all
# share is added when the field's mean is taken out. Cosines then have these medians: .35 on one
# theme, .55 on one subject, .23 otherwise.
_THEME_SHARE, _TOPIC_SHARE = 0.17, 0.25

_MENTIONS = 16
_TOPIC_CONCEPTS = 6
_TOLD_THEMES = 12
_MISCODED = 0.19

Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Terms:
    """The terms of some texts: numbers of terms and how often each occurs, one text after another.

    `ends` tells where each text's terms end. Numbers are in the order of the terms' hashes.
    """

    numbers: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int8]
    ends: npt.NDArray[np.intp]


class Texts:
    """Draws signatures; the same ones for the same seed and generator."""

    def __init__(self, seed: int) -> None:
        draw = np.random.default_rng([seed, 0])
        rest = sorted(set(THEMES.codes()) - set(THEME_ORDER))
        self.themes: tuple[str, ...] = (*THEME_ORDER, *rest)
        self.theme_parts = _parts(np.exp(-np.arange(len(self.themes)) / 8.0))
        self.kinds: tuple[str, ...] = (*KIND_ORDER, *sorted(set(KINDS.codes()) - set(KIND_ORDER)))
        self.kind_parts = _parts(np.resize([*KIND_PARTS, 0.02], len(self.kinds)))
        # Bytes, so that each record has strings of its own, as what is read from an event has.
        self._theme_codes = [code.encode() for code in self.themes]
        self._kind_codes = [code.encode() for code in self.kinds]
        self.closeness = np.array(
            [[theme_closeness(one, other) for other in self.themes] for one in self.themes]
        )
        self._topic_parts = _parts(1.0 / (np.arange(TOPICS) + 3.0))
        self._directions(draw)
        self._vocabulary(draw)
        self._concepts(draw)

    def _directions(self, draw: np.random.Generator) -> None:
        own = draw.standard_normal((len(self.themes), SIZE))
        self._theme_directions = _unit(self.closeness @ own)
        self._topic_directions = _unit(draw.standard_normal((len(self.themes) * TOPICS, SIZE)))
        self._noise = draw.standard_normal((_NOISE_DIMENSIONS, SIZE)).astype(np.float32)

    def _vocabulary(self, draw: np.random.Generator) -> None:
        size = _WORDS * len(LANGUAGES)
        hashes = np.sort(draw.integers(0, 2**64, size, dtype=np.uint64))
        self._hashes = [f"{number:016x}".encode() for number in hashes.tolist()]
        self._numbers = draw.permutation(size).astype(np.int32)
        self._often = np.cumsum(_parts((np.arange(_WORDS) + 4.0) ** -1.1))
        self._theme_often = np.cumsum(_parts(1.0 / (np.arange(_THEME_WORDS) + 2.0)))
        self._topic_often = np.cumsum(_parts(1.0 / (np.arange(_TOPIC_WORDS) + 1.0)))
        self._theme_starts = draw.integers(0, _WORDS, len(self.themes))
        self._topic_starts = draw.integers(0, _WORDS, len(self.themes) * TOPICS)

    def _concepts(self, draw: np.random.Generator) -> None:
        every = sorted(thesaurus(), key=lambda concept: concept.id)
        self._names = [concept.id.encode() for concept in every]
        self._concept_order = draw.permutation(len(every))
        self._concept_often = np.cumsum(_parts(1.0 / (np.arange(len(every)) + 5.0)))
        self._topic_concepts = np.zeros((len(self.themes) * TOPICS, _TOPIC_CONCEPTS), dtype=np.intp)
        for theme, code in enumerate(self.themes):
            own = [
                number
                for number, concept in enumerate(every)
                if concept.themes.get(code, 0.0) > 0.0
            ] or list(range(len(every)))
            rows = slice(theme * TOPICS, (theme + 1) * TOPICS)
            self._topic_concepts[rows] = draw.choice(own, (TOPICS, _TOPIC_CONCEPTS))

    @cached_property
    def strings(self) -> list[str]:
        """Every term as a string, in the order of their numbers."""
        return [term.decode() for term in self._hashes]

    def about(self, draw: np.random.Generator, coded: Numbers) -> Numbers:
        """The subjects of texts whose authors coded these themes, not always rightly."""
        themes = coded.copy()
        for at in np.flatnonzero(draw.random(len(coded)) < _MISCODED):
            near = self.closeness[coded[at]] * self.theme_parts + 0.01 * self.theme_parts
            near[coded[at]] = 0.0
            themes[at] = draw.choice(len(near), p=_parts(near))
        return themes * TOPICS + draw.choice(TOPICS, len(coded), p=self._topic_parts)

    def languages(self, draw: np.random.Generator, count: int) -> Numbers:
        """Numbers of languages."""
        return draw.choice(len(LANGUAGES), count, p=_LANGUAGE_PARTS)

    def terms(self, draw: np.random.Generator, topics: Numbers, languages: Numbers) -> Terms:
        """The terms of texts of some 44 words that carry meaning."""
        shape = (len(topics), _TOKENS)
        source, chance = draw.random(shape), draw.random(shape)
        words = np.searchsorted(self._often, chance)
        of_theme = np.searchsorted(self._theme_often, chance) * 7919
        of_theme = (of_theme + self._theme_starts[topics // TOPICS][:, None]) % _WORDS
        of_topic = np.searchsorted(self._topic_often, chance) * 6007
        of_topic = (of_topic + self._topic_starts[topics][:, None]) % _WORDS
        words = np.where(source < _THEME_PART + _TOPIC_PART, of_theme, words)
        words = np.where(source < _TOPIC_PART, of_topic, words)
        words = np.minimum(words, _WORDS - 1)
        numbers = self._numbers[words + languages[:, None] * _WORDS]
        lengths = np.clip(np.rint(draw.normal(_USUAL_TOKENS, 10.0, len(topics))), 4, _TOKENS)
        numbers[np.arange(_TOKENS) >= lengths[:, None]] = -1
        numbers.sort(axis=1)
        flat = numbers.ravel()
        first = np.ones(shape, dtype=bool)
        first[:, 1:] = numbers[:, 1:] != numbers[:, :-1]
        starts = np.flatnonzero(first.ravel())
        counts = np.diff(np.append(starts, flat.size))
        told = flat[starts] >= 0
        kept = first & (numbers >= 0)
        return Terms(flat[starts][told], counts[told].astype(np.int8), np.cumsum(kept.sum(axis=1)))

    def signed(
        self,
        draw: np.random.Generator,
        topics: Numbers,
        languages: Numbers,
        terms: Terms,
        kinds: Numbers,
    ) -> list[Text]:
        """The signatures of texts. Strings in them are no one else's, as those of events are."""
        count = len(topics)
        vectors = self._vectors(draw, topics)
        themes, theme_chances = self._theme_guesses(draw, topics // TOPICS)
        kind_numbers, kind_chances = self._kind_guesses(draw, kinds)
        mentions, excluded = self._mentions(draw, topics)
        mentioned = np.clip(np.rint(draw.normal(11.0, 3.0, count)), 3, _MENTIONS).astype(int)
        ruled_out = np.maximum(draw.integers(-2, 3, count), 0).tolist()
        field = np.where(
            draw.random(count) < 0.78,
            100 - draw.geometric(0.35, count),
            draw.integers(0, 96, count),
        ).clip(0, 100)
        starts = [0, *terms.ends[:-1].tolist()]
        numbers, counts, hashes = terms.numbers.tolist(), terms.counts.tolist(), self._hashes
        rows = []
        for at, (start, end) in enumerate(zip(starts, terms.ends.tolist(), strict=True)):
            found = mentions[at][: mentioned[at]]
            rows.append(
                Text(
                    language=LANGUAGES[languages[at]],
                    concepts=tuple(
                        (self._names[number].decode(), place < 2)
                        for place, number in enumerate(found)
                    ),
                    excluded=frozenset(
                        self._names[number].decode() for number in excluded[at][: ruled_out[at]]
                    ),
                    themes=_told(self._theme_codes, themes[at], theme_chances[at]),
                    kinds=_told(self._kind_codes, kind_numbers[at], kind_chances[at]),
                    field=int(field[at]),
                    terms=tuple(
                        (hashes[number].decode(), _WEIGHTS[often])
                        for number, often in zip(numbers[start:end], counts[start:end], strict=True)
                    ),
                    vector=vectors[at].tobytes(),
                )
            )
        return rows

    def _vectors(self, draw: np.random.Generator, topics: Numbers) -> npt.NDArray[np.int8]:
        noise = draw.standard_normal((len(topics), _NOISE_DIMENSIONS), dtype=np.float32)
        rest = math.sqrt(1.0 - _THEME_SHARE - _TOPIC_SHARE)
        drawn = (
            math.sqrt(_THEME_SHARE) * self._theme_directions[topics // TOPICS]
            + math.sqrt(_TOPIC_SHARE) * self._topic_directions[topics]
            + rest * _unit(noise @ self._noise)
        )
        largest = np.abs(drawn).max(axis=1, keepdims=True)
        return np.rint(drawn * (127.0 / largest)).astype(np.int8)

    def _theme_guesses(
        self, draw: np.random.Generator, themes: Numbers
    ) -> tuple[list[list[int]], list[list[int]]]:
        count = len(themes)
        leaning = 3.0 * self.closeness[themes] + draw.gumbel(0.0, 0.6, (count, len(self.themes)))
        leaning[np.arange(count), themes] = np.inf
        order = np.argsort(-leaning, axis=1)[:, :_TOLD_THEMES]
        usual = np.array([12, 6, 4, 3, 2, 2, 1.5, 1.2, 1, 1, 1])[: order.shape[1] - 1]
        return order.tolist(), _chances(draw, count, (3.0, 1.5), usual)

    def _kind_guesses(
        self, draw: np.random.Generator, kinds: Numbers
    ) -> tuple[list[list[int]], list[list[int]]]:
        count = len(kinds)
        leaning = self.kind_parts + draw.gumbel(0.0, 0.3, (count, len(self.kinds)))
        leaning[np.arange(count), kinds] = np.inf
        order = np.argsort(-leaning, axis=1)[:, :5]
        usual = np.array([17, 5, 2, 1])[: order.shape[1] - 1]
        return order.tolist(), _chances(draw, count, (3.0, 1.7), usual)

    def _mentions(
        self, draw: np.random.Generator, topics: Numbers
    ) -> tuple[list[list[int]], list[list[int]]]:
        shape = (len(topics), _MENTIONS)
        usual = np.searchsorted(self._concept_often, draw.random((len(topics), _MENTIONS + 2)))
        any_ = self._concept_order[np.minimum(usual, len(self._concept_order) - 1)]
        place = np.minimum(draw.geometric(0.35, shape) - 1, _TOPIC_CONCEPTS - 1)
        own = self._topic_concepts[topics[:, None], place]
        mentions = np.where(draw.random(shape) < 0.65, own, any_[:, :_MENTIONS])
        return mentions.tolist(), any_[:, _MENTIONS:].tolist()


_WEIGHTS = [0, *(round(100 * round(1.0 + math.log(often), 2)) for often in range(1, _TOKENS + 1))]
"""A term's weight in hundredths, by how often it occurs."""


def _parts(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return weights / weights.sum()


def _unit(rows: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    return (rows / lengths).astype(np.float32)


def _chances(
    draw: np.random.Generator,
    count: int,
    first: tuple[float, float],
    others: npt.NDArray[np.float64],
) -> list[list[int]]:
    """Probabilities in hundredths, falling: the first from a beta, the others about as given."""
    most = np.rint(100.0 * draw.beta(*first, count)).clip(2, 99)[:, None]
    rest = np.rint(others * draw.lognormal(0.0, 0.5, (count, len(others)))).clip(1, most)
    rest[:, ::-1].sort(axis=1)
    return np.hstack([most, rest]).astype(int).tolist()


def _told(
    codes: Sequence[bytes], numbers: Sequence[int], chances: Sequence[int]
) -> tuple[tuple[str, int], ...]:
    return tuple(
        (codes[number].decode(), chance) for number, chance in zip(numbers, chances, strict=True)
    )
