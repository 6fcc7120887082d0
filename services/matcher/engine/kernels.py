"""The compiled loops over pairs of a large register; shortcut.py says what they are for.

Every operation on numbers that are not whole comes in the same order as in features.py, in both
directions, so the results are equal to the last bit.
"""

import numpy as np

from services.matcher.engine.codes import HUNDRED
from services.matcher.engine.compiled import admits, ahead, claimed, compiled, dot, fetch, inlined
from services.matcher.engine.entries import MOST_LINES, UNKNOWN
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
)
from services.matcher.engine.features import ENOUGH_DAYS, HIGHEST_COSINE, LOWEST_COSINE
from services.matcher.engine.lines import UNSURE
from services.matcher.engine.ranking import total_of

_AHEAD, _LINES_AHEAD = 6, 2
"""How many records ahead their memory is asked for, and that of their lines."""
_ROWS_AT_ONCE = 16
"""How many rows a thread takes at a time, of those that several look at."""
_NAMED, _RULED_OUT, _WEIGHT_AT = 1, 2, 2
_SETS, _SLOTS = 64, 256


@compiled
def offers_features(  # type: ignore[no-untyped-def]
    rows,
    offers,
    provisions,
    request,
    needs,
    today,
    admission,
    near,
    concepts,
    codes,
    weights,
    taken,
    told,
):
    """The features of one request with the offers in those of some rows that no other thread
    takes, as features.py has them.

    `request` is a table of one row, `admission` as eligibility.py has it, `near` the themes close
    to the request's as bits, -1 for all; `concepts` how many numbers there are for them; `taken`
    where threads say which rows they take. `told` is to be written in, of those offers that may be
    proposed one after the other: rows, scores as log odds as Model has them, and pairs × features.
    Returns how many rows it took, and how many of these may be proposed.
    """
    asked = request[0]
    own = _known(asked, concepts, codes[2])
    found, totals, out = told
    done = kept = 0
    best = np.empty((4, MOST_LINES))
    # What is taken next is known before it is come to, so that its memory may be asked for.
    first, following = claimed(taken, _ROWS_AT_ONCE), claimed(taken, _ROWS_AT_ONCE)
    while first < len(rows):
        last = min(first + _ROWS_AT_ONCE, len(rows))
        for at in range(first, last):
            _fetch_ahead(rows, at, last, following, offers, provisions)
            given = offers[rows[at]]
            if (
                admits(admission, given["eligibility"])
                and _in_time(asked, given, today)
                and _related(given, near)
            ):
                _tell_lines(asked, needs, given, provisions, today, codes, best, out[kept])
                _, out[kept, FOCUS] = _tell_texts(own, asked, given, out[kept])
                _tell_rest(asked, given, today, codes[3], out[kept])
                found[kept], totals[kept] = rows[at], total_of(out[kept], weights)
                kept += 1
        done += last - first
        first, following = following, claimed(taken, _ROWS_AT_ONCE)
    return done, kept


@compiled
def requests_features(  # type: ignore[no-untyped-def]
    rows, requests, needs, offer, provisions, today, admitted, near, concepts, codes, weights, told
):
    """The features of one offer with the requests in some rows; `admitted` is by State's number.
    Returns how many may be proposed.

    Else as `offers_features`.
    """
    given = offer[0]
    own = _known(given, concepts, codes[2])
    found, totals, out = told
    kept = 0
    best = np.empty((4, MOST_LINES))
    for at in range(len(rows)):
        _fetch_ahead(rows, at, len(rows), len(rows), requests, needs)
        asked = requests[rows[at]]
        if admitted[asked["state"]] and _in_time(asked, given, today) and _related(asked, near):
            _tell_lines(asked, needs, given, provisions, today, codes, best, out[kept])
            out[kept, FOCUS], _ = _tell_texts(own, given, asked, out[kept])
            _tell_rest(asked, given, today, codes[3], out[kept])
            found[kept], totals[kept] = rows[at], total_of(out[kept], weights)
            kept += 1
    return kept


@inlined
def _fetch_ahead(rows, at, last, following, table, lines):  # type: ignore[no-untyped-def]
    """Ask for the memory of records that come soon, and of the lines of those that come sooner,
    where what comes after the `last` is what is `following`."""
    later = ahead(at, _AHEAD, last, following)
    if later < len(rows):
        fetch(table, rows[later], 0, table.itemsize)
    sooner = ahead(at, _LINES_AHEAD, last, following)
    if sooner < len(rows):
        soon = table[rows[sooner]]
        fetch(lines, soon["first_line"], 0, np.int64(soon["line_count"]) * lines.itemsize)


