"""The compiled looks at a large register; shortcut.py says what they are for, glance.py at what."""

import math

import numpy as np

from services.matcher.engine.cells import BLOCK, END
from services.matcher.engine.compiled import GIST_END, compiled, fetch, inlined
from services.matcher.engine.estimates import (
    CONCEPTS,
    FOCUS,
    STEP,
    STEPS,
    TERMS,
    UNCODED,
    apart_worth,
    concept_words,
    day16_of,
    field_worth,
    gist_weights,
    in_gist,
    kind_worth,
    line_worth,
    named_worth,
    ones,
    signs_apart,
    step_of,
    theme_worth,
    words_alike,
)
from services.matcher.engine.glance import (
    CONCEPT_WORDS,
    FIELD_AT,
    KIND_AT,
    LAST_DAY,
    LINE_BITS,
    LINES,
    MOST_NAMED,
    MOST_WHOM,
    NO_LINE,
    OPEN_AT,
    THEME_AT,
    TO_AT,
    UNCODED_AT,
    WHOM_AT,
)

_AHEAD = 8
"""How many records ahead memory is asked for."""


@compiled
def candidates(part, links, places, offers, request, lines, today, admitted, weights, codes, most):  # type: ignore[no-untyped-def]
    """Rows of the offers that look best for a request, at two looks.

    `part` and `links` tell which `places` to look at (columns of the cells: row, stated, told,
    concepts, named); `request` is a table of one row; `most` how many get a second look, and how
    many are returned, with all that look as good as the last of them.
    """
    asked = request[0]
    marks, closeness, serves, near, served = codes
    own = concept_words(asked, marks)
    tables = (
        line_worth(asked, lines, weights, closeness, serves),
        theme_worth(asked, weights, near),
        kind_worth(asked, weights, served),
        field_worth(weights),
        named_worth(asked, weights),
        np.array([0.0, weights[UNCODED]], dtype=np.float32),
    )
    when = (day16_of(max(np.int64(asked["from"]), today)), day16_of(np.int64(asked["to"])))
    rows, rests, steps, least = _look(part, links, places, when, admitted, own, tables, most[0])
    rows, rests = _once(rows, rests, steps, least)
    return _look_again(rows, rests, offers, asked, marks, weights, most[1])


