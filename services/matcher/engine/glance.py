"""What the first looks at a record need, packed into words.

The words of a brief look: a set of the concepts that the record names, and how many; what its text
is mostly about, how surely it is of this field and whether it has codes of its own. Only where
these may suffice the others are read: whether it is open, whom it is for (of a request, which
State's it is), its window; the codes of its first lines. The gist, for a second look: the signs of
its vector's numbers, since how many differ tells the angle between two vectors (Charikar 2002), and
more of it where the other's numbers are known (estimates.planes_of), its
weightiest concepts with their weights, and a set of its terms.
"""

import struct
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import islice
from zlib import crc32

import numpy as np
import numpy.typing as npt

from services.matcher.engine.columns import Spec
from services.matcher.engine.entries import EntryLine
from shared.language.concepts import thesaurus

OPEN_AT, WHOM_AT, TO_AT = 63, 32, 16
MOST_WHOM = (1 << 24) - 1
"""Stands for this number and all higher ones."""
FIRST_DAY = 726_468
"""1 January 1990: days count from here, for 179 years."""
LAST_DAY = (1 << 16) - 1
LINES, LINE_BITS, KIND_BITS = 4, 8, 3
NO_LINE = 255
ANY_THEME = 30
"""Stands for all themes, of which an offer for any speaks alike."""
UNCODED_AT = 7
MOST_KIND, MOST_FIELD = (1 << KIND_BITS) - 1, (1 << UNCODED_AT) - 1
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
    "concepts": (np.uint64, (CONCEPT_WORDS,)),
    "named": (np.uint8, ()),
    "text": (np.uint8, ()),
    "field": (np.uint8, ()),
    "stated": (np.uint64, ()),
    "lines": (np.uint32, ()),
}
"""What a brief look reads."""

REQUEST_WORDS: Spec = {**WORDS, "shares": (np.uint8, (LINES,)), "end": (np.float32, ())}
"""What a brief look at a request reads: the shares of its first lines too, in parts of 255, and
where its list ends, in log odds."""

_WORD = (1 << 64) - 1
_CONCEPTS = struct.Struct(f"={CONCEPTS}H")
_Values = Sequence[int] | npt.NDArray[np.uint8]


def day16(day: int) -> int:
    """A proleptic day number in sixteen bits, the nearest that fits."""
    return min(max(day - FIRST_DAY, 0), LAST_DAY)


def stated(is_open: bool, whom: int, window: tuple[int, int]) -> int:
    """Whether a record is open, for whom and when; `whom` is the number of an eligibility or of a
    State, -1 for a State without one."""
    return (
        int(is_open) << OPEN_AT
        | (min(whom, MOST_WHOM) if whom >= 0 else MOST_WHOM) << WHOM_AT
        | day16(window[1]) << TO_AT
        | day16(window[0])
    )


def text(themes: _Values, kinds: _Values) -> int:
    """What a text is mostly about: its first theme and kind, coded as those of a line, ANY_THEME
    where it speaks of all alike; `themes` and `kinds` are in hundredths."""
    theme = ANY_THEME if min(themes) > 0 and min(themes) == max(themes) else _first(themes)
    return theme << KIND_BITS | _first(kinds)


def field(hundredths: int, coded: bool) -> int:
    """How surely a record is of this field, and whether its lines are its own (`coded`)."""
    return hundredths | int(not coded) << UNCODED_AT


def lines_word(lines: Sequence[EntryLine]) -> int:
    """The first lines with something left."""
    codes = [line.theme << KIND_BITS | line.kind for line in lines if line.strength > 0.0][:LINES]
    word = 0
    for place in range(LINES):
        word |= (codes[place] if place < len(codes) else NO_LINE) << LINE_BITS * place
    return word


def shares(lines: Sequence[EntryLine]) -> list[int]:
    """Of the lines that `lines_word` tells, their parts of what a record is about, in 255ths."""
    parts = [round(255 * line.share) for line in lines if line.strength > 0.0][:LINES]
    return parts + [0] * (LINES - len(parts))


def concept_words(names: Iterable[str]) -> list[int]:
    """A set of concepts."""
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
    weightiest = [
        concept_number(name) << WEIGHT_BITS | min(weight, MOST_WEIGHT)
        for name, weight in islice(concepts, CONCEPTS)
    ]
    weightiest += [0] * (CONCEPTS - len(weightiest))
    signs = np.packbits(vector > 0).tobytes()
    used = 0
    for term in terms:
        used |= 1 << crc32(term.encode()) % TERM_BITS
    packed = _CONCEPTS.pack(*weightiest) + used.to_bytes(TERM_BITS // 8, "little")
    return np.frombuffer(signs + packed, dtype=np.uint64)


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
