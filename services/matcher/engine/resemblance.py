"""The compiled loop over records of one side that may be the same as one of them.

What is quickly told comes first; what is not looked at yet counts as if all of it were in common,
so nothing is left out that could reach what is asked for. Each value is as shared.likeness.features
has it, whose weights these are.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import compiled
from services.matcher.engine.estimates import signs_apart
from services.matcher.engine.glance import SIGN_BITS
from services.matcher.engine.in_common import (
    apart,
    concept_table,
    concepts_in_common,
    cosine_of,
    lines_in_common,
    names_owner,
    numbers_in_common,
    phase_in_common,
    sites_in_common,
    term_table,
    window_in_common,
    words_in_common,
)
from shared.likeness.features import FEATURES, UNKNOWN

_MISLED = 57
"""Signs that may differ more than the angle asks for, of 512: five times what is usual."""
_OWNER, _WINDOW, _MEANING, _NUMBERS, _NAMED, _PHASE, _SITES, _CHANNEL, _LANGUAGE = (
    FEATURES.index(name)
    for name in (
        *("owner", "window", "meaning", "numbers", "named", "phase", "sites"),
        *("channel", "language"),
    )
)
_LINES, _QUANTITIES, _MONEY, _CONCEPTS, _WORDS = (
    FEATURES.index(name) for name in ("lines", "quantities", "money", "concepts", "words")
)


class Resembling(NamedTuple):
    """Rows, and the cosines of their vectors with the one row's (0 for those below 0)."""

    rows: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float64]


def resembling(
    rows: Any, records: Any, lines: Any, gists: Any, row: int, weights: Any, least: float
) -> Resembling:
    """Of some rows those that may have log odds from `least` on of being the same as `row`.

    `weights` are the classifier's, the intercept last. The rows stay in their order.
    """
    told = np.cos(
        np.pi * np.clip(np.arange(SIGN_BITS + 1) - _MISLED, 0, SIGN_BITS // 2) / SIGN_BITS
    )
    return Resembling(*_resembling(rows, records, lines, gists, row, weights, least, told))


@compiled
def _resembling(rows, records, lines, gists, row, weights, least, told):  # type: ignore[no-untyped-def]
    one = records[row]
    concepts, concept_length = concept_table(one)
    terms, term_length = term_table(one)
    rest = weights[len(FEATURES)]
    for at in (_LINES, _QUANTITIES, _MONEY, _CONCEPTS, _WORDS):
        rest += weights[at]
    kept = np.empty(len(rows), dtype=np.int64)
    cosines = np.empty(len(rows), dtype=np.float64)
    count = 0
    for candidate in rows:
        other = records[candidate]
        if candidate == row:
            continue
        same = one["owner"] == other["owner"]
        days = window_in_common(one, other)
        total = rest + weights[_WINDOW] * (UNKNOWN if days < 0.0 else days)
        total += weights[_OWNER] if same else weights[_NAMED]
        phase = phase_in_common(one["phases"], other["phases"]) if days else 0.0
        total += weights[_PHASE] * phase
        total += weights[_CHANNEL] * apart(one["channel"], other["channel"])
        total += weights[_LANGUAGE] * apart(one["language"], other["language"])
        others = weights[_NUMBERS] + weights[_SITES]
        differ = signs_apart(gists, candidate, gists[row])
        if total + others + weights[_MEANING] * told[differ] < least:
            continue
        if not same and not names_owner(one, other):
            total -= weights[_NAMED]
        total += weights[_NUMBERS] * numbers_in_common(one["numbers"], other["numbers"])
        total += weights[_SITES] * sites_in_common(one["sites"], other["sites"])
        if total + weights[_MEANING] * told[differ] < least:
            continue
        cosine = cosine_of(one, other)
        total += weights[_MEANING] * cosine
        if total < least:
            continue
        total -= weights[_CONCEPTS] * (1.0 - concepts_in_common(concepts, concept_length, other))
        if total < least:
            continue
        common, matched = lines_in_common(one, other, lines)
        total -= weights[_LINES] * (1.0 - common)
        if matched == 0:  # numbers of lines tell nothing then; those of all together may
            total -= (weights[_QUANTITIES] + weights[_MONEY] / 2.0) * (1.0 - UNKNOWN)
        if total < least:
            continue
        total -= weights[_WORDS] * (1.0 - words_in_common(terms, term_length, other))
        if total < least:
            continue
        kept[count] = candidate
        cosines[count] = cosine
        count += 1
    return kept[:count], cosines[:count]
