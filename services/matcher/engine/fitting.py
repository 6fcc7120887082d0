"""Fitting a ranking model toward what was known before.

Apart from ranking.py, for scikit-learn takes seconds to import: who ranks needs none of it.
"""

import math
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from services.matcher.engine.features import FEATURES
from services.matcher.engine.ranking import DECIMALS, LEAST_SCORE, Model


def least_score(log_odds: npt.NDArray[np.float64]) -> float:
    """A least score for a model that gave these log odds to endorsed pairs: half of the lowest.

    Half, since the next one may lie lower; rounded down to the decimals of scores, and never above
    LEAST_SCORE. A model that is surer of itself thereby hides no more of what is endorsed.
    """
    half = float(np.min(expit(log_odds), initial=1.0)) / 2.0
    steps: float = 10.0**DECIMALS
    return min(LEAST_SCORE, math.floor(half * steps) / steps)


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
