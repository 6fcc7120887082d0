"""Pairs as they are proposed, and what is told of them: which lines serve which, what both name."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import KIND_CODES, THEME_CODES, closeness, serves
from services.matcher.engine.entries import UNKNOWN
from services.matcher.engine.index import Evidence
from services.matcher.engine.records import Records
from services.matcher.engine.serving import THOUSANDTHS, Serving, rounded, servings
from services.matcher.engine.telling import named_by_both, served

MOST_EVIDENCE = 8

Rows = npt.NDArray[np.intp]
T = TypeVar("T")


class Pairing(NamedTuple):
    """An offer proposed for a request.

    `score` is from 0 to 1, rounded to 1e-6; `rank` counts from 1; `features` are in the order of
    the model's names; `serves` tells which provision meets which need; `evidence` are ids of the
    concepts that both texts name, the weightiest first, at most 8; `suits` is how well the request
    suits the offer but for its priority, in log odds (suiting.py).
    """

    request: str
    offer: str
    score: float
    rank: int
    features: tuple[float, ...]
    serves: tuple[Serving, ...]
    evidence: tuple[str, ...]
    suits: float = 0.0


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
    told, fits, lines_ends = served(
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
    named, ends = named_by_both(rows, offers.records.table, asked, marks, MOST_EVIDENCE)
    names = records.names.concepts.listed()
    concepts = list(map(names.__getitem__, named.tolist()))
    return Told(_by_pair(_servings(told, fits, records), lines_ends), _by_pair(concepts, ends))


def _by_pair(told: list[T], ends: npt.NDArray[np.intp]) -> list[tuple[T, ...]]:
    """What is told of pairs one after the other, by pair: it begins where that before it ends."""
    row = tuple(told)
    return [row[first:end] for first, end in pairwise(ends.tolist())]


def _servings(
    told: npt.NDArray[np.int64], fits: npt.NDArray[np.float64], records: Records
) -> list[Serving]:
    """The servings that telling.served tells."""
    units = records.names.units.listed()
    needs, provisions, themes, kinds, quantities, ofs, unit, amounts, amount_ofs = told.T.tolist()
    # Column by column: a list of one measure is made faster than so many pieces.
    told_of = zip(
        needs,
        provisions,
        map(THEME_CODES.__getitem__, themes),
        map(KIND_CODES.__getitem__, kinds),
        [None if value == UNKNOWN else value / THOUSANDTHS for value in quantities],
        [None if value == UNKNOWN else value / THOUSANDTHS for value in ofs],
        [None if value == UNKNOWN else units[value] for value in unit],
        map(rounded, fits.tolist()),
        [None if value == UNKNOWN else value for value in amounts],
        [None if value == UNKNOWN else value for value in amount_ofs],
        strict=True,
    )
    return [
        {
            "need": need,
            "provision": provision,
            "theme": theme,
            "kind": kind,
            "quantity": quantity,
            "of": of,
            "unit": measured,
            "fit": fit,
            "amount": amount,
            "amount_of": amount_of,
        }
        for need, provision, theme, kind, quantity, of, measured, fit, amount, amount_of in told_of
    ]


def _weightiest(evidence: Sequence[Evidence]) -> list[tuple[str, ...]]:
    return [tuple(name for _, name in sorted(named)[:MOST_EVIDENCE]) for named in evidence]
