"""Parts of the compiled looks: what is told of a record by a few words, and worth to another.

All in log odds, by the model's weights; glance.py has the words.
"""

import math

import numpy as np

from services.matcher.engine.codes import HUNDRED
from services.matcher.engine.compiled import compiled, inlined
from services.matcher.engine.entries import GENERAL
from services.matcher.engine.features import FEATURES, HIGHEST_COSINE, LOWEST_COSINE
from services.matcher.engine.glance import (
    ANY_THEME,
    CONCEPT_WORDS,
    FIRST_DAY,
    KIND_BITS,
    LAST_DAY,
    LINE_BITS,
    MOST_CONCEPT,
    MOST_FIELD,
    MOST_KIND,
    MOST_NAMED,
    MOST_WEIGHT,
    SIGN_BITS,
    SIGN_WORDS,
    TERM_BITS,
    TERMS_AT,
    UNCODED_AT,
    WEIGHT_BITS,
)
from services.matcher.engine.lines import UNSURE

STEPS = 2_048
"""Estimates are told apart in so many steps."""
STEP = np.float32(64.0)
"""Steps in one of log odds."""


PLANES = 4
"""To how many bits the numbers of one vector are known where another's signs are."""
_SIGNS_LENGTH = math.sqrt(SIGN_BITS) * math.sqrt(2.0 / math.pi)
"""What a vector as long as 1 has on average as its product with its own signs."""

THEME = FEATURES.index("theme")
MAIN_NEED = FEATURES.index("main_need")
NEEDS_SERVED = FEATURES.index("needs_served")
ANY_NEED = FEATURES.index("any_need")
QUANTITY = FEATURES.index("quantity")
AMOUNT = FEATURES.index("amount")
TEXT_THEME = FEATURES.index("text_theme")
TEXT_KIND = FEATURES.index("text_kind")
FIELD = FEATURES.index("field")
MEANING = FEATURES.index("meaning")
CONCEPTS = FEATURES.index("concepts")
FOCUS = FEATURES.index("focus")
ALLOWED = FEATURES.index("allowed")
TERMS = FEATURES.index("terms")
WINDOW = FEATURES.index("window")
UNCONDITIONAL = FEATURES.index("unconditional")
UNCODED = FEATURES.index("uncoded")
TRACK_RECORD = FEATURES.index("track_record")


@inlined
def step_of(total):  # type: ignore[no-untyped-def]
    """An estimate in steps."""
    return max(0, min(STEPS - 1, np.int64(STEP * total)))


@inlined
def ones(word):  # type: ignore[no-untyped-def]
    """How many bits of a word are set."""
    # In this form the compiler knows that it counts ones, and uses the processor's own way.
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@inlined
def day16_of(day):  # type: ignore[no-untyped-def]
    """A day as glance.day16 has it."""
    return min(max(day - FIRST_DAY, 0), LAST_DAY)


@inlined
def in_gist(gists, row, mine):  # type: ignore[no-untyped-def]
    """Of the concepts in a row's gist: the weight of those that another names too, the product of
    both weights, the weight of all, and the sum of their squares."""
    common = product = named = length = np.int64(0)
    for word in range(SIGN_WORDS, TERMS_AT):
        packed = gists[row, word]
        for _ in range(4):
            weight = np.int64(packed & np.uint64(MOST_WEIGHT))
            own = np.int64(mine[(packed >> np.uint64(WEIGHT_BITS)) & np.uint64(MOST_CONCEPT)])
            packed >>= np.uint64(16)
            common += weight * (own > 0)
            product += weight * own
            named += weight
            length += weight * weight
    return common, product, named, length


@compiled
def gist_weights(one, marks):  # type: ignore[no-untyped-def]
    """The weights of what a record names, by the numbers that gists have for concepts."""
    mine = np.zeros(MOST_CONCEPT + 1, dtype=np.int16)
    concepts, weights = one["concepts"], one["concept_weights"]
    for place in range(len(concepts)):
        if concepts[place] == 0:
            break
        mine[marks[concepts[place], 0]] = weights[place]
    return mine


