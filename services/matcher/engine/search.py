"""The two passes: over all offers for one request, and over all requests for one offer."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.matcher.engine.codes import ALL_THEMES, related
from services.matcher.engine.features import pair_features
from services.matcher.engine.index import Index
from services.matcher.engine.lines import best_for_needs, best_of_provisions
from services.matcher.engine.ranking import Model
from services.matcher.engine.records import Records
from services.matcher.engine.rules import View, bars

LEAST_SCORE = 0.001
"""A pair that scores less is not proposed, however much room there is."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of the other side's index that may be proposed, with pairs × features and scores."""

    rows: npt.NDArray[np.intp]
    features: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]


def offers_for(records: Records, model: Model, request: str) -> Found:
    """All offers that may be proposed for a request; KeyError if it is not here."""
    one = records.requests.view([records.requests.row(request)])
    offers = records.offers
    wanted = _related(one, offers)
    columns = _columns(offers, "eligible")
    for _, barred in bars(one, columns, records.declined_rows("request", request), records.today):
        wanted &= ~barred
    rows = np.flatnonzero(wanted)
    best = best_for_needs(
        records.lines("request", request),
        offers,
        _positions(rows, len(wanted)),
        len(rows),
        records.names,
        records.today,
    )
    features = pair_features(one, offers.view(rows), best, records.today, records.sizes())
    return _scored(rows, features, model)


def requests_for(records: Records, model: Model, offer: str) -> Found:
    """All requests that an offer may be proposed for; KeyError if it is not here."""
    one = records.offers.view([records.offers.row(offer)])
    requests = records.requests
    wanted = _related(one, requests)
    columns = _columns(requests, "state")
    for _, barred in bars(columns, one, records.declined_rows("offer", offer), records.today):
        wanted &= ~barred
    rows = np.flatnonzero(wanted)
    many = requests.view(rows)
    places = int((many["shares"] > 0.0).sum(axis=1).max(initial=0))
    best = best_of_provisions(
        records.lines("offer", offer),
        requests,
        _positions(rows, len(wanted)),
        (len(rows), places),
        records.names,
        records.today,
    )
    features = pair_features(many, one, best, records.today, records.sizes())
    return _scored(rows, features, model)


def _related(one: View, index: Index) -> npt.NDArray[np.bool_]:
    """Records whose codes or text name a theme at all close to one that the other's name.

    A record without codes is always among them, and to it everything is: what its text says of
    themes is a guess, which may lower a score but not hide a record.
    """
    wanted = index.records.used.copy()
    if one["coded"][0]:
        near = np.uint32(_near(int(one["themes"][0])))
        wanted &= ((index.records.column("themes") & near) != 0) | ~index.records.column("coded")
    return wanted


def _near(themes: int) -> int:
    if themes == ALL_THEMES:
        return ALL_THEMES
    near = 0
    for number, bits in enumerate(related()):
        if themes >> number & 1:
            near |= bits
    return near


def _columns(index: Index, own: str) -> View:
    return {name: index.records.column(name) for name in ("open", "from", "to", own)}


def _positions(rows: npt.NDArray[np.intp], size: int) -> npt.NDArray[np.int32]:
    position = np.full(size, -1, dtype=np.int32)
    position[rows] = np.arange(len(rows), dtype=np.int32)
    return position


def _scored(rows: npt.NDArray[np.intp], features: npt.NDArray[np.float64], model: Model) -> Found:
    scores = model.scores(features)
    kept = scores >= LEAST_SCORE
    return Found(rows[kept], features[kept], scores[kept])
