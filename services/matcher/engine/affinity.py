"""How likely two requests are to make one project: a few features, and a calibrated classifier.

The coefficients are data (data/affinity.json, made by build_affinity.py). Nothing here depends on
the order of the two: who is asked about whom makes no difference.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.matcher.engine.affinity_loops import NEAR, compared
from services.matcher.engine.asks import Asks
from services.matcher.engine.bonds import Bond
from services.matcher.engine.codes import near_themes

FEATURES = ("themes", "kinds", "text_themes", "concepts", "meaning", "together", "near")
"""The features' names, each from 0 to 1, each speaking for one project when larger.

`themes`, `kinds`: what part of both requests is about the same, by their lines, and where a
request has none by its text. `text_themes`: likeness of what the texts speak of. `concepts`,
`meaning`: likeness of the concepts named, and of the sentence vectors. `together`: the part of the
shorter window on which both stand. `near`: 1 for neighbours, States of one region and for one
State's own requests, 0 for States that only an organisation binds.
"""

DECIMALS = 6
_ROUNDED = 1e-4
"""More than rounding moves a total."""


@dataclass(frozen=True)
class Affinity:
    """probability = 1 / (1 + exp(-(intercept + Σ weight × feature))), rounded to 1e-6.

    `least` is the probability from which on a request joins the one that began an alliance,
    `least_far` where nothing but an organisation binds their States: a project far apart has to be
    the very same one.
    """

    weights: tuple[float, ...]
    intercept: float
    least: float
    least_far: float

    def probabilities(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of pairs × features, the probability that each is one project."""
        total = np.full(len(features), self.intercept)
        for column, weight in zip(features.T, self.weights, strict=True):
            total += weight * column
        rounded: npt.NDArray[np.float64] = np.round(1.0 / (1.0 + np.exp(-total)), DECIMALS)
        return rounded

    def joins(
        self, features: npt.NDArray[np.float64], probabilities: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.bool_]:
        """Of pairs with their probabilities, whether one would join the other."""
        far = features[:, NEAR] == 0.0
        found: npt.NDArray[np.bool_] = probabilities >= np.where(far, self.least_far, self.least)
        return found


@cache
def shipped() -> Affinity:
    """The coefficients of `data/affinity.json`; ValueError if they are for other features."""
    source = files("services.matcher.engine") / "data" / "affinity.json"
    stored = json.loads(source.read_text(encoding="utf-8"))
    if tuple(stored["features"]) != FEATURES:
        raise ValueError("data/affinity.json was made for other features")
    return Affinity(
        tuple(stored["weights"]), stored["intercept"], stored["least"], stored["least_far"]
    )


def bound(asks: Asks, request: str, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Which rows' States are bound to a request's, and are helped for at least a day with it."""
    row = asks.row(request)
    bonds = asks.bonds.of(asks.country(request))[asks.column("state")[rows]]
    first = np.maximum(asks.column("from")[rows], asks.column("from")[row])
    last = np.minimum(asks.column("to")[rows], asks.column("to")[row])
    found: npt.NDArray[np.bool_] = (bonds > Bond.NONE) & (last >= first)
    return found


def features(
    asks: Asks, request: str, rows: Sequence[int] | npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """A request's features with the requests in some rows: pairs × features."""
    _, found = _compared(asks, request, np.asarray(rows, dtype=np.intp), _ALL)
    return found


def joining(
    affinity: Affinity, asks: Asks, request: str, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Which of some rows' requests would join a request or be joined, and how likely each is."""
    kept, found = _compared(asks, request, rows, _brief(affinity))
    scores = affinity.probabilities(found)
    joins = affinity.joins(found, scores)
    return rows[kept[joins]], scores[joins]


class _Brief(NamedTuple):
    """A classifier as far as what is told at little cost goes: its weights; what the log odds are
    at most without that, whatever the rest is; and what they have to come up to."""

    weights: npt.NDArray[np.float64]
    base: float
    least: float
    least_far: float


_ALL = _Brief(np.zeros(len(FEATURES)), 0.0, -1.0, -1.0)


@cache
def _brief(affinity: Affinity) -> _Brief:
    weights = dict(zip(FEATURES, affinity.weights, strict=True))
    rest = sum(max(weights[name], 0.0) for name in ("concepts", "meaning", "together"))
    return _Brief(
        np.array(affinity.weights),
        affinity.intercept + rest + _ROUNDED,
        _log_odds(affinity.least),
        _log_odds(affinity.least_far),
    )


def _log_odds(probability: float) -> float:
    return math.log(probability / (1.0 - probability))


def _compared(
    asks: Asks, request: str, rows: npt.NDArray[np.intp], brief: _Brief
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Which of some rows' requests may join one, as far as is told at little cost, and the features
    of these."""
    kept, found = compared(
        asks.row(request),
        rows,
        asks.table.table,
        asks.texts.table,
        asks.bonds.of(asks.country(request)),
        near_themes(),
        len(asks.texts.concepts),
        brief.weights,
        brief[1:],
    )
    return kept, found