@compiled
def concept_words(one, marks):  # type: ignore[no-untyped-def]
    """The set of the concepts that a record names, as glance.concept_words has it."""
    words = np.zeros(CONCEPT_WORDS, dtype=np.uint64)
    concepts = one["concepts"]
    for place in range(len(concepts)):
        if concepts[place] == 0:
            break
        bit = np.uint64(marks[concepts[place], 1])
        words[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
    return words


@compiled
def line_worth(asked, lines, weights, closeness, serves):  # type: ignore[no-untyped-def]
    """What one provision line does for all needs of a request, by its code."""
    worth = np.zeros(1 << LINE_BITS, dtype=np.float32)
    part = weights[NEEDS_SERVED] + UNSURE * (weights[QUANTITY] + weights[AMOUNT])
    for theme in range(closeness.shape[0]):
        for kind in range(serves.shape[0]):
            total = most = 0.0
            for place in range(np.int64(asked["line_count"])):
                need = lines[asked["first_line"] + place]
                if need["strength"] > 0.0:
                    close = closeness[need["theme"], theme]
                    fit = close * serves[need["kind"], kind]
                    total += need["share"] * (weights[THEME] * close + part * fit)
                    if place == 0:
                        total += weights[MAIN_NEED] * fit
                    most = max(most, fit)
            worth[theme << KIND_BITS | kind] = total + weights[ANY_NEED] * most
    return worth


@compiled
def theme_worth(one, weights, near):  # type: ignore[no-untyped-def]
    """What likeness to a text that speaks of one theme alone is worth, for each theme, and of all
    as an offer for any does."""
    worth = np.zeros(256, dtype=np.float32)
    own = one["text_themes"]
    if one["theme_norm"] > 0.0:
        every, fewest = np.int64(0), np.int64(near.sum())
        for theme in range(near.shape[0]):
            product = np.int64(0)
            for other in range(near.shape[0]):
                product += near[theme, other] * own[other]
            worth[theme] = weights[TEXT_THEME] * product / (one["theme_norm"] * math.sqrt(HUNDRED))
            every += product
            fewest = min(fewest, near[theme].sum())
        alike = GENERAL * math.sqrt(HUNDRED) * every / (one["theme_norm"] * fewest)
        worth[ANY_THEME] = weights[TEXT_THEME] * min(alike, 1.0)
    return worth


@compiled
def kind_worth(asked, weights, served):  # type: ignore[no-untyped-def]
    """What a text on one kind alone serves of the kinds that a request speaks of, for each."""
    worth = np.zeros(256, dtype=np.float32)
    own = asked["text_kinds"]
    total = np.int64(0)
    for needed in range(len(own)):
        total += np.int64(own[needed])
    for kind in range(len(own)):
        reach = np.int64(0)
        for needed in range(len(own)):
            reach += np.int64(own[needed]) * served[needed, kind]
        worth[kind] = weights[TEXT_KIND] * (reach / (HUNDRED * total) if total > 0 else UNSURE)
    return worth


@compiled
def text_worth(themes, kinds):  # type: ignore[no-untyped-def]
    """What likeness to a text is worth that speaks of one theme and one kind alone, by its code."""
    worth = np.zeros(1 << LINE_BITS, dtype=np.float32)
    for code in range(1 << LINE_BITS):
        worth[code] = themes[code >> KIND_BITS] + kinds[code & MOST_KIND]
    return worth


@compiled
def field_worth(weights):  # type: ignore[no-untyped-def]
    """What it is worth how surely an offer is of this field, and that it is without codes."""
    worth = np.empty(256, dtype=np.float32)
    for field in range(256):
        hundredths = min(field & MOST_FIELD, HUNDRED)
        worth[field] = weights[FIELD] * hundredths / HUNDRED
        worth[field] += weights[UNCODED] * (field >> UNCODED_AT)
    return worth


@compiled
def named_worth(one, weights):  # type: ignore[no-untyped-def]
    """What each concept that both name is worth, by how many an offer names; a request is asked."""
    own = 0.0
    for place in range(len(one["concepts"])):
        own += one["concepts"][place] != 0
    worth = np.empty(MOST_NAMED + 1, dtype=np.float32)
    for names in range(MOST_NAMED + 1):
        count = max(float(names), 1.0)
        cosine = 1.0 / math.sqrt(count * max(own, 1.0))
        worth[names] = weights[FOCUS] / count + weights[CONCEPTS] * cosine
    return worth


@compiled
def planes_of(vector):  # type: ignore[no-untyped-def]
    """A vector's numbers by their four highest bits, as four planes of signs, and its length then.

    A number is the sum over its planes of a sign times 1, 2, 4, 8: so its product with a vector of
    which only signs are known takes as many counts of differing signs.
    """
    planes = np.zeros((PLANES, SIGN_WORDS), dtype=np.uint64)
    length = np.int64(0)
    for at in range(SIGN_BITS):
        high = (np.int64(vector[at]) + 128) >> (8 - PLANES)
        level = 2 * high - ((1 << PLANES) - 1)
        length += level * level
        # Where np.packbits puts a number's sign.
        bit = np.uint64((at & 56) + 7 - (at & 7))
        for plane in range(PLANES):
            planes[plane, at >> 6] |= np.uint64((high >> plane) & 1) << bit
    return planes, math.sqrt(float(length))


@inlined
def meaning_worth(gists, row, planes, length, weight):  # type: ignore[no-untyped-def]
    """What meaning is worth by the signs of a row's vector and another's planes."""
    product = np.int64(0)
    for plane in range(PLANES):
        differ = np.int64(0)
        for word in range(SIGN_WORDS):
            differ += ones(gists[row, word] ^ planes[plane, word])
        product += (SIGN_BITS - 2 * differ) << plane
    cosine = np.float32(product) / np.float32(length * _SIGNS_LENGTH)
    told = (cosine - np.float32(LOWEST_COSINE)) / np.float32(HIGHEST_COSINE - LOWEST_COSINE)
    return weight * min(max(told, np.float32(0.0)), np.float32(1.0))


@inlined
def signs_apart(gists, row, other):  # type: ignore[no-untyped-def]
    """How many signs of the vector in a row and of another differ."""
    differ = np.int64(0)
    for word in range(SIGN_WORDS):
        differ += ones(gists[row, word] ^ other[word])
    return differ


@inlined
def terms_told(gist):  # type: ignore[no-untyped-def]
    """How many bits of a gist's set of terms are set."""
    told = np.int64(0)
    for word in range(TERMS_AT, len(gist)):
        told += ones(gist[word])
    return told


@inlined
def words_alike(gists, row, other, told):  # type: ignore[no-untyped-def]
    """About the cosine of two texts' terms, by two sets in which some terms fall together; `told`
    is `terms_told` of the other."""
    common = own = np.int64(0)
    for word in range(TERMS_AT, len(other)):
        common += ones(gists[row, word] & other[word])
        own += ones(gists[row, word])
    if own == 0 or told == 0:
        return np.float32(0.0)
    mine, theirs = np.float32(own), np.float32(told)
    bits = np.float32(TERM_BITS)
    free = max(bits - max(mine, theirs), np.float32(1.0)) / bits
    more = (np.float32(common) - mine * theirs / bits) / free
    return max(more, np.float32(0.0)) / np.sqrt(mine * theirs)