@inlined
def _look(part, links, places, when, admitted, own, tables, most):  # type: ignore[no-untyped-def]
    """Estimate places from their words alone, those that are barred or that cannot come up to
    the `most` best no further than needed to see that.

    Returns, of those that came up to the best so far: rows, estimates without the concepts, and
    with them, in steps; and the least step of the best in the end.
    """
    blocks, counts, _ = part
    row_of, stated_of, told_of, concepts_of, named_of = places
    first, last = when
    lines, themes, kinds, fields, named, uncoded = tables
    every = np.int64(0)
    for cell in range(len(blocks)):
        block, count = np.int64(blocks[cell]), np.int64(counts[cell])
        while block != END:
            every += count
            block, count = np.int64(links[block]), np.int64(BLOCK)
    rows = np.empty(every, dtype=np.int32)
    rests = np.empty(every, dtype=np.int16)
    steps = np.empty(every, dtype=np.int16)
    often = np.zeros(STEPS, dtype=np.int32)
    common = np.empty(BLOCK, dtype=np.uint8)
    # The least number of common concepts that may still do, by how many an offer names.
    needed = np.zeros(MOST_NAMED + 1, dtype=np.uint8)
    most_rest = lines.max() + themes.max() + kinds.max() + fields.max() + uncoded.max()
    kept = np.int64(0)
    above = np.int64(0)
    least = np.int64(1)
    for cell in range(len(blocks)):
        block, count = np.int64(blocks[cell]), np.int64(counts[cell])
        while block != END:
            start = block * BLOCK
            for at in range(count):
                shared = np.int64(0)
                for word in range(CONCEPT_WORDS):
                    shared += ones(concepts_of[start + at, word] & own[word])
                common[at] = shared
            for names in range(MOST_NAMED + 1):
                while (
                    needed[names] < 255
                    and step_of(most_rest + np.float32(needed[names]) * named[names]) < least
                ):
                    needed[names] += 1
            for at in range(count):
                place = start + at
                names = named_of[place]
                if common[at] < needed[names]:
                    continue
                stated = stated_of[place]
                begin = np.int64(stated & np.uint64(LAST_DAY))
                end = np.int64((stated >> np.uint64(TO_AT)) & np.uint64(LAST_DAY))
                whom = np.int64((stated >> np.uint64(WHOM_AT)) & np.uint64(MOST_WHOM))
                if not stated >> np.uint64(OPEN_AT) or begin > last or end < first:
                    continue
                if whom != MOST_WHOM and not admitted[whom]:
                    continue
                told = told_of[place]
                best = np.float32(0.0)
                for shift in range(0, LINES * LINE_BITS, LINE_BITS):
                    best = max(best, lines[(told >> np.uint64(shift)) & np.uint64(NO_LINE)])
                rest = (
                    best
                    + themes[(told >> np.uint64(THEME_AT)) & np.uint64(0xFF)]
                    + kinds[(told >> np.uint64(KIND_AT)) & np.uint64(0xFF)]
                    + fields[(stated >> np.uint64(FIELD_AT)) & np.uint64(0x7F)]
                    + uncoded[(told >> np.uint64(UNCODED_AT)) & np.uint64(1)]
                )
                step = step_of(rest + np.float32(common[at]) * named[names])
                if step < least:
                    continue
                rows[kept] = row_of[place]
                rests[kept] = step_of(rest)
                steps[kept] = step
                kept += 1
                often[step] += 1
                above += 1
                while above - often[least] >= most:
                    above -= often[least]
                    least += 1
            block, count = np.int64(links[block]), np.int64(BLOCK)
    return rows[:kept], rests[:kept], steps[:kept], least


@inlined
def _once(rows, rests, steps, least):  # type: ignore[no-untyped-def]
    """The rows whose estimate is from `least` on, each once, though it stand in several cells."""
    size = 1024
    while size < 4 * np.count_nonzero(steps >= least):
        size *= 2
    seen = np.full(size, -1, dtype=np.int32)
    kept = 0
    for at in range(len(rows)):
        if steps[at] < least:
            continue
        slot = (np.int64(rows[at]) * 40503) & (size - 1)
        while seen[slot] != -1 and seen[slot] != rows[at]:
            slot = (slot + 1) & (size - 1)
        if seen[slot] == -1:
            seen[slot] = rows[at]
            rows[kept] = rows[at]
            rests[kept] = rests[at]
            kept += 1
    return rows[:kept], rests[:kept]


@inlined
def _look_again(rows, rests, offers, asked, marks, weights, most):  # type: ignore[no-untyped-def]
    """The rows whose estimates are the `most` best, with what the offers' gist tells."""
    apart = apart_worth(weights)
    own = asked["gist"]
    mine, norm = gist_weights(asked, marks), asked["concept_norm"]
    often = np.zeros(STEPS, dtype=np.int32)
    steps = np.empty(len(rows), dtype=np.int16)
    for at in range(len(rows)):
        if at + _AHEAD < len(rows):
            fetch(offers, rows[at + _AHEAD], 0, GIST_END)
        gist = offers[rows[at]]["gist"]
        common, product, named, length = in_gist(gist, mine)
        total = apart[signs_apart(gist, own)] + weights[TERMS] * words_alike(gist, own)
        if common > 0:
            total += weights[FOCUS] * common / named
            total += weights[CONCEPTS] * product / (norm * math.sqrt(length))
        steps[at] = min(STEPS - 1, rests[at] + np.int64(STEP * total))
        often[steps[at]] += 1
    least, above = np.int64(STEPS - 1), np.int64(often[STEPS - 1])
    while above < most and least > 0:
        least -= 1
        above += often[least]
    return rows[steps >= least]
