"""The compiled loop over pairs of requests; affinity.py says what its features are.

Whole numbers up to the root and the division, so that the two directions are equal.
"""

import numpy as np

from services.matcher.engine.asks import WHOLE
from services.matcher.engine.bonds import Bond
from services.matcher.engine.compiled import compiled, inlined
from services.matcher.engine.in_common import cosine_of
from services.matcher.engine.kernels import near_themes_of, over

THEMES, KINDS, TEXT_THEMES, CONCEPTS, MEANING, TOGETHER, NEAR = range(7)
_REGION = int(Bond.REGION)


@compiled
def compared(row, rows, asks, texts, bonds, near, concepts, weights, brief):  # type: ignore[no-untyped-def]
    """The features of the request in a row with those in some rows, of those that may join.

    `asks` and `texts` are the tables, `bonds` those of its State by number, `near` which themes
    count for which, `concepts` how many numbers there are for them. `brief` is what the log odds
    are at most without the features that are told at little cost, and what they have to come up to
    of States that are near and of others. Returns which of the rows these are, and their features.
    """
    own = asks[row]
    text = texts[own["text"]]
    themes = near_themes_of(text, near)
    named = np.zeros(concepts, dtype=np.int64)
    for place in range(len(text["concepts"])):
        if text["concepts"][place] != 0:
            named[text["concepts"][place]] = text["concept_weights"][place]
    base, least, least_far = brief
    kept = np.empty(len(rows), dtype=np.int64)
    out = np.empty((len(rows), len(weights)))
    found = 0
    for at in range(len(rows)):
        asked = asks[rows[at]]
        said = texts[asked["text"]]
        told = out[found]
        told[THEMES] = _in_common(own["themes"], asked["themes"])
        told[KINDS] = _in_common(own["kinds"], asked["kinds"])
        product = np.int64(0)
        for theme in range(len(themes)):
            product += np.int64(said["text_themes"][theme]) * themes[theme]
        told[TEXT_THEMES] = min(over(product, said["theme_norm"] * text["theme_norm"]), 1.0)
        told[NEAR] = 1.0 if bonds[asked["state"]] >= _REGION else 0.0
        total = base + weights[NEAR] * told[NEAR]
        for feature in (THEMES, KINDS, TEXT_THEMES):
            total += weights[feature] * told[feature]
        if total < (least_far if told[NEAR] == 0.0 else least):
            continue
        product = np.int64(0)
        for place in range(len(said["concepts"])):
            concept = np.uint16(said["concepts"][place])
            product += named[concept] * np.int64(said["concept_weights"][place])
        told[CONCEPTS] = min(over(product, said["concept_norm"] * text["concept_norm"]), 1.0)
        told[MEANING] = min(cosine_of(said, text), 1.0)
        told[TOGETHER] = _together(own, asked)
        kept[found] = at
        found += 1
    return kept[:found], out[:found]


@inlined
def _in_common(one, other):  # type: ignore[no-untyped-def]
    """What part of both is the same, of parts in thousandths."""
    common = np.int64(0)
    for part in range(len(one)):
        common += min(np.int64(one[part]), np.int64(other[part]))
    return min(np.float64(common) / WHOLE, 1.0)


@inlined
def _together(one, other):  # type: ignore[no-untyped-def]
    """The part of the shorter window on which both stand."""
    first, last = one["from"], one["to"]
    begin, end = other["from"], other["to"]
    days = min(last, end) - max(first, begin) + 1
    shorter = max(min(last - first, end - begin) + 1, 1)
    return min(max(days / shorter, 0.0), 1.0)
