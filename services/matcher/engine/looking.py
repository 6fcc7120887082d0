"""The compiled looks at a large register; shortcut.py says what they are for, glance.py at what."""

import numpy as np

from services.matcher.engine.cells import BLOCK, END
from services.matcher.engine.compiled import admits, compiled, fetch, inlined
from services.matcher.engine.estimates import (
    CONCEPTS,
    FOCUS,
    STEP,
    STEPS,
    TERMS,
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
    terms_told,
    text_worth,
    theme_worth,
    words_alike,
)
from services.matcher.engine.glance import (
    GIST,
    KIND_BITS,
    LAST_DAY,
    LINE_BITS,
    LINES,
    MOST_WHOM,
    NO_LINE,
    OPEN_AT,
    TO_AT,
    WHOM_AT,
)

_AHEAD = 8
"""How many records ahead memory is asked for."""


@compiled
def candidates(  # type: ignore[no-untyped-def]
    part, links, places, gists, gist, request, lines, today, admission, weights, codes, most
):
    """Rows of the offers that look best for a request, at two looks.

    `part` and `links` tell which `places` to look at (columns of the cells: row, concepts, named,
    text, field, stated, lines); `request` is a table of one row, `gist` its own among the offers'
    `gists`; `most` how many get a second look, and how many are returned, with all that look as
    good as the last of them.
    """
    asked = request[0]
    marks, closeness, serves, near, served = codes
    own = concept_words(asked, marks)
    themes = theme_worth(asked, weights, near)
    tables = (
        line_worth(asked, lines, weights, closeness, serves),
        text_worth(themes, kind_worth(asked, weights, served)),
        field_worth(weights),
        named_worth(asked, weights),
    )
    when = (day16_of(max(np.int64(asked["from"]), today)), day16_of(np.int64(asked["to"])))
    order = _promising(part, themes, tables[0])
    rows, rests, steps, least = _look(
        part, order, links, places, when, admission, own, tables, most[0]
    )
    rows, rests = _once(rows, rests, steps, least)
    return _look_again(rows, rests, gists, gist, asked, marks, weights, most[1])


@inlined
def _promising(part, themes, lines):  # type: ignore[no-untyped-def]
    """The cells in the order in which they are looked at: the sooner the best are seen, the less
    of the others has to be."""
    worth = np.empty(len(part.themes), dtype=np.float32)
    for cell in range(len(worth)):
        theme = part.themes[cell]
        first = theme << KIND_BITS
        worth[cell] = themes[theme] + lines[first : first + (1 << KIND_BITS)].max()
    return np.argsort(-worth)


@inlined
def _look(part, order, links, places, when, admission, own, tables, most):  # type: ignore[no-untyped-def]
    """Estimate places from their words alone, those that are barred or that cannot come up to
    the `most` best no further than needed to see that.

    Returns, of those that came up to the best so far: rows, estimates without the concepts, and
    with them, in steps; and the least step of the best in the end.
    """
    row_of, concepts_of, named_of, text_of, field_of, stated_of, lines_of = places
    first, last = when
    lines, texts, fields, named = tables
    every = np.int64(0)
    for cell in range(len(part.blocks)):
        block, count = np.int64(part.blocks[cell]), np.int64(part.counts[cell])
        while block != END:
            every += count
            block, count = np.int64(links[block]), np.int64(BLOCK)
    rows = np.empty(every, dtype=np.int32)
    rests = np.empty(every, dtype=np.float32)
    steps = np.empty(every, dtype=np.int16)
    often = np.zeros(STEPS, dtype=np.int32)
    told = np.empty(BLOCK, dtype=np.float32)
    most_lines = lines.max()
    kept = above = np.int64(0)
    least = np.int64(1)
    for cell in order:
        block, count = np.int64(part.blocks[cell]), np.int64(part.counts[cell])
        while block != END:
            start, following = block * BLOCK, np.int64(links[block])
            if following != END:
                fetch(concepts_of, 2 * following * BLOCK, 0, 16 * BLOCK)
                fetch(named_of, following * BLOCK, 0, BLOCK)
                fetch(text_of, following * BLOCK, 0, BLOCK)
                fetch(field_of, following * BLOCK, 0, BLOCK)
            for at in range(count):
                place = start + at
                common = ones(concepts_of[place, 0] & own[0]) + ones(concepts_of[place, 1] & own[1])
                told[at] = (
                    texts[text_of[place]]
                    + fields[field_of[place]]
                    + np.float32(common) * named[named_of[place]]
                )
            for at in range(count):
                # The lines come last in the sum, so with the best of them it is a safe bound.
                if STEP * (told[at] + most_lines) < least:
                    continue
                place = start + at
                stated = stated_of[place]
                begin = np.int64(stated & np.uint64(LAST_DAY))
                end = np.int64((stated >> np.uint64(TO_AT)) & np.uint64(LAST_DAY))
                if not stated >> np.uint64(OPEN_AT) or begin > last or end < first:
                    continue
                codes = lines_of[place]
                best = np.float32(0.0)
                for shift in range(0, LINES * LINE_BITS, LINE_BITS):
                    best = max(best, lines[(codes >> np.uint32(shift)) & np.uint32(NO_LINE)])
                step = step_of(told[at] + best)
                if step < least:
                    continue
                whom = np.int64((stated >> np.uint64(WHOM_AT)) & np.uint64(MOST_WHOM))
                if whom != MOST_WHOM and not admits(admission, whom):
                    continue
                rows[kept] = row_of[place]
                rests[kept] = texts[text_of[place]] + fields[field_of[place]] + best
                steps[kept] = step
                kept += 1
                often[step] += 1
                above += 1
                while above - often[least] >= most:
                    above -= often[least]
                    least += 1
            block, count = following, np.int64(BLOCK)
    return rows[:kept], rests[:kept], steps[:kept], least


@inlined
def _once(rows, rests, steps, least):  # type: ignore[no-untyped-def]
    """The rows whose estimate is from `least` on, each once, though it stand in several cells."""
    size = 1024
    while size < 2 * np.count_nonzero(steps >= least):
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
def _look_again(rows, rests, gists, own, asked, marks, weights, most):  # type: ignore[no-untyped-def]
    """The rows whose estimates are the `most` best, with what the offers' gists tell."""
    apart, told = apart_worth(weights), terms_told(own)
    mine = gist_weights(asked, marks)
    words, focus = np.float32(weights[TERMS]), np.float32(weights[FOCUS])
    alike = np.float32(weights[CONCEPTS] / max(asked["concept_norm"], 1.0))
    often = np.zeros(STEPS, dtype=np.int32)
    steps = np.empty(len(rows), dtype=np.int16)
    for at in range(len(rows)):
        if at + _AHEAD < len(rows):
            fetch(gists, np.int64(rows[at + _AHEAD]) * GIST, 0, GIST * 8)
        row = rows[at]
        total = rests[at] + apart[signs_apart(gists, row, own)]
        total += words * words_alike(gists, row, own, told)
        common, product, named, length = in_gist(gists, row, mine)
        if common > 0:
            total += focus * np.float32(common) / np.float32(named)
            total += alike * np.float32(product) / np.sqrt(np.float32(length))
        steps[at] = step_of(total)
        often[steps[at]] += 1
    least, above = np.int64(STEPS - 1), np.int64(often[STEPS - 1])
    while above < most and least > 0:
        least -= 1
        above += often[least]
    return rows[steps >= least]
