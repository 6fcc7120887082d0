"""How likely two requests are to make one project: a few features, and a calibrated classifier.

The coefficients are data (data/affinity.json, made by build_affinity.py). Nothing here depends on
the order of the two: who is asked about whom makes no difference.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from services.matcher.engine.asks import WHOLE, Asks
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
_NEAR = FEATURES.index("near")
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

    def may_join(
        self, features: npt.NDArray[np.float64], known: Sequence[int]
    ) -> npt.NDArray[np.bool_]:
        """Whether pairs may join as far as some features tell, the columns of `features`: `known`
        are their places among all, `near` the last of them. False only where the others cannot
        help, whatever they are."""
        others = [one for at, one in enumerate(self.weights) if at not in known]
        total = self.intercept + sum(max(one, 0.0) for one in others) + _ROUNDED
        total = total + features @ np.array([self.weights[at] for at in known])
        least = np.where(features[:, -1] == 0.0, self.least_far, self.least)
        found: npt.NDArray[np.bool_] = total >= np.log(least / (1.0 - least))
        return found

    def joins(
        self, features: npt.NDArray[np.float64], probabilities: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.bool_]:
        """Of pairs with their probabilities, whether one would join the other."""
        far = features[:, _NEAR] == 0.0
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
    row, others = asks.row(request), np.asarray(rows, dtype=np.intp)
    return _columns(FEATURES, asks, row, others)


def joining(
    affinity: Affinity, asks: Asks, request: str, rows: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Which of some rows' requests would join a request or be joined, and how likely each is."""
    row = asks.row(request)
    rows = rows[affinity.may_join(_columns(_BRIEF, asks, row, rows), _BRIEF_PLACES)]
    if not len(rows):
        return rows, np.zeros(0)
    found = _columns(FEATURES, asks, row, rows)
    scores = affinity.probabilities(found)
    joins = affinity.joins(found, scores)
    return rows[joins], scores[joins]


def _columns(
    names: Sequence[str], asks: Asks, row: int, others: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    stacked = np.stack([_COLUMNS[name](asks, row, others) for name in names], axis=1)
    clipped: npt.NDArray[np.float64] = stacked.clip(0.0, 1.0)
    return clipped


def _in_common(name: str) -> "_Column":
    def column(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        parts = asks.column(name)
        common: npt.NDArray[np.float64] = np.minimum(parts[others], parts[row]).sum(axis=1) / WHOLE
        return common

    return column


def _meaning(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    vectors, vector = asks.told("vector", others), asks.told("vector", row)
    products = vectors.astype(np.float32) @ vector.astype(np.float32)
    return _cosine(products, _norms(asks, "vector_norm", row, others))


def _near(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    states = asks.column("state")
    bonds = asks.bonds.of(asks.country(asks.id(row)))
    near: npt.NDArray[np.float64] = (bonds[states[others]] >= Bond.REGION) * 1.0
    return near


def _text_themes(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    near = near_themes() @ asks.told("text_themes", row).astype(np.int64)
    products = (asks.told("text_themes", others) * near).sum(axis=1)
    return _cosine(products, _norms(asks, "theme_norm", row, others))


def _concepts(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    weights = np.zeros(len(asks.texts.concepts), dtype=np.int64)
    weights[asks.told("concepts", row)] = asks.told("concept_weights", row)
    weights[0] = 0
    products = weights[asks.told("concepts", others)] * asks.told("concept_weights", others)
    return _cosine(products.sum(axis=1), _norms(asks, "concept_norm", row, others))


def _together(asks: Asks, row: int, others: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    first, last = (asks.column(name)[others].astype(np.int64) for name in ("from", "to"))
    own_first, own_last = int(asks.column("from")[row]), int(asks.column("to")[row])
    days = np.minimum(last, own_last) - np.maximum(first, own_first) + 1
    shorter = np.minimum(last - first, own_last - own_first) + 1
    together: npt.NDArray[np.float64] = days / np.maximum(shorter, 1)
    return together


def _norms(
    asks: Asks, name: str, row: int, others: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    norms: npt.NDArray[np.float64] = asks.told(name, others) * asks.told(name, row)
    return norms


def _cosine(
    products: npt.NDArray[np.generic], norms: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    # Whole numbers up to the root and the division, so that the two directions are equal.
    some = norms > 0.0
    return np.where(some, products.astype(np.float64) / np.where(some, norms, 1.0), 0.0)


_Column = Callable[[Asks, int, npt.NDArray[np.intp]], npt.NDArray[np.float64]]

_COLUMNS: Mapping[str, _Column] = {
    "themes": _in_common("themes"),
    "kinds": _in_common("kinds"),
    "text_themes": _text_themes,
    "concepts": _concepts,
    "meaning": _meaning,
    "together": _together,
    "near": _near,
}
_BRIEF = ("themes", "kinds", "text_themes", "near")
"""What is told at less cost than the rest, and rules most pairs out."""
_BRIEF_PLACES = tuple(FEATURES.index(name) for name in _BRIEF)