@inlined
def _in_time(asked, given, today):  # type: ignore[no-untyped-def]
    """Whether there is a day from today on when both stand."""
    return min(asked["to"], given["to"]) >= max(max(asked["from"], given["from"]), today)


@inlined
def _related(other, near):  # type: ignore[no-untyped-def]
    """Whether a record is about a theme among `near`, as search._related has it."""
    return near < 0 or not other["coded"] or np.int64(other["themes"]) & near != 0


@compiled
def _tell_lines(asked, needs, given, provisions, today, codes, best, out):  # type: ignore[no-untyped-def]
    """What an offer's lines do for a request's needs; `best` is measures × needs to write in."""
    closeness, serves = codes[0], codes[1]
    count = np.int64(asked["line_count"])
    best[:, : max(count, 1)] = 0.0
    for at in range(np.int64(given["line_count"])):
        line = provisions[given["first_line"] + at]
        for place in range(count):
            need = needs[asked["first_line"] + place]
            start = max(line["from"], max(need["from"], today))
            if min(line["to"], need["to"]) < start or need["strength"] <= 0.0:
                continue
            theme = closeness[need["theme"], line["theme"]] * line["strength"]
            fit = theme * serves[need["kind"], line["kind"]]
            same = need["unit"] != 0 and need["unit"] == line["unit"]
            quantity = fit * _covered(need["quantity"], line["quantity"], same)
            amount = fit * _covered(need["amount"], line["amount"], True)
            best[0, place] = max(best[0, place], theme)
            best[1, place] = max(best[1, place], fit)
            best[2, place] = max(best[2, place], quantity)
            best[3, place] = max(best[3, place], amount)
    themes = fits = quantities = amounts = most = 0.0
    for place in range(count):
        share = needs[asked["first_line"] + place]["share"]
        themes += share * best[0, place]
        fits += share * best[1, place]
        quantities += share * best[2, place]
        amounts += share * best[3, place]
        most = max(most, best[1, place])
    out[THEME] = min(themes, 1.0)
    out[MAIN_NEED] = best[1, 0]
    out[NEEDS_SERVED] = min(fits, 1.0)
    out[ANY_NEED] = most
    out[QUANTITY] = min(quantities, 1.0)
    out[AMOUNT] = min(amounts, 1.0)


@inlined
def _covered(needed, given, comparable):  # type: ignore[no-untyped-def]
    if comparable and needed > 0 and given != UNKNOWN:
        return min(1.0, np.float64(given) / np.float64(needed))
    return UNSURE


@compiled
def _known(one, concepts, near):  # type: ignore[no-untyped-def]
    """A record as others are compared with it: what it names, as tables by number."""
    themes = near_themes_of(one, near)
    # Of a concept: whether it is named (1), whether it is ruled out (2), and its weight from 4 on.
    said = np.zeros(concepts, dtype=np.int32)
    total = np.int64(0)
    for place in range(len(one["concepts"])):
        concept, weight = one["concepts"][place], np.int64(one["concept_weights"][place])
        total += weight
        if concept != 0:
            said[concept] = weight << _WEIGHT_AT | _NAMED
    for place in range(len(one["excluded"])):
        if one["excluded"][place] != 0:
            said[one["excluded"][place]] |= _RULED_OUT
    # The terms' last twelve bits as a set, so that most of others' terms need no look at the table.
    bits = np.zeros(_SETS, dtype=np.uint64)
    terms = np.zeros(_SLOTS, dtype=np.int32)
    term_weights = np.zeros(_SLOTS, dtype=np.int16)
    for place in range(len(one["terms"])):
        term = one["terms"][place]
        if term != 0:
            bits[_set_of(term)] |= np.uint64(1) << np.uint64(term & 63)
            slot = _slot(terms, term)
            terms[slot] = term
            term_weights[slot] = one["term_weights"][place]
    hits = np.empty(len(one["terms"]), dtype=np.int64)
    return themes, said, total, (bits, terms, term_weights, hits)


@inlined
def _set_of(term):  # type: ignore[no-untyped-def]
    return np.uint64(term >> 6) & np.uint64(_SETS - 1)


@inlined
def _slot(terms, term):  # type: ignore[no-untyped-def]
    """Where a term stands in a table, or would."""
    slot = (np.int64(term) * 40503 >> 3) & (_SLOTS - 1)
    while terms[slot] != 0 and terms[slot] != term:
        slot = (slot + 1) & (_SLOTS - 1)
    return slot


