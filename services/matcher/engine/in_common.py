"""Parts of the compiled loop over records that may be the same: what two have in common.

Each value is as shared.likeness.features has it; rows are of packing.RECORD, lines of packing.LINE.
"""

import math

import numpy as np

from services.matcher.engine.compiled import dot, inlined
from services.matcher.engine.glance import KIND_BITS
from services.matcher.engine.profiles import ALWAYS
from shared.likeness.features import FIRST_ALONE, LONG, SILENT, TELLS_ALL, TOLERANCE, UNKNOWN

_SLOTS = 256
"""Places for the weights of a text's terms or concepts, of which there are 64 at most."""
_ALWAYS_FIRST, _ALWAYS_LAST = ALWAYS


@inlined
def window_in_common(one, other):  # type: ignore[no-untyped-def]
    """The days in common as a part of all, -1 where one does not say."""
    if _is_always(one) or _is_always(other):
        return -1.0
    common = _less(one["to"], other["to"]) - _more(one["from"], other["from"]) + 1
    every = _more(one["to"], other["to"]) - _less(one["from"], other["from"]) + 1
    return _more(common, 0) / every


@inlined
def _is_always(one):  # type: ignore[no-untyped-def]
    return one["from"] == _ALWAYS_FIRST and one["to"] == _ALWAYS_LAST


@inlined
def cosine_of(one, other):  # type: ignore[no-untyped-def]
    lengths = one["vector_norm"] * other["vector_norm"]
    product = dot(one["vector"], other["vector"])
    return product / lengths if lengths > 0.0 and product > 0 else 0.0


@inlined
def concept_table(one):  # type: ignore[no-untyped-def]
    """A table of the concepts that a record's text names, and the length of their weights."""
    told = np.zeros(len(one["concepts"]), dtype=np.int64)
    for at in range(len(one["concepts"])):
        if (one["named"] >> np.uint64(at)) & np.uint64(1):
            told[at] = one["concept_weights"][at]
    return _table(one["concepts"], told)


@inlined
def term_table(one):  # type: ignore[no-untyped-def]
    """A table of a record's terms, and the length of their weights."""
    return _table(one["terms"], one["term_weights"].astype(np.int64))


@inlined
def _table(numbers, weights):  # type: ignore[no-untyped-def]
    """Numbers above 0 with their weights, each in the first free slot from its own on."""
    slots = np.zeros((_SLOTS, 2), dtype=np.int64)
    square = np.int64(0)
    for at in range(len(numbers)):
        if numbers[at] == 0 or weights[at] == 0:
            continue
        slot = np.int64(numbers[at]) % _SLOTS
        while slots[slot, 0]:
            slot = (slot + 1) % _SLOTS
        slots[slot, 0] = numbers[at]
        slots[slot, 1] = weights[at]
        square += weights[at] * weights[at]
    return slots, math.sqrt(square)


@inlined
def _weight(slots, number):  # type: ignore[no-untyped-def]
    slot = np.int64(number) % _SLOTS
    while slots[slot, 0] and slots[slot, 0] != number:
        slot = (slot + 1) % _SLOTS
    return slots[slot, 1]


@inlined
def concepts_in_common(slots, length, other):  # type: ignore[no-untyped-def]
    product = square = np.int64(0)
    for at in range(len(other["concepts"])):
        number = other["concepts"][at]
        if number == 0:
            break
        if (other["named"] >> np.uint64(at)) & np.uint64(1):
            weight = np.int64(other["concept_weights"][at])
            product += weight * _weight(slots, number)
            square += weight * weight
    return product / (length * math.sqrt(square)) if product > 0 else 0.0


@inlined
def words_in_common(slots, length, other):  # type: ignore[no-untyped-def]
    product = square = np.int64(0)
    for at in range(len(other["terms"])):
        number = other["terms"][at]
        if number == 0:
            break
        weight = np.int64(other["term_weights"][at])
        product += weight * _weight(slots, number)
        square += weight * weight
    return product / (length * math.sqrt(square)) if product > 0 else 0.0


