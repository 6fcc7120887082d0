"""The compiled loops over the best pairs: what serving.py and Index.evidence tell of each."""

import numpy as np

from services.matcher.engine.compiled import ascending, compiled
from services.matcher.engine.entries import UNKNOWN
from services.matcher.engine.names import CONCEPT_PLACE
from services.matcher.engine.serving import LEAST_FIT

NEED, PROVISION, THEME, KIND, QUANTITY, OF, UNIT, AMOUNT, AMOUNT_OF = range(9)
"""What is told of a serving in whole numbers; UNKNOWN for what is not stated."""


@compiled
def served(rows, offers, provisions, request, needs, today, closeness, serves):  # type: ignore[no-untyped-def]
    """Which provision of the offers in some rows meets which need best; see serving.servings.

    `request` is a table of one row. Returns servings × what is told, and how well each fits: pair
    after pair, of each in the order of the needs' numbers; and where those of each pair end, after
    a first 0.
    """
    asked = request[0]
    count = np.int64(asked["line_count"])
    numbers = np.empty(count, dtype=np.int64)
    for place in range(count):
        numbers[place] = needs[asked["first_line"] + place]["number"]
    order = ascending(numbers)
    told = np.empty((len(rows) * count, 9), dtype=np.int64)
    fits = np.empty(len(rows) * count)
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    found = 0
    for at in range(len(rows)):
        given = offers[rows[at]]
        for place in order:
            need = needs[asked["first_line"] + place]
            if need["strength"] <= 0.0 or need["number"] == 0:
                continue
            best, most = np.int64(-1), -1.0
            for line in range(np.int64(given["line_count"])):
                number = given["first_line"] + line
                one = provisions[number]
                if one["strength"] <= 0.0 or one["number"] == 0:
                    continue
                fit = closeness[need["theme"], one["theme"]] * one["strength"]
                fit *= serves[need["kind"], one["kind"]]
                if min(need["to"], one["to"]) < max(max(need["from"], one["from"]), today):
                    fit = 0.0
                if fit > most or (fit == most and one["number"] < provisions[best]["number"]):
                    best, most = np.int64(number), fit
            if most >= LEAST_FIT:
                one = provisions[best]
                told[found, NEED] = need["number"]
                told[found, PROVISION] = one["number"]
                told[found, THEME] = need["theme"]
                told[found, KIND] = need["kind"]
                told[found, QUANTITY:] = UNKNOWN
                comparable = need["unit"] != 0 and need["unit"] == one["unit"]
                if comparable and need["quantity"] != UNKNOWN and one["quantity"] != UNKNOWN:
                    told[found, QUANTITY] = min(need["quantity"], one["quantity"])
                    told[found, OF] = need["quantity"]
                    told[found, UNIT] = need["unit"]
                if need["amount"] > 0 and one["amount"] != UNKNOWN:
                    told[found, AMOUNT] = min(need["amount"], one["amount"])
                    told[found, AMOUNT_OF] = need["amount"]
                fits[found] = most
                found += 1
        ends[at + 1] = found
    return told[:found], fits[:found], ends


@compiled
def named_by_both(rows, offers, request, marks, most):  # type: ignore[no-untyped-def]
    """The concepts that the texts of a request and of the offers in some rows both name.

    Their numbers, pair after pair, of each `most` at most: those first whose weights have the
    largest product, of equals by name; and where those of each pair end, after a first 0.
    """
    own = np.zeros(len(marks), dtype=np.int64)
    asked = request[0]
    for place in range(len(asked["concepts"])):
        if (asked["named"] >> np.uint64(place)) & np.uint64(1):
            own[asked["concepts"][place]] = asked["concept_weights"][place]
    told = np.empty(len(rows) * most, dtype=np.int64)
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    products = np.zeros(most, dtype=np.int64)
    for at in range(len(rows)):
        given = offers[rows[at]]
        found, kept = told[ends[at] :], 0
        for place in range(len(given["concepts"])):
            concept = given["concepts"][place]
            product = own[concept] * np.int64(given["concept_weights"][place])
            if product == 0 or not (given["named"] >> np.uint64(place)) & np.uint64(1):
                continue
            spot = kept
            while spot > 0 and (
                products[spot - 1] < product
                or (
                    products[spot - 1] == product
                    and marks[found[spot - 1], CONCEPT_PLACE] > marks[concept, CONCEPT_PLACE]
                )
            ):
                spot -= 1
            if spot < most:
                for later in range(min(kept, most - 1), spot, -1):
                    products[later] = products[later - 1]
                    found[later] = found[later - 1]
                products[spot] = product
                found[spot] = concept
                kept = min(kept + 1, most)
        ends[at + 1] = ends[at] + kept
    return told[: ends[-1]], ends