@inlined
def near_themes_of(one, near):  # type: ignore[no-untyped-def]
    """How much a record's text speaks of themes close to each."""
    themes = np.zeros(len(near), dtype=np.int32)
    for theme in range(len(near)):
        for other in range(len(near)):
            themes[theme] += near[theme, other] * np.int64(one["text_themes"][other])
    return themes


@compiled
def _tell_texts(own, one, other, out):  # type: ignore[no-untyped-def]
    """What the texts of a record and another have in common; `own` is what is known of the one.

    Returns the part of what the one names, by weight, that the other names too, and of the other's.
    """
    themes, said, own_total, asked_terms = own
    product = np.int32(0)
    for theme in range(len(themes)):
        product += np.int32(other["text_themes"][theme]) * themes[theme]
    out[TEXT_THEME] = min(over(product, one["theme_norm"] * other["theme_norm"]), 1.0)
    norms = one["vector_norm"] * other["vector_norm"]
    cosine = LOWEST_COSINE
    if norms > 0.0:
        cosine = np.float64(dot(one["vector"], other["vector"])) / norms
    told = (cosine - LOWEST_COSINE) / (HIGHEST_COSINE - LOWEST_COSINE)
    out[MEANING] = min(max(told, 0.0), 1.0)
    products = common = own_common = lost = own_lost = total = np.int64(0)
    concepts, weights = other["concepts"], other["concept_weights"]
    # All places, where there is no concept too, whose weight is 0: several are then read at once.
    for place in range(len(concepts)):
        mine_of = np.int64(said[np.uint16(concepts[place])])
        weight = np.int64(weights[place])
        total += weight
        products += (mine_of >> _WEIGHT_AT) * weight
        own_common += mine_of >> _WEIGHT_AT
        common += weight * (mine_of & _NAMED)
        lost += weight * ((mine_of & _RULED_OUT) >> 1)
    for place in range(len(other["excluded"])):
        own_lost += said[np.uint16(other["excluded"][place])] >> _WEIGHT_AT
    out[CONCEPTS] = over(products, one["concept_norm"] * other["concept_norm"])
    out[ALLOWED] = min(1.0 - _part(own_lost, own_total), 1.0 - _part(lost, total))
    products = _common_terms(asked_terms, other["terms"], other["term_weights"])
    out[TERMS] = over(products, one["term_norm"] * other["term_norm"])
    return _part(own_common, own_total), _part(common, total)


@inlined
def _common_terms(asked_terms, terms, weights):  # type: ignore[no-untyped-def]
    """The sum of the products of the weights of terms that both have."""
    bits, own, own_weights, hits = asked_terms
    found = products = np.int64(0)
    # Which may be among them is noted, not branched to: which it is no processor can foresee.
    for place in range(len(terms)):
        term = terms[place]
        if term == 0:
            break
        hits[found] = place
        found += np.int64((bits[_set_of(term)] >> np.uint64(term & 63)) & np.uint64(1))
    for hit in range(found):
        place = hits[hit]
        slot = _slot(own, terms[place])
        products += np.int64(own_weights[slot]) * np.int64(weights[place])
    return products


@compiled
def _tell_rest(asked, given, today, served, out):  # type: ignore[no-untyped-def]
    """The kinds that the texts speak of, what the donor chose, and the time for help."""
    needed, offered = asked["text_kinds"], given["text_kinds"]
    every = reached = total = np.int64(0)
    for kind in range(len(needed)):
        reach = np.int64(0)
        for other in range(len(offered)):
            reach = max(reach, np.int64(offered[other]) * served[kind, other])
        every += np.int64(needed[kind])
        reached = max(reached, reach)
        total += min(HUNDRED * np.int64(needed[kind]), reach)
    out[TEXT_KIND] = total / (HUNDRED * every) if every > 0 and reached > 0 else UNSURE
    out[FIELD] = given["field"] / HUNDRED
    useful = asked["to"] - max(asked["from"], today) + 1
    begin = max(max(asked["from"], given["from"]), today)
    covered = min(asked["to"], given["to"]) - begin + 1
    out[WINDOW] = min(max(covered / min(max(useful, 1), ENOUGH_DAYS), 0.0), 1.0)
    out[UNCONDITIONAL] = np.float64(given["unconditional"])
    out[UNCODED] = 1.0 - np.float64(given["coded"])
    out[TRACK_RECORD] = given["record"] / HUNDRED


@inlined
def _part(some, every):  # type: ignore[no-untyped-def]
    return some / every if every > 0 else 0.0


@inlined
def over(product, norms):  # type: ignore[no-untyped-def]
    return np.float64(product) / norms if norms > 0.0 else 0.0
