"""The compiled looks from an offer at a large register's requests; shortcut.py says what for.

The other direction of looking.py: here every request tells where its list ends, so it is not the
best that are wanted but all that may come up to their own ends.
"""

import math

import numpy as np

from services.matcher.engine.cells import BLOCK, END
from services.matcher.engine.codes import HUNDRED
from services.matcher.engine.compiled import compiled, fetch, inlined
from services.matcher.engine.estimates import (
    ALLOWED,
    AMOUNT,
    ANY_NEED,
    CONCEPTS,
    FIELD,
    FOCUS,
    MAIN_NEED,
    MEANING,
    NEEDS_SERVED,
    QUANTITY,
    TERMS,
    TEXT_KIND,
    TEXT_THEME,
    THEME,
    TRACK_RECORD,
    UNCODED,
    UNCONDITIONAL,
    WINDOW,
    concept_words,
    day16_of,
    gist_weights,
    meaning_worth,
    ones,
    planes_of,
    terms_told,
    text_worth,
    theme_worth,
    words_alike,
)
from services.matcher.engine.glance import (
    CONCEPT_WORDS,
    GIST,
    KIND_BITS,
    LAST_DAY,
    LINE_BITS,
    LINES,
    MOST_CONCEPT,
    MOST_NAMED,
    MOST_WEIGHT,
    MOST_WHOM,
    NO_LINE,
    OPEN_AT,
    SIGN_WORDS,
    TERMS_AT,
    TO_AT,
    WEIGHT_BITS,
    WHOM_AT,
)
from services.matcher.engine.glance import CONCEPTS as MOST_CONCEPTS
from services.matcher.engine.lines import UNSURE

_AHEAD = 8
"""How many records ahead memory is asked for."""


@compiled
def reached(part, links, places, gists, gist, offer, lines, today, admitted, weights, codes, rooms):  # type: ignore[no-untyped-def]
    """Rows of the requests to whose lists' ends an offer may come up.

    `places` are the cells' columns (row, concepts, named, text, stated, lines, shares, end),
    `offer` is a table of one row, `gist` its own beside the requests' `gists`, the last of
    `weights` the intercept. `rooms` are the log odds by which each of the two looks may fall short
    of an end.
    """
    given = offer[0]
    marks, closeness, serves, near, served = codes
    own = concept_words(given, marks)
    # As many as the set tells, in which some concepts fall together.
    names = 0.0
    for word in range(CONCEPT_WORDS):
        names += ones(own[word])
    tables = (
        _near_worth(given, lines, weights, closeness, serves),
        _fit_worth(given, lines, closeness, serves),
        text_worth(_theme_worth(given, weights, near), _kind_worth(given, weights, served)),
        _shared_worth(names, weights),
    )
    when = (day16_of(max(np.int64(given["from"]), today)), day16_of(np.int64(given["to"])))
    # As if nothing were ruled out and all of the time covered; words and meaning come to it yet.
    base = (
        weights[len(weights) - 1]
        + weights[FIELD] * given["field"] / HUNDRED
        + weights[UNCONDITIONAL] * given["unconditional"]
        + weights[UNCODED] * (1.0 - given["coded"])
        + weights[TRACK_RECORD] * given["record"] / HUNDRED
        + weights[ALLOWED]
        + weights[WINDOW]
    )
    rows, rests, ends = _look(
        part, links, places, when, admitted, own, tables, weights, base, rooms[0]
    )
    planes, vector_length = planes_of(given["vector"])
    meaning, told = np.float32(weights[MEANING]), terms_told(gist)
    mine = gist_weights(given, marks)
    # Of the offer too only what a gist would tell counts, or like texts would not seem alike.
    total_named = squares = np.int64(0)
    for place in range(MOST_CONCEPTS):
        weight = np.int64(given["concept_weights"][place])
        total_named += weight
        squares += weight * weight
    kept = 0
    for at in range(len(rows)):
        if at + _AHEAD < len(rows):
            fetch(gists, np.int64(rows[at + _AHEAD]) * GIST, 0, GIST * 8)
        row = rows[at]
        own_common, product, length = _in_common(gists, row, mine)
        total = rests[at] + meaning_worth(gists, row, planes, vector_length, meaning)
        total += weights[TERMS] * words_alike(gists, row, gist, told)
        if product > 0:
            total += weights[FOCUS] * own_common / total_named
            total += weights[CONCEPTS] * product / math.sqrt(squares * length)
        if total + rooms[1] >= ends[at]:
            rows[kept] = rows[at]
            kept += 1
    return rows[:kept]


