"""The compiled looks at a large register; shortcut.py says what they are for, glance.py at what.

Two threads may look at once, each in one call: the first to come leads, another helps. Between
loops they wait for one another by what they count on a board, awake, for no loop takes long.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.cells import BLOCK, END
from services.matcher.engine.compiled import (
    CACHE_LINE,
    admits,
    ahead,
    ascending,
    claimed,
    compiled,
    fetch,
    fresh,
    inlined,
    watch,
)
from services.matcher.engine.estimates import (
    CONCEPTS,
    FOCUS,
    MEANING,
    STEP,
    STEPS,
    TERMS,
    concept_words,
    day16_of,
    field_worth,
    gist_weights,
    in_gist,
    kind_worth,
    line_worth,
    meaning_worth,
    named_worth,
    ones,
    planes_of,
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

_SAMPLED, _WORTH_SAMPLING, _MARGIN = 16, 4, 1.25
"""Of each so many blocks one is a sample, if there are so many times more places than are wanted;
so much deeper than by its size it is looked in for where the best begin."""
_BLOCKS_AT_ONCE, _ROWS_AT_ONCE = 8, 128
"""How much a thread takes at a time, of what several look at."""
_AHEAD = 8
"""How many records ahead memory is asked for."""

SEATS, LEAST, BLOCKS, SEEN, ABOVE, LOOKED = range(6)
"""What is counted on a board: who has come; 1 and the step at which the best begin by a sample, as
soon as that is known; blocks taken; rows that the helper has seen, how many of them come up to the
best, whether it has done."""
ONCE, ROWS, ESTIMATED = range(6, 9)
"""Of the second look: 1 and the rows that get it, as soon as they are chosen; how many of them are
taken, and how many estimated."""
CHOSEN, PAIRS, COMPARED = range(9, 12)
"""The same of the rows that are compared in full (comparing.py)."""
_LEADS, _HELPS, _ALONE = range(3)
"""Whose part a thread has in the first look."""
_CLOSED = 1_000
"""More than ever come: who comes later helps with the second look alone."""
LONG = 2_000_000
"""How often a helper looks whether the leader has come on: milliseconds."""


class Board(NamedTuple):
    """What threads share of their looks: numbers, each far from the others so that cores do not
    wait for one another's; of the leader and the helper what each has seen: rows, estimates without
    the concepts, and with them, in steps, and how many there are of each step; and the best rows,
    for who goes on with them."""

    counts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    rests: npt.NDArray[np.float32]
    steps: npt.NDArray[np.int16]
    often: npt.NDArray[np.int32]
    best: npt.NDArray[np.int32]


def board(places: int) -> Board:
    """A board for looks at so many places."""
    return Board(
        np.zeros((COMPARED + 1, CACHE_LINE // 8), dtype=np.int64),
        np.empty((2, places), dtype=np.int32),
        np.empty((2, places), dtype=np.float32),
        np.empty((2, places), dtype=np.int16),
        np.zeros((2, STEPS), dtype=np.int32),
        np.empty(places, dtype=np.int32),
    )


@compiled
def looks(asked, gisted, board, scored):  # type: ignore[no-untyped-def]
    """Whether the thread leads, and the rows whose estimates after both looks are the `scored` best
    and all that equal the last; none for the thread that does not lead.

    `asked` is: `part` and `links`, which tell the places to look at; these places (columns of the
    cells: row, concepts, named, text, field, stated, lines); the request, as a table of one row;
    its side's lines; today; for whom offers have to be; weights; codes; and how many get a second
    look. `gisted` is: the offers' gists, the request's own, it, weights and marks.
    """
    counts, rows, rests, steps, often, _ = board
    most, size = asked[-1], len(gisted[0])
    come = claimed(counts[SEATS], 1)
    if come > 0:
        if come < _CLOSED:
            seen, above, _ = _first_look(
                asked, counts, _HELPS, rows[1], rests[1], steps[1], often[1]
            )
            claimed(counts[SEEN], seen)
            claimed(counts[ABOVE], above)
            claimed(counts[LOOKED], 1)
        if watch(counts[ONCE], 0, LONG):
            _second_look(gisted, counts, rows[0], rests[0], steps[0])
        return False, rows[0][:0].copy()
    seen, above, least = _first_look(asked, counts, _LEADS, rows[0], rests[0], steps[0], often[0])
    if claimed(counts[SEATS], _CLOSED) > 1:
        while fresh(counts[LOOKED]) == 0:
            pass
    beside = fresh(counts[SEEN])
    if above + fresh(counts[ABOVE]) < most and least > 0:
        # The sample has misled: what came up to where it says the best begin is too little.
        often[:] = 0
        again = np.zeros_like(counts)
        seen, _, _ = _first_look(asked, again, _ALONE, rows[0], rests[0], steps[0], often[0])
        beside = np.int64(0)
    least = _least_of(often[0] + often[1], most)
    chosen = _once(rows, rests, steps, (seen, beside), least, size)
    claimed(counts[ONCE], chosen + 1)
    _second_look(gisted, counts, rows[0], rests[0], steps[0])
    while fresh(counts[ESTIMATED]) < chosen:
        pass
    return True, _best_of(rows[0][:chosen], steps[0][:chosen], scored)


@compiled
def _first_look(asked, board, part, rows, rests, steps, often):  # type: ignore[no-untyped-def]
    """Write what the words alone tell of the places in those blocks that no other thread takes.

    Those that are barred or that cannot come up to the best are estimated no further than needed to
    see that: about where the best begin tells a sample of all blocks, which the thread that leads
    looks at for all, unless it is alone; `often` is to be 0, and tells of each step how many.
    Returns how many are written, how many of them came up to the best so far, and the step that
    these began at.
    """
    cells, links, places, request, lines, today, admission, weights, codes, most = asked
    marks, closeness, serves, near, served = codes
    one = request[0]
    themes = theme_worth(one, weights, near)
    tables = (
        line_worth(one, lines, weights, closeness, serves),
        text_worth(themes, kind_worth(one, weights, served)),
        field_worth(weights),
        named_worth(one, weights),
    )
    when = (day16_of(max(np.int64(one["from"]), today)), day16_of(np.int64(one["to"])))
    how = (when, admission, concept_words(one, marks), tables)
    blocks, counts = _in_order(cells, links, _promising(cells, themes, tables[0]))
    least = np.int64(0)
    if part == _LEADS:
        least = _about_least(blocks, counts, places, how, most)
        claimed(board[LEAST], least + 1)
    elif part == _HELPS and watch(board[LEAST], 0, LONG):
        least = fresh(board[LEAST]) - 1
    seen, _, above = _looked(
        blocks, counts, places, how, most, least, board[BLOCKS], rows, rests, steps, often
    )
    return seen, above, least


@compiled
def _promising(part, themes, lines):  # type: ignore[no-untyped-def]
    """The cells in the order in which they are looked at: the sooner the best are seen, the less
    of the others has to be."""
    worth = np.empty(len(part.themes), dtype=np.float32)
    for cell in range(len(worth)):
        theme = part.themes[cell]
        most = lines[theme << KIND_BITS]
        for kind in range(1, 1 << KIND_BITS):
            most = max(most, lines[theme << KIND_BITS | kind])
        worth[cell] = -themes[theme] - most
    return ascending(worth)


@inlined
def _about_least(blocks, counts, places, how, most):  # type: ignore[no-untyped-def]
    """The step about which the `most` best begin, 0 if there are not so many.

    Where some of the blocks begin to be among the best is about where all do: so most of what is
    not among them is seen not to be at once. A little lower, to be on the safe side.
    """
    every = counts.sum()
    if every <= _WORTH_SAMPLING * most:
        return np.int64(0)
    some, of_some = blocks[::_SAMPLED].copy(), counts[::_SAMPLED].copy()
    among = np.int64(_MARGIN * most * of_some.sum() / every) + 1
    taken = np.zeros(1, dtype=np.int64)
    size = of_some.sum()
    rows, rests = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.float32)
    steps, often = np.empty(size, dtype=np.int16), np.zeros(STEPS, dtype=np.int32)
    _, least, found = _looked(
        some, of_some, places, how, among, np.int64(0), taken, rows, rests, steps, often
    )
    return least if found >= among else np.int64(0)


@compiled
def _in_order(part, links, order):  # type: ignore[no-untyped-def]
    """The blocks of some cells, these in an order, and how many places of each are taken."""
    every = np.int64(0)
    for block in part.blocks:
        while block != END:
            every, block = every + 1, links[block]
    blocks, counts = np.empty(every, dtype=np.int64), np.empty(every, dtype=np.int64)
    at = np.int64(0)
    for cell in order:
        block, count = part.blocks[cell], np.int64(part.counts[cell])
        while block != END:
            blocks[at], counts[at] = block, count
            at, block, count = at + 1, links[block], np.int64(BLOCK)
    return blocks, counts


@compiled
def _looked(blocks, counts, places, how, most, least, taken, rows, rests, steps, often):  # type: ignore[no-untyped-def]
    """`_first_look` at some blocks, and for estimates from a least step on only. Returns how many
    are written, the step at which the `most` best begin, and how many came up to it, which are
    `most` or more if there are."""
    row_of, concepts_of, named_of, text_of, field_of, stated_of, lines_of = places
    (first, last), admission, own, tables = how
    lines, texts, fields, named = tables
    told, bests = np.empty(BLOCK, dtype=np.float32), np.empty(BLOCK, dtype=np.float32)
    hopeful = np.empty(BLOCK, dtype=np.int64)
    most_lines = lines.max()
    own_first, own_second = own
    kept = above = np.int64(0)
    # What is taken next is known before it is come to, so that its memory may be asked for.
    first_block, following = claimed(taken, _BLOCKS_AT_ONCE), claimed(taken, _BLOCKS_AT_ONCE)
    while first_block < len(blocks):
        last_block = min(first_block + _BLOCKS_AT_ONCE, len(blocks))
        for number in range(first_block, last_block):
            start, count = blocks[number] * BLOCK, counts[number]
            later = ahead(number, 1, last_block, following)
            if later < len(blocks):
                soon = blocks[later] * BLOCK
                fetch(concepts_of, 2 * soon, 0, 16 * BLOCK)
                fetch(named_of, soon, 0, BLOCK)
                fetch(text_of, soon, 0, BLOCK)
                fetch(field_of, soon, 0, BLOCK)
                fetch(lines_of, soon, 0, 4 * BLOCK)
            for at in range(count):
                place = start + at
                common = ones(concepts_of[place, 0] & own_first)
                common += ones(concepts_of[place, 1] & own_second)
                told[at] = (
                    texts[text_of[place]]
                    + fields[field_of[place]]
                    + np.float32(common) * named[named_of[place]]
                )
            # What is left is noted, not branched to: which it is no processor can foresee.
            left = 0
            for at in range(count):
                # The lines come last in the sum, so with the best of them it is a safe bound.
                hopeful[left] = at
                left += STEP * (told[at] + most_lines) >= least
            found = 0
            for one in range(left):
                at = hopeful[one]
                codes = lines_of[start + at]
                best = lines[codes & np.uint32(NO_LINE)]
                for shift in range(LINE_BITS, LINES * LINE_BITS, LINE_BITS):
                    this = lines[(codes >> np.uint32(shift)) & np.uint32(NO_LINE)]
                    best = this if this > best else best
                hopeful[found], bests[found] = at, best
                # Few are read below, far apart, so each is asked for as soon as it may be.
                fetch(stated_of, start + at, 0, 8)
                fetch(row_of, start + at, 0, 4)
                found += STEP * (told[at] + best) >= least
            for one in range(found):
                at, best = hopeful[one], bests[one]
                place, step = start + at, step_of(told[at] + best)
                stated = stated_of[place]
                begin = np.int64(stated & np.uint64(LAST_DAY))
                end = np.int64((stated >> np.uint64(TO_AT)) & np.uint64(LAST_DAY))
                if step < least or not stated >> np.uint64(OPEN_AT) or begin > last or end < first:
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
        first_block, following = following, claimed(taken, _BLOCKS_AT_ONCE)
    return kept, least, above


@compiled
def _once(rows, rests, steps, seen, least, size):  # type: ignore[no-untyped-def]
    """How many rows threads saw whose estimates are at a least step or above, each once, though it
    stand in several cells; these are written first among the leader's. `seen` is how many rows each
    saw; all rows are below `size`."""
    taken = np.zeros((size >> 6) + 1, dtype=np.uint64)
    # What is written is never ahead of what is read: there are places for all that both saw.
    kept = 0
    for who in range(2):
        for at in range(seen[who]):
            if steps[who, at] >= least:
                row, rest = rows[who, at], rests[who, at]
                word, bit = row >> 6, np.uint64(1) << np.uint64(row & 63)
                if not taken[word] & bit:
                    taken[word] |= bit
                    rows[0, kept] = row
                    rests[0, kept] = rest
                    kept += 1
    return kept


@inlined
def _least_of(often, most):  # type: ignore[no-untyped-def]
    """The step from which on there are `most`, by how many there are of each."""
    least, above = np.int64(STEPS - 1), np.int64(often[STEPS - 1])
    while above < most and least > 0:
        least -= 1
        above += often[least]
    return least


@compiled
def _second_look(gisted, counts, rows, rests, steps):  # type: ignore[no-untyped-def]
    """Write the chosen rows' estimates with what the offers' gists tell, in steps, of those rows
    that no other thread takes."""
    gists, own, request, weights, marks = gisted
    chosen = fresh(counts[ONCE]) - 1
    asked = request[0]
    planes, vector_length = planes_of(asked["vector"])
    meaning, told = np.float32(weights[MEANING]), terms_told(own)
    mine = gist_weights(asked, marks)
    words, focus = np.float32(weights[TERMS]), np.float32(weights[FOCUS])
    alike = np.float32(weights[CONCEPTS] / max(asked["concept_norm"], 1.0))
    first, following = claimed(counts[ROWS], _ROWS_AT_ONCE), claimed(counts[ROWS], _ROWS_AT_ONCE)
    while first < chosen:
        last = min(first + _ROWS_AT_ONCE, chosen)
        for at in range(first, last):
            later = ahead(at, _AHEAD, last, following)
            if later < chosen:
                fetch(gists, np.int64(rows[later]) * GIST, 0, GIST * 8)
            row = rows[at]
            total = rests[at] + meaning_worth(gists, row, planes, vector_length, meaning)
            total += words * words_alike(gists, row, own, told)
            common, product, named, length = in_gist(gists, row, mine)
            if common > 0:
                total += focus * np.float32(common) / np.float32(named)
                total += alike * np.float32(product) / np.sqrt(np.float32(length))
            steps[at] = step_of(total)
        claimed(counts[ESTIMATED], last - first)
        first, following = following, claimed(counts[ROWS], _ROWS_AT_ONCE)


@compiled
def _best_of(rows, steps, most):  # type: ignore[no-untyped-def]
    """The rows whose estimates are the `most` best, and all whose estimates equal the last."""
    often = np.zeros(STEPS, dtype=np.int32)
    for step in steps:
        often[step] += 1
    least = _least_of(often, most)
    return rows[steps >= least]
