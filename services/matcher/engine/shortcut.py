"""A large register's candidates for a request, looked over, so that only the best are scored.

Every candidate gets a glance (glance.py) at its brief words, the better ones another at their gist;
those that then look best are scored by all their features. What a glance leaves out seldom
lifts a pair past hundreds of others: how seldom, against scoring everything, is measured by
`bench.engine --recall`.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import (
    closeness,
    near_themes,
    related_to,
    served_kinds,
    serves,
)
from services.matcher.engine.features import FEATURES
from services.matcher.engine.index import Index
from services.matcher.engine.kernels import offers_features, requests_features
from services.matcher.engine.looking import board, looks
from services.matcher.engine.looking_back import reached
from services.matcher.engine.ranking import Model, weights_of
from services.matcher.engine.records import LARGE, Records
from services.matcher.engine.together import alone, cores, together, untaken, wake

SCORED = LARGE
"""Candidates that are scored, and all whose estimates equal the last of them."""

LOOKED_AT = 2_500
"""Candidates that get a second look."""

SCORED_OF, LOOKED_AT_OF = 2_500, 400
"""One more is scored for so many offers, and one more looked at: the more there are, the closer
together the best of them lie, and the more an estimate that misleads a little costs."""

MISLED = 1.2
"""By how much, in log odds, looks may mislead, for a pair to be scored that by them falls short of
where a list ends."""

SHARED = 200_000
"""Offers from which on two threads look through them, where there are two cores."""

_OFFERS = ("row", "concepts", "named", "text", "field", "stated", "lines")
_REQUESTS = ("row", "concepts", "named", "text", "stated", "lines", "shares", "end")

Rows = npt.NDArray[np.int32]
T = TypeVar("T")


class Compared(NamedTuple):
    """Pairs of a record with others in some rows: which may be proposed, their scores as log odds
    as Model has them, and their features, pairs × features."""

    permitted: npt.NDArray[np.bool_]
    log_odds: npt.NDArray[np.float64]
    features: npt.NDArray[np.float64]


def is_shared(records: Records) -> bool:
    """Whether two threads are to look through the offers."""
    return len(records.offers) >= SHARED and cores() > 1


def worth_scoring(records: Records, model: Model, row: int, *, shared: bool) -> Rows:
    """Offers that may be among the best for the request in a row, each once.

    The same whether two threads have shared the work or not.
    """
    if shared:
        wake()
    found, cells = records.found, records.found.offers.cells
    request = records.requests.records.table[row : row + 1]
    offers = len(records.offers)
    looked_at, scored = LOOKED_AT + offers // LOOKED_AT_OF, SCORED + offers // SCORED_OF
    marks, weights = records.names.concept_marks(), weights_of(model)
    part = cells.part(found.offers_to_look_at(row))
    asked = (
        part,
        cells.links,
        tuple(cells.column(name) for name in _OFFERS),
        request,
        records.requests.lines.table,
        records.today,
        records.whom.admission(row),
        weights,
        (marks, *codes()),
        looked_at,
    )
    gisted = (found.offers.gists, found.requests.gists[row], request, weights, marks)
    seen = board(part.places)
    # Who does not lead finds none.
    best: Rows = max(_share(shared)(lambda: looks(asked, gisted, seen, scored)), key=len)
    return best


def worth_comparing(records: Records, model: Model, row: int) -> Rows:
    """Rows of requests whose lists the offer in a row may enter."""
    cells = records.found.requests.cells
    rows: Rows = reached(
        cells.part(records.found.requests_to_look_at(row)),
        cells.links,
        tuple(cells.column(name) for name in _REQUESTS),
        records.found.requests.gists,
        records.found.offers.gists[row],
        records.offers.records.table[row : row + 1],
        records.offers.lines.table,
        records.today,
        records.whom.states(row),
        weights_of(model),
        (records.names.concept_marks(), *codes()),
        _rooms(model),
    )
    return rows


def offers_compared(
    records: Records, model: Model, row: int, rows: Rows, *, shared: bool
) -> Compared:
    """The request in a row with the offers in some rows, by two threads if `shared`.

    The same numbers as features.pair_features and Model.log_odds give, to the last bit.
    """
    requests, offers = records.requests, records.offers
    told = Compared(
        np.zeros(len(rows), dtype=np.bool_),
        np.zeros(len(rows)),
        np.empty((len(rows), len(FEATURES))),
    )
    asked = (
        rows,
        offers.records.table,
        offers.lines.table,
        requests.records.table[row : row + 1],
        requests.lines.table,
        records.today,
        records.whom.admission(row),
        _near(requests, row),
        len(records.names.concepts),
        codes(),
        weights_of(model),
        untaken(),
        told,
    )
    _share(shared)(lambda: offers_features(*asked))
    return told


def requests_compared(records: Records, model: Model, row: int, rows: Rows) -> Compared:
    """The offer in a row with the requests in some rows; the numbers as `offers_compared` has."""
    requests, offers = records.requests, records.offers
    features = np.empty((len(rows), len(FEATURES)))
    permitted, log_odds = requests_features(
        rows,
        requests.records.table,
        requests.lines.table,
        offers.records.table[row : row + 1],
        offers.lines.table,
        records.today,
        records.whom.states(row),
        _near(offers, row),
        len(records.names.concepts),
        codes(),
        weights_of(model),
        features,
    )
    return Compared(permitted, log_odds, features)


def _share(shared: bool) -> Callable[[Callable[[], T]], tuple[T, ...]]:
    """How a work is done, that shares itself out."""
    return together if shared else alone


def _near(side: Index, row: int) -> int:
    """The themes close to those of a record with codes, as bits; -1 for one without any."""
    one = side.records.table[row]
    return related_to(int(one["themes"])) if one["coded"] else -1


@cache
def codes() -> tuple[npt.NDArray[Any], ...]:
    """How close themes are and how far kinds serve, as numbers and as whole hundredths."""
    return closeness(), serves(), near_themes(), served_kinds()


@lru_cache(maxsize=16)
def _rooms(model: Model) -> tuple[float, float]:
    """By how much the looks may fall short: the first tells neither words nor meaning."""
    weight = dict(zip(model.feature_names, model.weights, strict=True))
    return MISLED + weight["terms"] + weight["meaning"], MISLED
