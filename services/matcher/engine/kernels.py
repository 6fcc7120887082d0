"""The compiled loops over a large register; shortcut.py says what they are for.

Plain loops over columns, without objects: Numba compiles them when they are first called. No order
of adding depends on the order of rows, so an estimate is the same wherever it is reckoned.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from services.matcher.engine.features import FEATURES, HIGHEST_COSINE, LOWEST_COSINE
from services.matcher.engine.lines import UNSURE

BARRED = -1e9
"""The estimate of what may not be proposed."""

_compiled: Any = njit(nogil=True)

_THEME, _MAIN, _NEEDS, _ANY, _AMOUNT, _TEXT, _FIELD, _MEANING, _CONCEPTS, _FOCUS, _FREE = (
    FEATURES.index(name)
    for name in (
        "theme",
        "main_need",
        "needs_served",
        "any_need",
        "amount",
        "text_theme",
        "field",
        "meaning",
        "concepts",
        "focus",
        "unconditional",
    )
)


@_compiled
def glance(rows, glances, own, admitted, first, last, text_near, near, serve, shares, weights, out):  # type: ignore[no-untyped-def]
    own_named = _ones(own[2]) + _ones(own[3])
    for at in range(len(rows)):
        seen = glances[rows[at]]
        out[at] = BARRED
        kind = np.int64(seen[0] & np.uint64(0xFFFF_FFFF))
        if not seen[0] >> np.uint64(63) or not admitted[kind]:
            continue
        begin = np.int64(seen[1] & np.uint64(0xF_FFFF))
        end = np.int64((seen[1] >> np.uint64(20)) & np.uint64(0xF_FFFF))
        if min(end, last) < max(begin, first):
            continue
        kinds = np.int64((seen[0] >> np.uint64(39)) & np.uint64(0x1F))
        themes = np.int64(seen[1] >> np.uint64(40))
        best_text, best_any = 0.0, 0.0
        total = 0.0
        for shift in range(0, 20, 5):
            theme = (themes >> shift) & 31
            if theme < len(text_near):
                best_text = max(best_text, text_near[theme])
        total += weights[_TEXT] * best_text
        for place in range(len(shares)):
            best_theme = 0.0
            for shift in range(0, 20, 5):
                theme = (themes >> shift) & 31
                if theme < len(text_near):
                    best_theme = max(best_theme, near[place, theme])
            fit = best_theme * serve[place, kinds]
            total += shares[place] * (
                weights[_THEME] * best_theme + (weights[_NEEDS] + UNSURE * weights[_AMOUNT]) * fit
            )
            if place == 0:
                total += weights[_MAIN] * fit
            if shares[place] > 0.0:
                best_any = max(best_any, fit)
        total += weights[_ANY] * best_any
        total += weights[_FIELD] * np.float64((seen[0] >> np.uint64(32)) & np.uint64(0x7F)) / 100.0
        named = _ones(seen[2]) + _ones(seen[3])
        if named and own_named:
            common = _ones(seen[2] & own[2]) + _ones(seen[3] & own[3])
            total += weights[_FOCUS] * common / named
            total += weights[_CONCEPTS] * common / math.sqrt(named * own_named)
        apart = 0
        for word in range(4, 8):
            apart += _ones(seen[word] ^ own[word])
        # Signs that agree tell the angle between two vectors (Charikar 2002).
        cosine = math.cos(math.pi * apart / 256.0)
        meaning = (cosine - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE)
        out[at] = total + weights[_MEANING] * min(max(meaning, 0.0), 1.0)


@_compiled
def _ones(word):  # type: ignore[no-untyped-def]
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + (
        (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    )
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@_compiled
def estimate(  # type: ignore[no-untyped-def]
    rows,
    here,
    first,
    last,
    eligibility,
    text_themes,
    theme_norm,
    field,
    vector,
    vector_norm,
    concepts,
    concept_weights,
    concept_norm,
    unconditional,
    first_line,
    line_count,
    line_theme,
    line_kind,
    line_strength,
    line_amount,
    line_first,
    line_last,
    admitted,
    own_first,
    own_last,
    today,
    own_near,
    own_theme_norm,
    own_vector,
    own_vector_norm,
    own_concepts,
    own_concept_norm,
    need_theme,
    need_kind,
    need_share,
    need_amount,
    need_window,
    near,
    serve,
    weights,
    out,
):
    for at in range(len(rows)):
        row = rows[at]
        out[at] = BARRED
        if not here[row] or not admitted[eligibility[row]]:
            continue
        if min(last[row], own_last) < max(first[row], own_first, today):
            continue
        total = weights[_FIELD] * field[row] / 100.0 + weights[_FREE] * unconditional[row]
        if own_theme_norm > 0.0 and theme_norm[row] > 0.0:
            product = np.int64(0)
            for theme in range(text_themes.shape[1]):
                product += np.int64(text_themes[row, theme]) * own_near[theme]
            total += weights[_TEXT] * product / (own_theme_norm * theme_norm[row])
        product, common, named = np.int64(0), np.int64(0), np.int64(0)
        for place in range(concepts.shape[1]):
            weight = np.int64(concept_weights[row, place])
            own = own_concepts[concepts[row, place]]
            named += weight
            product += weight * own
            if own > 0:
                common += weight
        if named > 0:
            total += weights[_FOCUS] * common / named
            if own_concept_norm > 0.0:
                total += weights[_CONCEPTS] * product / (own_concept_norm * concept_norm[row])
        if own_vector_norm > 0.0 and vector_norm[row] > 0.0:
            dot = np.int32(0)
            for place in range(vector.shape[1]):
                dot = np.int32(dot + np.int32(vector[row, place]) * own_vector[place])
            cosine = dot / (own_vector_norm * vector_norm[row])
            meaning = (cosine - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE)
            total += weights[_MEANING] * min(max(meaning, 0.0), 1.0)
        best_any = 0.0
        for place in range(len(need_theme)):
            if need_share[place] <= 0.0:
                continue
            best_theme, best_fit, best_amount = 0.0, 0.0, 0.0
            for line in range(first_line[row], first_line[row] + line_count[row]):
                begin = max(line_first[line], need_window[place, 0], today)
                if min(line_last[line], need_window[place, 1]) < begin:
                    continue
                close = near[need_theme[place], line_theme[line]] * line_strength[line]
                fit = close * serve[need_kind[place], line_kind[line]]
                covered = UNSURE
                if need_amount[place] > 0 and line_amount[line] >= 0:
                    covered = min(1.0, line_amount[line] / need_amount[place])
                best_theme = max(best_theme, close)
                best_fit = max(best_fit, fit)
                best_amount = max(best_amount, fit * covered)
            total += need_share[place] * (
                weights[_THEME] * best_theme
                + weights[_NEEDS] * best_fit
                + weights[_AMOUNT] * best_amount
            )
            if place == 0:
                total += weights[_MAIN] * best_fit
            best_any = max(best_any, best_fit)
        out[at] = total + weights[_ANY] * best_any
