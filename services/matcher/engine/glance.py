"""What the first looks at an offer need, packed into words, and what they are worth to a request.

The brief words: whether the offer is open, how surely it is of this field, whom it is for, its
window; the codes of its first lines, what its text is mostly about; a set of the concepts that it
names. The gist, for a second look: the signs of half of its vector's numbers, since how many differ
tells the angle between two vectors (Charikar 2002), and its weightiest concepts with their weights.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import (
    HUNDRED,
    KIND_CODES,
    THEME_CODES,
    closeness,
    near_themes,
    served_kinds,
    serves,
)
from services.matcher.engine.entries import EntryLine
from services.matcher.engine.features import FEATURES, HIGHEST_COSINE, LOWEST_COSINE
from services.matcher.engine.lines import UNSURE
from shared.language.concepts import thesaurus

OPEN_AT, FIELD_AT, WHOM_AT, TO_AT = 63, 56, 32, 16
MOST_WHOM = (1 << 24) - 1
"""Stands for this eligibility and all with higher numbers."""
LAST_DAY = (1 << 16) - 1
LINES, LINE_BITS, KIND_BITS = 4, 8, 3
NO_LINE = 255
THEME_AT, KIND_AT, NAMED_AT = 32, 40, 48
MOST_NAMED = 63
SIGN_BITS, SIGN_WORDS = 256, 4
CONCEPTS, WEIGHT_BITS = 16, 7
MOST_WEIGHT = (1 << WEIGHT_BITS) - 1
MOST_CONCEPT = (1 << 16 - WEIGHT_BITS) - 1
GIST = 8
"""Words of a gist."""

_FIRST_DAY = 726_468
"""1 January 1990: days count from here, for 179 years."""
_CONCEPT_BITS = 128
_WORD = (1 << 64) - 1

Floats = npt.NDArray[np.float32]


class Tables(NamedTuple):
    """What the parts of a glance are worth to a request, in log odds.

    `line` by a line's code (theme × 8 + kind), `theme` and `kind` by what the text is mostly about,
    `field` by hundredths, `named` by how many concepts the offer names: what each is worth that
    the request names too.
    """

    line: Floats
    theme: Floats
    kind: Floats
    field: Floats
    named: Floats


class Gist(NamedTuple):
    """What the gist of an offer is compared with: a request's signs, and weights by concept.

    `apart` is what the meaning is worth by how many signs differ, `focus` and `alike` what shared
    concepts are, by their part of what the offer names and by cosine (of the length `norm`).
    """

    signs: npt.NDArray[np.uint64]
    apart: Floats
    weights: npt.NDArray[np.int16]
    focus: float
    alike: float
    norm: float


def day16(day: int) -> int:
    """A proleptic day number in sixteen bits, the nearest that fits."""
    return min(max(day - _FIRST_DAY, 0), LAST_DAY)


def stated(is_open: bool, field: int, whom: int, window: tuple[int, int]) -> int:
    """The first brief word; `field` in hundredths, `whom` the number of an eligibility."""
    return (
        int(is_open) << OPEN_AT
        | field << FIELD_AT
        | min(whom, MOST_WHOM) << WHOM_AT
        | day16(window[1]) << TO_AT
        | day16(window[0])
    )


def told(
    lines: Sequence[EntryLine], themes: Sequence[int], kinds: Sequence[int], named: int
) -> int:
    """The second: the first lines with something left, the text's first theme and kind, how many
    concepts it names. `themes` and `kinds` are the text's, in hundredths."""
    codes = [line.theme << KIND_BITS | line.kind for line in lines if line.strength > 0.0][:LINES]
    word = 0
    for place in range(LINES):
        word |= (codes[place] if place < len(codes) else NO_LINE) << LINE_BITS * place
    return (
        word
        | _first(themes) << THEME_AT
        | _first(kinds) << KIND_AT
        | min(named, MOST_NAMED) << NAMED_AT
    )


def concept_words(names: Iterable[str]) -> tuple[int, int]:
    """The third and fourth: a set of concepts."""
    bits = 0
    for name in names:
        bits |= 1 << _concept_bit(name)
    return bits & _WORD, bits >> 64


def gist_words(vector: npt.NDArray[np.int8], concepts: Iterable[tuple[str, int]]) -> list[int]:
    """The gist: four words of signs, four of concepts with their weights, the weightiest first."""
    packed = [
        concept_number(name) << WEIGHT_BITS | min(weight, MOST_WEIGHT)
        for name, weight in islice(concepts, CONCEPTS)
    ]
    packed += [0] * (CONCEPTS - len(packed))
    return [
        *sign_words(vector).tolist(),
        *np.array(packed, dtype=np.uint16).view(np.uint64).tolist(),
    ]


