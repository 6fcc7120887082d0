"""From features to the probability that two records are the same: a logistic that adds.

No weight is negative, so more in common never makes two records less alike. The coefficients are
data, fitted by build_likeness.py, which tells how.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Self

from shared.likeness.features import FEATURES

DECIMALS = 6
_SOURCE = files("shared.likeness") / "data" / "likeness.json"


@dataclass(frozen=True)
class Classifier:
    """1 / (1 + exp(-(intercept + Σ weight × feature))), rounded to 1e-6.

    `least` is the probability from which on a pair is shown; `ordinary` are the features' values
    that speak neither for nor against the same, between those of the same and of look-alikes.
    """

    weights: tuple[float, ...]
    intercept: float
    least: float
    ordinary: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.weights) == len(self.ordinary) == len(FEATURES):
            raise ValueError("the classifier was made for other features")
        if any(not math.isfinite(weight) or weight < 0.0 for weight in self.weights):
            raise ValueError("a classifier's weights are finite and not below 0")

    def probability(self, features: Sequence[float]) -> float:
        """That two records with these features are the same."""
        total = self.intercept
        for weight, feature in zip(self.weights, features, strict=True):
            total += weight * feature
        return round(1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, total)))), DECIMALS)

    def parts(self, features: Sequence[float]) -> tuple[float, ...]:
        """What each feature adds, in log odds, against its ordinary value; rounded to 1e-4."""
        of_each = zip(self.weights, features, self.ordinary, strict=True)
        return tuple(round(w * (feature - usual), 4) for w, feature, usual in of_each)

    @classmethod
    def of_text(cls, text: str) -> Self:
        """From the JSON text of data/likeness.json; ValueError if it is for other features."""
        stored = json.loads(text)
        if tuple(stored["features"]) != FEATURES:
            raise ValueError("the classifier was made for other features")
        return cls(
            tuple(stored["weights"]),
            stored["intercept"],
            stored["least"],
            tuple(stored["ordinary"]),
        )


@cache
def shipped() -> Classifier:
    """The classifier that the release ships with."""
    return Classifier.of_text(_SOURCE.read_text(encoding="utf-8"))
