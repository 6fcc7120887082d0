"""From features to a score: a model that adds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from services.matcher.engine.compiled import compiled, inlined
from services.matcher.engine.features import ADDED, EARLIER, FEATURES, NO_RECORD
from services.matcher.engine.features import completed as completed_features

LISTED = 50
"""Offers that a request's list has at most."""

DECIMALS = 6
"""Scores are rounded to so many decimals, so that they are the same wherever they are reckoned."""

_UNIT, _UNITS = 10.0**-DECIMALS, 10.0**DECIMALS
_PAST = 40.0
"""Past it, in log odds, the rounded score is 0 or 1 anyway, and exp cannot overflow."""

LEAST_SCORE = 0.00015
"""What the shipped model gives a pair at least that is proposed; no model asks for more."""

PRIORITY_STEP = 0.48
"""What one step of the State's priority counts for in an offer's list, in log odds."""

MOST_WEIGHTS: Mapping[str, float] = MappingProxyType({"track_record": 0.45})
"""What features may weigh at most, whatever is learnt: from the worst record to the best it is less
than one step of the State's priority."""


@dataclass(frozen=True)
class Model:
    """score = 1 / (1 + exp(-(intercept + Σ weight × feature))), rounded to 1e-6.

    A pair that scores less than `least_score` is not proposed, however much room there is. No
    weight is below 0, nor above MOST_WEIGHTS. ValueError for one that is, for too few or many of
    them, and for a least score that is not from 0 to 1.
    """

    version: str
    feature_names: tuple[str, ...]
    weights: tuple[float, ...]
    intercept: float
    least_score: float = LEAST_SCORE

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.feature_names):
            raise ValueError("a model needs one weight for each feature")
        if any(not math.isfinite(weight) or weight < 0.0 for weight in self.weights):
            raise ValueError("a model's weights are finite and not below 0")
        for name, weight in zip(self.feature_names, self.weights, strict=True):
            if weight > MOST_WEIGHTS.get(name, math.inf):
                raise ValueError(f"a model's weight of {name} is at most {MOST_WEIGHTS[name]}")
        if not 0.0 <= self.least_score <= 1.0:
            raise ValueError("a model's least score is from 0 to 1")

    def log_odds(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The scores of pairs × features as log odds, neither bounded nor rounded."""
        found: npt.NDArray[np.float64] = _totals(np.ascontiguousarray(features), weights_of(self))
        return found

    def scores(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The scores of pairs × features, each from 0 to 1."""
        return self.from_log_odds(self.log_odds(features))

    def from_log_odds(self, total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores from log odds."""
        found: npt.NDArray[np.float64] = _scores(total)
        return found

    def features_of(self, told: Sequence[float]) -> tuple[float, ...]:
        """A pair's features as this model weighs them, also where an earlier release told them."""
        return completed_features(told) if self.feature_names == FEATURES else tuple(told)

    def hides(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Of pairs with these scores, those that are not proposed."""
        return scores < self.least_score


@lru_cache(maxsize=16)
def weights_of(model: Model) -> npt.NDArray[np.float64]:
    """A model's weights, and after them its intercept."""
    return np.array([*model.weights, model.intercept])


@inlined
def total_of(features, weights):  # type: ignore[no-untyped-def]
    """A pair's score as log odds, by weights_of: feature after feature, not as a product of
    matrices, whose order of adding may vary."""
    total = weights[len(features)]
    for feature in range(len(features)):
        total += weights[feature] * features[feature]
    return total


@inlined
def least_alike(log_odds):  # type: ignore[no-untyped-def]
    """The least log odds whose score may be the same as that of others, by its rounding."""
    if log_odds <= -_PAST:
        return -np.inf
    less = 1.0 / (1.0 + math.exp(-log_odds)) - 1.5 * _UNIT
    return math.log(less / (1.0 - less)) if less > 0.0 else -np.inf


@inlined
def rounded(value):  # type: ignore[no-untyped-def]
    """A number with as many decimals as scores have."""
    return np.rint(value * _UNITS) / _UNITS


@inlined
def _score(log_odds):  # type: ignore[no-untyped-def]
    return rounded(1.0 / (1.0 + math.exp(-min(max(log_odds, -_PAST), _PAST))))


@compiled
def best_pairs(counts, rows, log_odds, features, most, least_score):  # type: ignore[no-untyped-def]
    """Of pairs that score enough (as comparing.Compared has them) those with the `most` best log
    odds, and such as may score the same as the last of them: their rows, scores and features, in
    the order given."""
    every = counts.sum()
    least = -np.inf
    if 0 < most < every:
        best = np.full(most, -np.inf)
        for who in range(len(counts)):
            for at in range(counts[who]):
                if log_odds[who, at] > best[0]:
                    # The best so far in their order: what is among them now pushes the last out.
                    spot = 0
                    while spot + 1 < most and best[spot + 1] < log_odds[who, at]:
                        best[spot] = best[spot + 1]
                        spot += 1
                    best[spot] = log_odds[who, at]
        least = least_alike(best[0])
    kept = np.empty((every, 2), dtype=np.int64)
    count = 0
    for who in range(len(counts)):
        for at in range(counts[who]):
            kept[count] = who, at
            odds = log_odds[who, at]
            count += odds >= least and _score(odds) >= least_score
    chosen, scores = np.empty(count, dtype=np.int64), np.empty(count)
    told = np.empty((count, features.shape[2]))
    for place in range(count):
        who, at = kept[place]
        chosen[place], scores[place] = rows[who, at], _score(log_odds[who, at])
        told[place] = features[who, at]
    return chosen, scores, told


@compiled
def list_places(rows, scores, offers, near):  # type: ignore[no-untyped-def]
    """Numbers by which offers in some rows stand in a request's list, the least first: by score, of
    equal ones unconditional offers first, then the know-how of States that are `near`, by number.
    """
    places = np.empty(len(rows), dtype=np.int64)
    for at in range(len(rows)):
        given = offers[rows[at]]
        tied, far = not given["unconditional"], not near[given["expert"]]
        places[at] = -4 * np.int64(np.rint(scores[at] * _UNITS)) + 2 * tied + far
    return places


@compiled
def _scores(log_odds):  # type: ignore[no-untyped-def]
    scores = np.empty(len(log_odds))
    for at in range(len(log_odds)):
        scores[at] = _score(log_odds[at])
    return scores


@compiled
def _totals(features, weights):  # type: ignore[no-untyped-def]
    totals = np.empty(len(features))
    for at in range(len(features)):
        totals[at] = total_of(features[at], weights)
    return totals


# Set by hand near what graded pairs of a development set suggest; docs/evaluation.md tells how it
# does on States that it was not looked at with.
_PRIOR: Mapping[str, float] = {
    "theme": 0.72,
    "main_need": 0.48,
    "needs_served": 0.36,
    "any_need": 0.36,
    "quantity": 0.36,
    "amount": 1.2,
    "text_theme": 3.36,
    "text_kind": 1.44,
    "field": 3.6,
    "meaning": 3.0,
    "concepts": 1.8,
    "focus": 3.36,
    "allowed": 0.72,
    "terms": 2.64,
    "window": 0.36,
    "unconditional": 0.12,
    "uncoded": 1.35,
    "track_record": 0.36,
}
# What has no record scores as it would were there no such feature.
_PRIOR_INTERCEPT = -14.5 - _PRIOR["track_record"] * NO_RECORD


def prior_model() -> Model:
    """The model set by hand, for as long as there are too few decisions to learn from."""
    return Model(
        version="prior-5",
        feature_names=FEATURES,
        weights=tuple(_PRIOR[name] for name in FEATURES),
        intercept=_PRIOR_INTERCEPT,
    )


def most_weights(names: Sequence[str] = FEATURES) -> tuple[float, ...]:
    """What each of some features may weigh at most; infinite where there is no bound."""
    return tuple(MOST_WEIGHTS.get(name, math.inf) for name in names)


def completed(model: Model) -> Model:
    """A model with the present features, if it has those of an earlier release: what came since it
    weighs as the shipped one does, and what nothing is known of it scores as it did. Else as it is.
    """
    if model.feature_names != EARLIER:
        return model
    return replace(
        model,
        feature_names=FEATURES,
        weights=(*model.weights, *(_PRIOR[name] for name in ADDED)),
        intercept=model.intercept - sum(_PRIOR[name] * value for name, value in ADDED.items()),
    )
