"""The compiled loop over records of one side that may be the same as one of them.

What is quickly told comes first; what is not looked at yet counts as if all of it were in common,
so nothing is left out that could reach what is asked for. Each value is as shared.likeness.features
has it, whose weights these are.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import compiled, inlined
from services.matcher.engine.estimates import signs_apart
from services.matcher.engine.glance import SIGN_BITS
from services.matcher.engine.profiles import ALWAYS
from shared.likeness.features import (
    FEATURES,
    FIRST_ALONE,
    LONG,
    SILENT,
    TELLS_ALL,
    TOLERANCE,
    UNKNOWN,
)

_MISLED = 57
"""Signs that may differ more than the angle asks for, of 512: five times what is usual."""
_OWNER, _WINDOW, _MEANING, _NUMBERS, _NAMED, _PHASE, _SITES, _CHANNEL, _LANGUAGE = (
    FEATURES.index(name)
    for name in (
        *("owner", "window", "meaning", "numbers", "named", "phase", "sites"),
        *("channel", "language"),
    )
)
_ALWAYS_FIRST, _ALWAYS_LAST = ALWAYS
_UNDECIDED = sum(
    1 << at
    for at, name in enumerate(FEATURES)
    if name in ("lines", "quantities", "money", "concepts", "words")
)


class Resembling(NamedTuple):
    """Rows, the cosines of their vectors with the one row's (0 for those below 0), and what may be
    missing of their concepts in log odds."""

    rows: npt.NDArray[np.int64]
    cosines: npt.NDArray[np.float64]
    spare: npt.NDArray[np.float64]


def resembling(
    rows: Any, records: Any, gists: Any, row: int, weights: Any, least: float
) -> Resembling:
    """Of some rows those that may have log odds from `least` on of being the same as `row`.

    `weights` are the classifier's, the intercept last. The rows stay in their order.
    """
    told = np.cos(
        np.pi * np.clip(np.arange(SIGN_BITS + 1) - _MISLED, 0, SIGN_BITS // 2) / SIGN_BITS
    )
    return Resembling(*_resembling(rows, records, gists, row, weights, least, told))


@compiled
def _resembling(rows, records, gists, row, weights, least, told):  # type: ignore[no-untyped-def]
    one = records[row]
    rest = weights[len(FEATURES)]
    for at in range(len(FEATURES)):
        if (_UNDECIDED >> at) & 1:
            rest += weights[at]
    kept = np.empty(len(rows), dtype=np.int64)
    cosines = np.empty(len(rows), dtype=np.float64)
    spare = np.empty(len(rows), dtype=np.float64)
    count = 0
    for candidate in rows:
        other = records[candidate]
        if candidate == row:
            continue
        same = one["owner"] == other["owner"]
        days = _window(one, other)
        total = rest + weights[_WINDOW] * (UNKNOWN if days < 0.0 else days)
        total += weights[_OWNER] if same else weights[_NAMED]
        phase = _phase(one["phases"], other["phases"]) if days else 0.0
        total += weights[_PHASE] * phase
        total += weights[_CHANNEL] * _apart(one["channel"], other["channel"])
        total += weights[_LANGUAGE] * _apart(one["language"], other["language"])
        others = weights[_NUMBERS] + weights[_SITES]
        differ = signs_apart(gists, candidate, gists[row])
        if total + others + weights[_MEANING] * told[differ] < least:
            continue
        if not same and not _named(one, other):
            total -= weights[_NAMED]
        total += weights[_NUMBERS] * _numbers(one["numbers"], other["numbers"])
        total += weights[_SITES] * _sites(one["sites"], other["sites"])
        if total + weights[_MEANING] * told[differ] < least:
            continue
        cosine = _cosine(one, other)
        total += weights[_MEANING] * cosine
        if total < least:
            continue
        kept[count] = candidate
        cosines[count] = cosine
        spare[count] = total - least
        count += 1
    return kept[:count], cosines[:count], spare[:count]


@inlined
def _window(one, other):  # type: ignore[no-untyped-def]
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
def _cosine(one, other):  # type: ignore[no-untyped-def]
    lengths = one["vector_norm"] * other["vector_norm"]
    product = np.int64(0)
    for at in range(len(one["vector"])):
        product += np.int64(one["vector"][at]) * np.int64(other["vector"][at])
    return product / lengths if lengths > 0.0 and product > 0 else 0.0


@inlined
def _numbers(ones, others):  # type: ignore[no-untyped-def]
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
def _phase(one, other):  # type: ignore[no-untyped-def]
    if one == other or one & other:
        return 1.0
    return 0.5 if one | other == FIRST_ALONE else 0.0


@inlined
def _apart(one, other):  # type: ignore[no-untyped-def]
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
def _sites(ones, others):  # type: ignore[no-untyped-def]
    if ones[0] == 0 or others[0] == 0:
        return 1.0
    return _less(1.0, 2.0 * _common(ones, others) / _less(_filled(ones), _filled(others)))


@inlined
def _named(one, other):  # type: ignore[no-untyped-def]
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
