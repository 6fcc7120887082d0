"""A large register's candidates for a request, looked over, so that only the best are scored.

Every candidate gets a glance (glance.py) at its brief words, the better ones another at their gist;
those that then look best are scored by all their features. What a glance leaves out seldom
lifts a pair past hundreds of others: how seldom, against scoring everything, is measured by
`bench.engine --recall`.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import (
    closeness,
    near_themes,
    related_to,
    served_kinds,
    serves,
)
from services.matcher.engine.comparing import Compared, best_compared, compared
from services.matcher.engine.index import Index
from services.matcher.engine.kernels import requests_features
from services.matcher.engine.looking_back import reached
from services.matcher.engine.ranking import Model, weights_of
from services.matcher.engine.records import LARGE, Records
from services.matcher.engine.together import alone, cores, together, wake

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


def is_shared(records: Records) -> bool:
    """Whether two threads are to look through the offers."""
    return len(records.offers) >= SHARED and cores() > 1


def offers_compared(records: Records, model: Model, row: int, *, shared: bool) -> Compared:
    """The request in a row with those offers that may be among the best for it, each once, in no
    order; until the next time.

    The same numbers as features.pair_features and Model.log_odds give, to the last bit, whether two
    threads have shared the work or not.
    """
    if shared:
        wake()
    requests, offers = records.requests, records.offers
    found, cells = records.found, records.found.offers.cells
    request, needs = requests.records.table[row : row + 1], requests.lines.table
    marks, weights = records.names.concept_marks(), weights_of(model)
    admission = records.whom.admission(row)
    part = cells.part(found.offers_to_look_at(row))
    asked = (
        part,
        cells.links,
        tuple(cells.column(name) for name in _OFFERS),
        request,
        needs,
        records.today,
        admission,
        weights,
        (marks, *codes()),
        LOOKED_AT + len(offers) // LOOKED_AT_OF,
    )
    gisted = (found.offers.gists, found.requests.gists[row], request, weights, marks)
    paired = (
        offers.records.table,
        offers.lines.table,
        request,
        needs,
        records.today,
        admission,
        _near(requests, row),
        len(records.names.concepts),
        codes(),
        weights,
    )
    seen, told = records.room.cleared(part.places)
    scored = SCORED + len(offers) // SCORED_OF
    _share(shared)(lambda: best_compared(asked, gisted, paired, seen, told, scored))
    return told


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


def requests_compared(records: Records, model: Model, row: int, rows: Rows) -> Compared:
    """The offer in a row with the requests in some rows; the numbers as `offers_compared` has."""
    requests, offers = records.requests, records.offers
    told = compared(1, len(rows))
    told.counts[0] = requests_features(
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
        (told.rows[0], told.log_odds[0], told.features[0]),
    )
    return told


def _share(shared: bool) -> Callable[[Callable[[], object]], None]:
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
