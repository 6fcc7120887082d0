"""The two passes: over all offers for one request, and over all requests for one offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import related_to
from services.matcher.engine.comparing import Compared
from services.matcher.engine.features import FEATURES, pair_features
from services.matcher.engine.index import Index
from services.matcher.engine.lines import best_for_needs, best_of_provisions
from services.matcher.engine.ranking import Model, best_pairs
from services.matcher.engine.records import LARGE, Records
from services.matcher.engine.rules import View, bars
from services.matcher.engine.shortcut import (
    is_shared,
    offers_compared,
    requests_compared,
    worth_comparing,
)

_RULED = ("open", "from", "to", "barred", "embargoed", "kinds")
"""What the rules read of a side that has it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the other side's index that may be proposed, with pairs × features and scores."""

    rows: npt.NDArray[np.intp]
    features: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]


_NOTHING: Final = Found(np.zeros(0, dtype=np.intp), np.zeros((0, len(FEATURES))), np.zeros(0))


def offers_for(
    records: Records, model: Model, request: str, most: int, *, exact: bool = False
) -> Found:
    """Offers that may be proposed for a request: the `most` best, and what may equal the last.

    In a large register only those are scored that looks find worth it, unless `exact`. KeyError if
    the request is not here.
    """
    row = records.requests.row(request)
    if len(records.offers) > LARGE and not exact:
        return _best_offers(records, model, request, most)
    rows = _permitted_offers(records, request)
    one, offers = records.requests.view([row]), records.offers
    needs = records.requests.lines_of(row)
    best = best_for_needs(needs, offers, rows, records.names, records.today)
    features = pair_features(one, offers.view(rows), best, records.today, records.sizes())
    return _proposable(_all_permitted(rows, features, model), most, model)


def _best_offers(records: Records, model: Model, request: str, most: int) -> Found:
    """Offers that may be proposed for a request and may be among its `most` best."""
    row = records.requests.row(request)
    asked = records.requests.records.column
    if not asked("open")[row] or asked("embargoed")[row]:
        return _NOTHING
    pairs = offers_compared(records, model, row, shared=is_shared(records))
    declined = records.declined_rows("request", request)
    if declined:
        pairs.keep(lambda rows: ~np.isin(rows, declined))
    if asked("barred")[row]:
        pairs.keep(partial(records.whom.within_embargo, row))
    return _proposable(pairs, most, model)


def _permitted_offers(records: Records, request: str) -> npt.NDArray[np.intp]:
    """The rows of all offers that no rule bars for a request."""
    row = records.requests.row(request)
    one, offers = records.requests.view([row]), records.offers
    wanted = _related(records.requests, row, offers)
    declined = _marked(records.declined_rows("request", request), len(wanted))
    columns = _columns(offers)
    for _, barred in bars(one, columns, records.whom.offers(row), declined, records.today):
        wanted &= ~barred
    return np.flatnonzero(wanted)


def requests_for(records: Records, model: Model, offer: str) -> Found:
    """All requests that an offer may be proposed for; KeyError if it is not here."""
    row = records.offers.row(offer)
    one, requests = records.offers.view([row]), records.requests
    wanted = _related(records.offers, row, requests)
    declined = _marked(records.declined_rows("offer", offer), len(wanted))
    columns = _columns(requests)
    for _, barred in bars(columns, one, records.whom.requests(row), declined, records.today):
        wanted &= ~barred
    rows = np.flatnonzero(wanted)
    provisions = records.offers.lines_of(row)
    best = best_of_provisions(provisions, requests, rows, records.names, records.today)
    features = pair_features(requests.view(rows), one, best, records.today, records.sizes())
    return _proposable(_all_permitted(rows, features, model), len(rows), model)


def requests_entered(records: Records, model: Model, offer: str, *, exact: bool = False) -> Found:
    """Requests that an offer may be proposed for, all or those whose lists it may enter.

    KeyError if it is not here.
    """
    row = records.offers.row(offer)
    if len(records.requests) <= LARGE or exact:
        return requests_for(records, model, offer)
    if not records.offers.records.column("open")[row]:
        return _NOTHING
    rows = worth_comparing(records, model, row)
    declined = records.declined_rows("offer", offer)
    if declined:
        rows = rows[~np.isin(rows, declined)]
    rows = records.whom.may_have(row, rows)
    return _proposable(requests_compared(records, model, row, rows), len(rows), model)


def _proposable(pairs: Compared, most: int, model: Model) -> Found:
    """Of compared pairs the `most` best, and what may equal the last of them, less what the model
    hides."""
    rows, scores, features = best_pairs(*pairs, most, model.least_score)
    return Found(rows, features, scores)


def _all_permitted(
    rows: npt.NDArray[np.intp], features: npt.NDArray[np.float64], model: Model
) -> Compared:
    """Pairs of which no rule bars any."""
    return Compared(
        np.array([len(rows)]),
        rows.astype(np.int32)[np.newaxis],
        model.log_odds(features)[np.newaxis],
        np.ascontiguousarray(features)[np.newaxis],
    )


def _related(side: Index, row: int, index: Index) -> npt.NDArray[np.bool_]:
    """Which rows' records name a theme close to one that another names, which is in a row of its
    own side.

    By their codes or their texts, and at all close.

    A record without codes is always among them, and to it everything is: what its text says of
    themes is a guess, which may lower a score but not hide a record.
    """
    wanted = index.records.used.copy()
    one = side.records.table[row]
    if one["coded"]:
        near = np.uint32(related_to(int(one["themes"])))
        themes, coded = (index.records.column(name) for name in ("themes", "coded"))
        wanted &= ((themes & near) != 0) | ~coded
    return wanted


def _columns(index: Index) -> View:
    return {name: index.records.column(name) for name in _RULED if name in index.records.names}


def _marked(rows: Sequence[int], size: int) -> npt.NDArray[np.bool_]:
    marked = np.zeros(size, dtype=bool)
    marked[rows] = True
    return marked