def sign_words(vector: npt.NDArray[np.int8]) -> npt.NDArray[np.uint64]:
    """The signs of every other number of a vector."""
    return np.packbits(vector[::2] > 0).view(np.uint64)


@cache
def concept_number(name: str) -> int:
    """A number for a concept, from 1 to 511: its own, but for concepts of a newer thesaurus."""
    known = _thesaurus_numbers().get(name, crc32(name.encode()))
    return known % MOST_CONCEPT + 1


def tables(
    needs: Sequence[EntryLine],
    themes: npt.NDArray[np.uint8],
    kinds: npt.NDArray[np.uint8],
    named: int,
    weights: Sequence[float],
) -> Tables:
    """What glances are worth to a request with these needs, whose text names `named` concepts.

    `themes` and `kinds` are its text's, in hundredths; `weights` the model's.
    """
    weight = dict(zip(FEATURES, weights, strict=True))
    counts = np.maximum(np.arange(MOST_NAMED + 1), 1)
    return Tables(
        line=_line_table(needs, weight),
        theme=_table(weight["text_theme"] * _alike(themes)),
        kind=_table(weight["text_kind"] * _served(kinds)),
        field=(weight["field"] * np.arange(128) / HUNDRED).astype(np.float32),
        named=(
            weight["focus"] / counts + weight["concepts"] / np.sqrt(counts * max(named, 1))
        ).astype(np.float32),
    )


def gist(
    vector: npt.NDArray[np.int8],
    concepts: Mapping[str, int],
    norm: float,
    weights: Sequence[float],
) -> Gist:
    """What gists are compared with for a request: its vector, its concepts and their length."""
    weight = dict(zip(FEATURES, weights, strict=True))
    angle = np.cos(np.pi * np.arange(SIGN_BITS + 1) / SIGN_BITS)
    meaning = np.clip((angle - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE), 0.0, 1.0)
    own = np.zeros(MOST_CONCEPT + 1, dtype=np.int16)
    for name, own_weight in concepts.items():
        own[concept_number(name)] = own_weight
    return Gist(
        signs=sign_words(vector),
        apart=(weight["meaning"] * meaning).astype(np.float32),
        weights=own,
        focus=weight["focus"],
        alike=weight["concepts"],
        norm=norm,
    )


def _first(values: Sequence[int]) -> int:
    """Which value is the largest; one past the last if none is above 0."""
    best = max(values, default=0)
    return list(values).index(best) if best > 0 else len(values)


@cache
def _concept_bit(name: str) -> int:
    # By the name, not its number, which depends on who came first.
    return crc32(name.encode()) % _CONCEPT_BITS


@cache
def _thesaurus_numbers() -> dict[str, int]:
    return {name: at for at, name in enumerate(sorted(concept.id for concept in thesaurus()))}


def _table(values: npt.NDArray[np.float64]) -> Floats:
    padded = np.zeros(256, dtype=np.float32)
    padded[: len(values)] = values
    return padded


def _alike(themes: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Likeness of a text that speaks of one theme alone, for each theme."""
    own = themes.astype(np.int64)
    near = near_themes() @ own
    length = math.sqrt(int(own @ near))
    return near / (length * math.sqrt(HUNDRED)) if length else np.zeros(len(near))


def _served(kinds: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The part of the kinds spoken of that a text on one kind alone serves, for each kind."""
    total = int(kinds.sum(dtype=np.int64))
    if not total:
        return np.full(len(KIND_CODES), UNSURE)
    return kinds.astype(np.int64) @ served_kinds() / (HUNDRED * total)


def _line_table(needs: Sequence[EntryLine], weight: dict[str, float]) -> Floats:
    """What one provision line does for all needs, by its code."""
    table = np.zeros((1 << LINE_BITS - KIND_BITS, 1 << KIND_BITS))
    own = table[: len(THEME_CODES), : len(KIND_CODES)]
    best = np.zeros_like(own)
    part = weight["needs_served"] + UNSURE * (weight["quantity"] + weight["amount"])
    for place, need in enumerate(needs):
        if need.strength <= 0.0:
            continue
        near = closeness()[need.theme][:, np.newaxis]
        fit = near * serves()[need.kind]
        own += need.share * (weight["theme"] * near + part * fit)
        if place == 0:
            own += weight["main_need"] * fit
        best = np.maximum(best, fit)
    own += weight["any_need"] * best
    return table.ravel().astype(np.float32)
