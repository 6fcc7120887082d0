"""The compiled loops over a large register; shortcut.py says what they are for.

Plain loops over columns, without objects: Numba compiles them once a machine. No order of adding
depends on the order of rows, so a result is the same wherever it is reckoned.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from services.matcher.engine.features import HIGHEST_COSINE, LOWEST_COSINE
from services.matcher.engine.glance import (
    FIELD_AT,
    KIND_AT,
    LINE_BITS,
    LINES,
    MOST_WEIGHT,
    MOST_WHOM,
    NAMED_AT,
    NO_LINE,
    OPEN_AT,
    THEME_AT,
    TO_AT,
    WEIGHT_BITS,
    WHOM_AT,
)
from services.matcher.engine.lines import UNSURE

STEPS = 2_048
"""Estimates are told apart in so many steps."""
_STEP = np.float32(64.0)
"""Steps in one of log odds."""


def _compiled(loop: Any) -> Any:
    try:
        return njit(nogil=True, cache=True)(loop)
    except RuntimeError:  # there is no directory to keep the compiled code in
        return njit(nogil=True)(loop)


_inlined: Any = njit(nogil=True, inline="always")


@_compiled
def look(starts, counts, briefs, admitted, first, last, own_a, own_b, tables, steps, rest):  # type: ignore[no-untyped-def]
    """Estimate every place of some blocks from its brief words alone; 0 is for what is barred.

    `rest` is the estimate without the concepts. Returns how many places there are of each step.
    """
    lines, themes, kinds, fields, named = tables
    often = np.zeros(STEPS, dtype=np.int64)
    at = 0
    for block in range(len(starts)):
        for place in range(starts[block], starts[block] + counts[block]):
            stated = briefs[place, 0]
            step = 0
            begin = np.int64(stated & np.uint64(0xFFFF))
            end = np.int64((stated >> np.uint64(TO_AT)) & np.uint64(0xFFFF))
            if stated >> np.uint64(OPEN_AT) and begin <= last and end >= first:
                whom = np.int64((stated >> np.uint64(WHOM_AT)) & np.uint64(MOST_WHOM))
                if whom == MOST_WHOM or admitted[whom]:
                    told = briefs[place, 1]
                    best = np.float32(0.0)
                    for shift in range(0, LINES * LINE_BITS, LINE_BITS):
                        code = (told >> np.uint64(shift)) & np.uint64(NO_LINE)
                        best = max(best, lines[code])
                    common = _ones(briefs[place, 2] & own_a) + _ones(briefs[place, 3] & own_b)
                    total = (
                        best
                        + themes[(told >> np.uint64(THEME_AT)) & np.uint64(0xFF)]
                        + kinds[(told >> np.uint64(KIND_AT)) & np.uint64(0xFF)]
                        + fields[(stated >> np.uint64(FIELD_AT)) & np.uint64(0x7F)]
                    )
                    shared = (
                        np.float32(common) * named[(told >> np.uint64(NAMED_AT)) & np.uint64(0xFF)]
                    )
                    rest[at] = _step(total)
                    step = _step(total + shared)
            steps[at] = step
            often[step] += 1
            at += 1
    return often


@_compiled
def look_again(starts, counts, rows, steps, rest, least, gists, own):  # type: ignore[no-untyped-def]
    """Estimate anew the places whose estimate is from `least` on, by what their gist tells.

    Returns their rows, their estimates, and how many there are of each.
    """
    signs, apart, weights, focus, alike, norm = own
    found = 0
    for at in range(len(steps)):
        found += steps[at] >= least
    kept = np.empty(found, dtype=np.int32)
    kept_steps = np.empty(found, dtype=np.int16)
    often = np.zeros(STEPS, dtype=np.int64)
    at = 0
    to = 0
    for block in range(len(starts)):
        for place in range(starts[block], starts[block] + counts[block]):
            if steps[at] >= least:
                row = rows[place]
                differ = 0
                for word in range(4):
                    differ += _ones(gists[row, word] ^ signs[word])
                total = apart[differ]
                common = product = named = length = np.int64(0)
                for word in range(4, 8):
                    packed = gists[row, word]
                    for _ in range(4):
                        weight = np.int64(packed & np.uint64(MOST_WEIGHT))
                        mine = np.int64(
                            weights[(packed >> np.uint64(WEIGHT_BITS)) & np.uint64(0x1FF)]
                        )
                        packed >>= np.uint64(16)
                        common += weight * (mine > 0)
                        product += weight * mine
                        named += weight
                        length += weight * weight
                if common > 0:
                    total += focus * common / named + alike * product / (norm * math.sqrt(length))
                step = min(STEPS - 1, rest[at] + np.int64(_STEP * total))
                kept[to] = row
                kept_steps[to] = step
                often[step] += 1
                to += 1
            at += 1
    return kept, kept_steps, often


@_inlined
def _step(total):  # type: ignore[no-untyped-def]
    return max(1, min(STEPS - 1, np.int64(_STEP * total)))


@_inlined
def _ones(word):  # type: ignore[no-untyped-def]
    # In this form the compiler knows that it counts ones, and uses the processor's own way.
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_compiled
def features(rows, offers, lines, needs, own, today, near, serve, served, admitted, out):  # type: ignore[no-untyped-def]
    """The features of one request with the offers in some rows, as features.py has them.

    Every operation on numbers that are not whole comes in the same order as there, so the results
    are equal to the last bit. `out` is rows × features; returns which rows may be proposed.
    """
    (
        (first, last, eligibility, unconditional),
        (text_themes, theme_norm, text_kinds, field),
        (vector, vector_norm),
        (concepts, concept_weights, concept_norm, excluded),
        (terms, term_weights, term_norm),
        (first_line, line_count),
    ) = offers
    (
        line_theme,
        line_kind,
        line_strength,
        line_quantity,
        line_unit,
        line_amount,
        line_from,
        line_to,
    ) = lines
    (
        need_theme,
        need_kind,
        need_strength,
        need_share,
        need_quantity,
        need_unit,
        need_amount,
        need_from,
        need_to,
    ) = needs
    (
        (own_first, own_last),
        (own_near, own_theme_norm, own_kinds),
        (own_vector, own_vector_norm),
        (own_concepts, own_named, own_ruled_out, own_concept_total, own_concept_norm),
        (own_terms, own_term_bits, own_term_norm),
    ) = own
    permitted = np.zeros(len(rows), dtype=np.bool_)
    useful = own_last - max(own_first, today) + 1
    enough = min(max(useful, 1), 365)
    kinds = len(own_kinds)
    kinds_total = np.int64(0)
    for kind in range(kinds):
        kinds_total += np.int64(own_kinds[kind])
    needs_count = len(need_theme)
    best = np.zeros((4, max(needs_count, 1)))
    for at in range(len(rows)):
        row = rows[at]
        begin = max(max(own_first, first[row]), today)
        end = min(own_last, last[row])
        if not admitted[eligibility[row]] or end < begin:
            continue
        permitted[at] = True
        best[:] = 0.0
        for line in range(first_line[row], first_line[row] + line_count[row]):
            for place in range(needs_count):
                start = max(line_from[line], max(need_from[place], today))
                if min(line_to[line], need_to[place]) < start or need_strength[place] <= 0.0:
                    continue
                theme = near[need_theme[place], line_theme[line]] * line_strength[line]
                fit = theme * serve[need_kind[place], line_kind[line]]
                same = need_unit[place] != 0 and need_unit[place] == line_unit[line]
                quantity = fit * _covered(need_quantity[place], line_quantity[line], same)
                amount = fit * _covered(need_amount[place], line_amount[line], True)
                best[0, place] = max(best[0, place], theme)
                best[1, place] = max(best[1, place], fit)
                best[2, place] = max(best[2, place], quantity)
                best[3, place] = max(best[3, place], amount)
        sums = np.zeros(4)
        most = 0.0
        for place in range(needs_count):
            for measure in range(4):
                sums[measure] += need_share[place] * best[measure, place]
            most = max(most, best[1, place])
        out[at, 0] = min(sums[0], 1.0)
        out[at, 1] = best[1, 0]
        out[at, 2] = min(sums[1], 1.0)
        out[at, 3] = most
        out[at, 4] = min(sums[2], 1.0)
        out[at, 5] = min(sums[3], 1.0)
        product = np.int64(0)
        for theme_number in range(text_themes.shape[1]):
            product += np.int64(text_themes[row, theme_number]) * own_near[theme_number]
        out[at, 6] = min(_over(product, own_theme_norm * theme_norm[row]), 1.0)
        total = np.int64(0)
        most_reach = np.int64(0)
        for needed in range(kinds):
            reach = np.int64(0)
            for given in range(kinds):
                reach = max(reach, np.int64(text_kinds[row, given]) * served[needed, given])
            most_reach = max(most_reach, reach)
            total += min(np.int64(100) * np.int64(own_kinds[needed]), reach)
        known = kinds_total > 0 and most_reach > 0
        out[at, 7] = total / (np.int64(100) * kinds_total) if known else UNSURE
        out[at, 8] = field[row] / 100.0
        norms = own_vector_norm * vector_norm[row]
        cosine = LOWEST_COSINE
        if norms > 0.0:
            dot = np.int32(0)
            for number in range(vector.shape[1]):
                dot += np.int32(vector[row, number]) * np.int32(own_vector[number])
            cosine = np.float64(dot) / norms
        out[at, 9] = min(max((cosine - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE), 0.0), 1.0)
        product = np.int64(0)
        common = np.int64(0)
        lost = np.int64(0)
        total = np.int64(0)
        for number in range(concepts.shape[1]):
            concept = concepts[row, number]
            weight = np.int64(concept_weights[row, number])
            mine = own_concepts[concept]
            total += weight
            product += mine * weight
            if own_named[concept]:
                common += weight
            if own_ruled_out[concept]:
                lost += weight
        out[at, 10] = _over(product, own_concept_norm * concept_norm[row])
        out[at, 11] = common / total if total > 0 else 0.0
        own_lost = np.int64(0)
        for number in range(excluded.shape[1]):
            own_lost += own_concepts[excluded[row, number]]
        allowed = 1.0 - (own_lost / own_concept_total if own_concept_total > 0 else 0.0)
        out[at, 12] = min(allowed, 1.0 - (lost / total if total > 0 else 0.0))
        product = np.int64(0)
        for number in range(terms.shape[1]):
            term = np.int64(terms[row, number])
            if term == 0:
                break
            if (own_term_bits[(term >> 6) & 63] >> np.uint64(term & 63)) & np.uint64(1):
                product += own_terms[term] * np.int64(term_weights[row, number])
        out[at, 13] = _over(product, own_term_norm * term_norm[row])
        out[at, 14] = min(max((end - begin + 1) / enough, 0.0), 1.0)
        out[at, 15] = np.float64(unconditional[row])
    return permitted


@_inlined
def _covered(needed, given, comparable):  # type: ignore[no-untyped-def]
    if comparable and needed > 0 and given != -1:
        return min(1.0, np.float64(given) / np.float64(needed))
    return UNSURE


@_inlined
def _over(product, norms):  # type: ignore[no-untyped-def]
    return np.float64(product) / norms if norms > 0.0 else 0.0
