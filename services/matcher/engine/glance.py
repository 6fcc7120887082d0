"""What the first looks at a record need, packed into words.

The words of a brief look: whether the record is open, how surely it is of this field, whom it is
for (of a request, which State's it is), its window; the codes of its first lines, what its text is
mostly about; a set of the concepts that it names, and how many. The gist, for a second look: the
signs of its vector's numbers, since how many differ tells the angle between two vectors (Charikar
2002), its weightiest concepts with their weights, and a set of its terms.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.matcher.engine.columns import Spec
from services.matcher.engine.entries import EntryLine
from shared.language.concepts import thesaurus

OPEN_AT, FIELD_AT, WHOM_AT, TO_AT = 63, 56, 32, 16
MOST_WHOM = (1 << 24) - 1
"""Stands for this number and all higher ones."""
FIRST_DAY = 726_468
"""1 January 1990: days count from here, for 179 years."""
LAST_DAY = (1 << 16) - 1
LINES, LINE_BITS, KIND_BITS = 4, 8, 3
NO_LINE = 255
THEME_AT, KIND_AT, UNCODED_AT = 32, 40, 48
MOST_NAMED = 63
SIGN_BITS, SIGN_WORDS = 512, 8
CONCEPTS, WEIGHT_BITS = 16, 7
MOST_WEIGHT = (1 << WEIGHT_BITS) - 1
MOST_CONCEPT = (1 << 16 - WEIGHT_BITS) - 1
CONCEPT_WORDS = 2
TERM_BITS, TERM_WORDS = 256, 4
TERMS_AT = SIGN_WORDS + CONCEPTS // 4
"""Where in a gist the concepts end and the terms begin."""
GIST = TERMS_AT + TERM_WORDS
"""Words of a gist."""

WORDS: Spec = {
    "stated": (np.uint64, ()),
    "told": (np.uint64, ()),
    "concepts": (np.uint64, (CONCEPT_WORDS,)),
    "named": (np.uint8, ()),
}
"""What a brief look reads."""

REQUEST_WORDS: Spec = {**WORDS, "shares": (np.uint8, (LINES,)), "end": (np.float32, ())}
"""What a brief look at a request reads: the shares of its first lines too, in parts of 255, and
where its list ends, in log odds."""

_WORD = (1 << 64) - 1
_Values = Sequence[int] | npt.NDArray[np.uint8]


def day16(day: int) -> int:
    """A proleptic day number in sixteen bits, the nearest that fits."""
    return min(max(day - FIRST_DAY, 0), LAST_DAY)


def stated(is_open: bool, field: int, whom: int, window: tuple[int, int]) -> int:
    """The first word; `field` in hundredths, `whom` the number of an eligibility or a
    State, -1 for a State without one."""
    return (
        int(is_open) << OPEN_AT
        | field << FIELD_AT
        | (min(whom, MOST_WHOM) if whom >= 0 else MOST_WHOM) << WHOM_AT
        | day16(window[1]) << TO_AT
        | day16(window[0])
    )


def told(lines: Sequence[EntryLine], themes: _Values, kinds: _Values, coded: bool) -> int:
    """The second: the first lines with something left and whether they are the record's own
    (`coded`), the text's first theme and kind.

    `themes` and `kinds` are the text's, in hundredths.
    """
    codes = [line.theme << KIND_BITS | line.kind for line in lines if line.strength > 0.0][:LINES]
    word = 0
    for place in range(LINES):
        word |= (codes[place] if place < len(codes) else NO_LINE) << LINE_BITS * place
    text = _first(themes) << THEME_AT | _first(kinds) << KIND_AT
    return word | text | int(not coded) << UNCODED_AT


def shares(lines: Sequence[EntryLine]) -> list[int]:
    """Of the lines that `told` tells, their parts of what a record is about, in parts of 255."""
    parts = [round(255 * line.share) for line in lines if line.strength > 0.0][:LINES]
    return parts + [0] * (LINES - len(parts))


def concept_words(names: Iterable[str]) -> list[int]:
    """The last: a set of concepts."""
    bits = 0
    for name in names:
        bits |= 1 << concept_bit(name)
    return [bits >> 64 * word & _WORD for word in range(CONCEPT_WORDS)]


def gist_words(
    vector: npt.NDArray[np.int8],
    concepts: Iterable[tuple[str, int]],
    terms: Iterable[str],
) -> npt.NDArray[np.uint64]:
    """The gist: words of signs, of concepts with their weights, the weightiest first, of terms."""
    packed = np.zeros(CONCEPTS, dtype=np.uint16)
    weightiest = [
        concept_number(name) << WEIGHT_BITS | min(weight, MOST_WEIGHT)
        for name, weight in islice(concepts, CONCEPTS)
    ]
    packed[: len(weightiest)] = weightiest
    signs = np.packbits(vector > 0).view(np.uint64)
    used = np.zeros(TERM_BITS, dtype=np.bool_)
    used[[crc32(term.encode()) % TERM_BITS for term in terms]] = True
    return np.concatenate([signs, packed.view(np.uint64), np.packbits(used).view(np.uint64)])


@cache
def concept_number(name: str) -> int:
    """A number for a concept, from 1 to 511: its own, but for concepts of a newer thesaurus."""
    known = _thesaurus_numbers().get(name, crc32(name.encode()))
    return known % MOST_CONCEPT + 1


@cache
def concept_bit(name: str) -> int:
    """A concept's place in a set, which some share."""
    # By the name, not its number, which depends on who came first.
    return crc32(name.encode()) % (64 * CONCEPT_WORDS)


def _first(values: _Values) -> int:
    """Which value is the largest; one past the last if none is above 0."""
    listed = list(values)
    best = max(listed, default=0)
    return listed.index(best) if best > 0 else len(listed)


@cache
def _thesaurus_numbers() -> dict[str, int]:
    return {name: at for at, name in enumerate(sorted(concept.id for concept in thesaurus()))}
