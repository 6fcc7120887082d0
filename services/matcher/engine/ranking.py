"""From features to a score: a model that adds, and its fitting toward what was known before."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from services.matcher.engine.features import ADDED, EARLIER, FEATURES, NO_RECORD
from services.matcher.engine.features import completed as completed_features

DECIMALS = 6
"""Scores are rounded to so many decimals, so that they are the same wherever they are reckoned."""

LEAST_SCORE = 0.0002
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
        total = np.full(len(features), self.intercept)
        # Column after column, not as one product of matrices, whose order of adding may vary.
        for column, weight in zip(features.T, self.weights, strict=True):
            total += weight * column
        return total

    def scores(self, features: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The scores of pairs × features, each from 0 to 1."""
        return self.from_log_odds(self.log_odds(features))

    def from_log_odds(self, total: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores from log odds."""
        # Past ±40 the rounded score is 0 or 1 anyway, and exp cannot overflow.
        rounded: npt.NDArray[np.float64] = np.round(
            1.0 / (1.0 + np.exp(-np.clip(total, -40.0, 40.0))), DECIMALS
        )
        return rounded

    def features_of(self, told: Sequence[float]) -> tuple[float, ...]:
        """A pair's features as this model weighs them, also where an earlier release told them."""
        return completed_features(told) if self.feature_names == FEATURES else tuple(told)

    def hides(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Of pairs with these scores, those that are not proposed."""
        return scores < self.least_score


def least_score(log_odds: npt.NDArray[np.float64]) -> float:
    """A least score for a model that gave these log odds to endorsed pairs: half of the lowest.

    Half, since the next one may lie lower; rounded down to the decimals of scores, and never above
    LEAST_SCORE. A model that is surer of itself thereby hides no more of what is endorsed.
    """
    half = float(np.min(expit(log_odds), initial=1.0)) / 2.0
    steps: float = 10.0**DECIMALS
    return min(LEAST_SCORE, math.floor(half * steps) / steps)


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
_PRIOR_INTERCEPT = -14.25 - _PRIOR["track_record"] * NO_RECORD


def prior_model() -> Model:
    """The model set by hand, for as long as there are too few decisions to learn from."""
    return Model(
        version="prior-4",
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


class ShrunkLogistic(ClassifierMixin, BaseEstimator):
    """Logistic regression with weights not below 0, shrunk toward given ones.

    Minimises Σ sample_weight × logistic loss + shrinkage × ‖w − prior_weights‖² by L-BFGS-B. The
    intercept is shrunk toward `prior_intercept` a hundred times less. With few decisions the
    prior stands; with many they decide. `prior_weights` None means zeros. No weight comes above
    `most_weights`, None for no bound at all.
    """

    def __init__(
        self,
        prior_weights: tuple[float, ...] | None = None,
        prior_intercept: float = 0.0,
        shrinkage: float = 1.0,
        most_weights: tuple[float, ...] | None = None,
    ) -> None:
        self.prior_weights = prior_weights
        self.prior_intercept = prior_intercept
        self.shrinkage = shrinkage
        self.most_weights = most_weights

    def fit(
        self,
        X: npt.ArrayLike,  # noqa: N803 (scikit-learn's name)
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Fit to pairs × features and labels of which the larger is the positive one.

        ValueError unless there are two labels and, where given, a prior weight for each feature.
        """
        pairs, labels = (np.asarray(checked) for checked in check_X_y(X, y))
        self.classes_ = np.unique(labels)
        if len(self.classes_) != 2:
            raise ValueError(f"two labels are needed, these are {len(self.classes_)}")
        count, width = pairs.shape
        prior = np.zeros(width + 1)
        prior[:-1] = 0.0 if self.prior_weights is None else self.prior_weights
        prior[-1] = self.prior_intercept
        shrink = np.full(width + 1, self.shrinkage)
        shrink[-1] = self.shrinkage / 100.0
        weight = np.ones(count) if sample_weight is None else np.asarray(sample_weight)
        sign = np.where(labels == self.classes_[1], 1.0, -1.0)
        design = np.hstack([pairs, np.ones((count, 1))])

        def loss(w: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
            margin = sign * (design @ w)
            away = w - prior
            value = (weight * np.logaddexp(0.0, -margin)).sum() + (shrink * away**2).sum()
            slope = design.T @ (-sign * weight * expit(-margin)) + 2.0 * shrink * away
            return float(value), slope

        most = (math.inf,) * width if self.most_weights is None else self.most_weights
        bounds = [*((0.0, bound) for bound in most), (None, None)]
        found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
        self.coef_ = found.x[:-1].reshape(1, -1)
        self.intercept_ = found.x[-1:]
        self.n_features_in_ = width
        return self

    def decision_function(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """The log odds of the positive label."""
        check_is_fitted(self)
        values: npt.NDArray[np.float64] = check_array(X) @ self.coef_[0] + self.intercept_[0]
        return values

    def predict_proba(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:  # noqa: N803
        """The probabilities of both labels, pairs × 2."""
        positive = expit(self.decision_function(X))
        return np.column_stack([1.0 - positive, positive])

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.generic]:  # noqa: N803
        """The more probable label of each pair."""
        labels: npt.NDArray[np.generic] = self.classes_[
            (self.decision_function(X) > 0.0).astype(int)
        ]
        return labels

    def model(self, version: str) -> Model:
        """What was learnt, as the engine uses it."""
        check_is_fitted(self)
        weights = tuple(float(weight) for weight in self.coef_[0])
        return Model(version, FEATURES, weights, float(self.intercept_[0]))