@compiled
def _look(part, links, places, when, admitted, own, tables, weights, base, room):  # type: ignore[no-untyped-def]
    """The places that may come up to their ends by their words, with estimates without concepts."""
    blocks, counts, about, every = part
    row_of, concepts_of, named_of, text_of, stated_of, lines_of, shares_of, end_of = places
    first, last = when
    nears, fits, texts, shared = tables
    rows = np.empty(every, dtype=np.int32)
    rests = np.empty(every, dtype=np.float32)
    ends = np.empty(every, dtype=np.float32)
    common = np.empty(BLOCK, dtype=np.uint8)
    lines = nears.max() + fits.max() * (weights[MAIN_NEED] + weights[ANY_NEED])
    kept = 0
    for cell in range(len(blocks)):
        # What every request of a cell speaks of first, it is found under.
        theme = about[cell] << KIND_BITS
        best_text = texts[theme : theme + (1 << KIND_BITS)].max()
        most = np.float32(base + lines + best_text + room)
        block, count = np.int64(blocks[cell]), np.int64(counts[cell])
        while block != END:
            start = block * BLOCK
            for at in range(count):
                both = np.int64(0)
                for word in range(CONCEPT_WORDS):
                    both += ones(concepts_of[start + at, word] & own[word])
                common[at] = both
            for at in range(count):
                place = start + at
                alike = np.float32(common[at]) * shared[named_of[place]]
                if most + alike < end_of[place]:
                    continue
                stated = stated_of[place]
                begin = np.int64(stated & np.uint64(LAST_DAY))
                end = np.int64((stated >> np.uint64(TO_AT)) & np.uint64(LAST_DAY))
                whom = np.int64((stated >> np.uint64(WHOM_AT)) & np.uint64(MOST_WHOM))
                if not stated >> np.uint64(OPEN_AT) or begin > last or end < first:
                    continue
                if whom != MOST_WHOM and not admitted[whom]:
                    continue
                codes = lines_of[place]
                rest = base + texts[text_of[place]] + weights[MAIN_NEED] * fits[codes & NO_LINE]
                best = np.float32(0.0)
                for line in range(LINES):
                    code = (codes >> np.uint32(line * LINE_BITS)) & np.uint32(NO_LINE)
                    rest += nears[code] * np.float32(shares_of[place, line]) / 255.0
                    best = max(best, fits[code])
                rest += weights[ANY_NEED] * best
                if rest + alike + room >= end_of[place]:
                    rows[kept] = row_of[place]
                    rests[kept] = rest
                    ends[kept] = end_of[place]
                    kept += 1
            block, count = np.int64(links[block]), np.int64(BLOCK)
    return rows[:kept], rests[:kept], ends[:kept]


@inlined
def _in_common(gists, row, mine):  # type: ignore[no-untyped-def]
    """Of the concepts in a row's gist: another's weight of those that it names too, the product of
    both weights, and the sum of the squares of all."""
    own_common = product = length = np.int64(0)
    for word in range(SIGN_WORDS, TERMS_AT):
        packed = gists[row, word]
        for _ in range(4):
            weight = np.int64(packed & np.uint64(MOST_WEIGHT))
            own = np.int64(mine[(packed >> np.uint64(WEIGHT_BITS)) & np.uint64(MOST_CONCEPT)])
            packed >>= np.uint64(16)
            own_common += own * (weight > 0)
            product += weight * own
            length += weight * weight
    return own_common, product, length


@compiled
def _near_worth(given, lines, weights, closeness, serves):  # type: ignore[no-untyped-def]
    """What the provisions do for a need that is all that is asked for, by its code."""
    worth = np.zeros(1 << LINE_BITS, dtype=np.float32)
    part = weights[NEEDS_SERVED] + UNSURE * (weights[QUANTITY] + weights[AMOUNT])
    for theme in range(closeness.shape[0]):
        for kind in range(serves.shape[0]):
            close = fit = 0.0
            for place in range(np.int64(given["line_count"])):
                line = lines[given["first_line"] + place]
                this = closeness[theme, line["theme"]] * line["strength"]
                close = max(close, this)
                fit = max(fit, this * serves[kind, line["kind"]])
            worth[theme << KIND_BITS | kind] = weights[THEME] * close + part * fit
    return worth


@compiled
def _fit_worth(given, lines, closeness, serves):  # type: ignore[no-untyped-def]
    """How well the best provision serves a need, by its code."""
    worth = np.zeros(1 << LINE_BITS, dtype=np.float32)
    for theme in range(closeness.shape[0]):
        for kind in range(serves.shape[0]):
            fit = 0.0
            for place in range(np.int64(given["line_count"])):
                line = lines[given["first_line"] + place]
                close = closeness[theme, line["theme"]] * line["strength"]
                fit = max(fit, close * serves[kind, line["kind"]])
            worth[theme << KIND_BITS | kind] = fit
    return worth


@compiled
def _theme_worth(given, weights, near):  # type: ignore[no-untyped-def]
    """What likeness to a text is worth that speaks most of a theme, for each: of all that a text
    speaks of no look tells more, so what is most alike counts as if it were quite alike."""
    worth = theme_worth(given, weights, near)
    most = worth.max()
    if most > 0.0:
        worth *= np.float32(weights[TEXT_THEME] / most)
    return worth


@compiled
def _kind_worth(given, weights, served):  # type: ignore[no-untyped-def]
    """The same for the kinds that an offer's text serves."""
    worth = np.zeros(256, dtype=np.float32)
    offered = given["text_kinds"]
    for kind in range(len(offered)):
        reach = np.int64(0)
        for other in range(len(offered)):
            reach = max(reach, np.int64(offered[other]) * served[kind, other])
        worth[kind] = reach
    most = worth.max()
    if most > 0.0:
        worth *= np.float32(weights[TEXT_KIND] / most)
        worth[len(offered)] = weights[TEXT_KIND] * UNSURE
    else:
        worth[:] = weights[TEXT_KIND] * UNSURE
    return worth


@compiled
def _shared_worth(names, weights):  # type: ignore[no-untyped-def]
    """What each concept that both name is worth, by how many a request names; `names` the offer."""
    worth = np.empty(MOST_NAMED + 1, dtype=np.float32)
    for asked in range(MOST_NAMED + 1):
        cosine = 1.0 / math.sqrt(max(float(asked), 1.0) * max(names, 1.0))
        worth[asked] = weights[FOCUS] / max(names, 1.0) + weights[CONCEPTS] * cosine
    return worth
