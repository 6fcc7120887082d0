"""Pairs as they are proposed, and what is told of them: which lines serve which, what both name."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, THEME_CODES, closeness, serves
from services.matcher.engine.entries import UNKNOWN
from services.matcher.engine.index import Evidence
from services.matcher.engine.records import Records
from services.matcher.engine.serving import Serving, rounded, servings, thousandths
from services.matcher.engine.telling import named_by_both, served

MOST_EVIDENCE = 8

Rows = npt.NDArray[np.intp]


class Pairing(NamedTuple):
    """An offer proposed for a request.

    `score` is from 0 to 1, rounded to 1e-6; `rank` counts from 1; `features` are in the order of
    the model's names; `serves` tells which provision meets which need; `evidence` are ids of the
    concepts that both texts name, the weightiest first, at most 8.
    """

    request: str
    offer: str
    score: float
    rank: int
    features: tuple[float, ...]
    serves: tuple[Serving, ...]
    evidence: tuple[str, ...]


class Told(NamedTuple):
    """What is told of some pairs, in their order."""

    serves: Sequence[tuple[Serving, ...]]
    evidence: Sequence[tuple[str, ...]]


def offers_told(records: Records, row: int, rows: Rows) -> Told:
    """What is told of a request with the offers in some rows."""
    requests, offers = records.requests, records.offers
    needs = requests.left_of_all(np.array([row]))[0]
    lines = [(needs, provisions) for provisions in offers.left_of_all(rows)]
    found = [servings(*of_pair, records.today, offers.unit) for of_pair in lines]
    return Told(found, _weightiest(requests.evidence(row, offers, rows)))


def requests_told(records: Records, row: int, rows: Rows) -> Told:
    """What is told of an offer with the requests in some rows."""
    requests, offers = records.requests, records.offers
    provisions = offers.left_of_all(np.array([row]))[0]
    lines = [(needs, provisions) for needs in requests.left_of_all(rows)]
    found = [servings(*of_pair, records.today, offers.unit) for of_pair in lines]
    return Told(found, _weightiest(offers.evidence(row, requests, rows)))


def offers_told_fast(records: Records, row: int, rows: Rows) -> Told:
    """The same as `offers_told` gives, by compiled loops: for a large register."""
    offers, requests = records.offers, records.requests
    asked = requests.records.table[row : row + 1]
    told, fits = served(
        rows,
        offers.records.table,
        offers.lines.table,
        asked,
        requests.lines.table,
        records.today,
        closeness(),
        serves(),
    )
    marks = records.names.concept_marks()
    named = named_by_both(rows, offers.records.table, asked, marks, MOST_EVIDENCE)
    found: list[tuple[Serving, ...]] = [()] * len(rows)
    for pair, of_pair in groupby(_servings(told, fits, records), itemgetter(0)):
        found[pair] = tuple(sorted(serving for _, serving in of_pair))
    names = records.names.concepts.listed()
    return Told(found, [tuple([names[at] for at in one if at]) for one in named.tolist()])


def _servings(
    told: npt.NDArray[np.int64], fits: npt.NDArray[np.float64], records: Records
) -> Iterator[tuple[int, Serving]]:
    """Servings as telling.served tells them, each after the number of its pair."""
    units = records.names.units.listed()
    for one, fit in zip(told.tolist(), fits.tolist(), strict=True):
        need, provision, theme, kind, quantity, of, unit, amount, amount_of, pair = one
        stated, priced = of != UNKNOWN, amount_of != UNKNOWN
        yield (
            pair,
            Serving(
                need,
                provision,
                THEME_CODES[theme],
                KIND_CODES[kind],
                thousandths(quantity) if stated else None,
                thousandths(of) if stated else None,
                units[unit] if stated else None,
                rounded(fit),
                amount if priced else None,
                amount_of if priced else None,
            ),
        )


def _weightiest(evidence: Sequence[Evidence]) -> list[tuple[str, ...]]:
    return [tuple(name for _, name in sorted(named)[:MOST_EVIDENCE]) for named in evidence]