@inlined
def lines_in_common(one, other, lines):  # type: ignore[no-untyped-def]
    """The part of themes and kinds in common, and how many lines are of one theme and kind."""
    mine, mine_left = _written(one, lines)
    theirs, theirs_left = _written(other, lines)
    many = mine_left + theirs_left
    if mine_left == 0 or theirs_left == 0:
        return UNKNOWN, np.int64(0)
    same, mine_left, theirs_left = _paired(mine, mine_left, theirs, theirs_left)
    for at in range(mine_left):
        mine[at] >>= KIND_BITS
    for at in range(theirs_left):
        theirs[at] >>= KIND_BITS
    near, _, _ = _paired(mine, mine_left, theirs, theirs_left)
    return (2.0 * same + near) / many, same


@inlined
def _written(one, lines):  # type: ignore[no-untyped-def]
    """The codes of a record's written lines, and how many they are."""
    codes = np.empty(np.int64(one["line_count"]), dtype=np.int64)
    count = np.int64(0)
    for place in range(np.int64(one["line_count"])):
        line = lines[one["first_line"] + place]
        if line["written"]:
            codes[count] = np.int64(line["theme"]) << KIND_BITS | np.int64(line["kind"])
            count += 1
    return codes, count


@inlined
def _paired(mine, mine_left, theirs, theirs_left):  # type: ignore[no-untyped-def]
    """How many codes stand in both, each paired once; what is left of each stands first then."""
    found = kept = np.int64(0)
    for at in range(mine_left):
        for place in range(theirs_left):
            if mine[at] == theirs[place]:
                theirs_left -= 1
                theirs[place] = theirs[theirs_left]
                found += 1
                break
        else:
            mine[kept] = mine[at]
            kept += 1
    return found, kept, theirs_left


@inlined
def numbers_in_common(ones, others):  # type: ignore[no-untyped-def]
    if ones[0] == 0 or others[0] == 0:
        return SILENT
    common = np.int64(0)
    every = np.int64(0)
    place = 0
    for at in range(len(others)):
        every += _less(others[at], TELLS_ALL)
    for at in range(len(ones)):
        number = np.int64(ones[at])
        if number == 0:
            break
        every += _less(number, TELLS_ALL)
        while place < len(others) and others[place] and others[place] < number - TOLERANCE:
            place += 1
        if place < len(others) and others[place] and others[place] <= number + TOLERANCE:
            common += _less(number, TELLS_ALL) + _less(others[place], TELLS_ALL)
            place += 1
    return common / every


@inlined
def phase_in_common(one, other):  # type: ignore[no-untyped-def]
    if one == other or one & other:
        return 1.0
    return 0.5 if one | other == FIRST_ALONE else 0.0


@inlined
def apart(one, other):  # type: ignore[no-untyped-def]
    if one == 0 or other == 0:
        return UNKNOWN
    return 1.0 if one != other else 0.0


@inlined
def _less(one, other):  # type: ignore[no-untyped-def]
    return one if one < other else other


@inlined
def _more(one, other):  # type: ignore[no-untyped-def]
    return one if one > other else other


@inlined
def sites_in_common(ones, others):  # type: ignore[no-untyped-def]
    if ones[0] == 0 or others[0] == 0:
        return 1.0
    return _less(1.0, 2.0 * _common(ones, others) / _less(_filled(ones), _filled(others)))


@inlined
def names_owner(one, other):  # type: ignore[no-untyped-def]
    return _names(one["own_name"], other["names"]) or _names(other["own_name"], one["names"])


@inlined
def _names(owner, names):  # type: ignore[no-untyped-def]
    count = _filled(owner)
    return count >= LONG and _common(owner, names) == count


@inlined
def _filled(values):  # type: ignore[no-untyped-def]
    count = 0
    for value in values:
        if value:
            count += 1
    return count


@inlined
def _common(ones, others):  # type: ignore[no-untyped-def]
    count = 0
    for one in ones:
        if one:
            for other in others:
                if other == one:
                    count += 1
                    break
    return count
