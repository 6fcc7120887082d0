"""How the ranker does on States and donors that its weights were not fitted with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold

from deploy.cli.goldset import GoldSet
from deploy.cli.through_engine import Profiles, as_rankings, shortlists
from services.matcher.engine.evaluation import metrics
from services.matcher.engine.features import FEATURES
from services.matcher.engine.fitting import ShrunkLogistic, least_score
from services.matcher.engine.geography import Geography
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.ranking import (
    Model,
    most_weights,
    prior_model,
)

FOLDS = 5
MEASURES = ("ndcg@10", "p@1", "recall@10", "map")
PRIOR, FROM_PRIOR, FROM_ZERO = (
    "prior as shipped",
    "refitted, toward the prior",
    "refitted from zero",
)
SHRINKAGE = 1.0

Grades = Mapping[str, Mapping[str, int]]
Twins = Sequence[tuple[str, str]]
"""Pairs of records that are one and the same; who enters them is held back together."""

_HIGHEST_GAIN = 7.0


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over the folds."""

    mean: float
    deviation: float


Outcome = Mapping[str, Mapping[str, Spread]]
"""By way of fitting, then by measure."""


@dataclass(frozen=True)
class _Pairs:
    """All pairs that the engine would score, with their features and soft labels."""

    entries: list[Pairing]
    features: npt.NDArray[np.float64]
    labels: npt.NDArray[np.float64]


def over_states(
    gold: GoldSet, profiles: Profiles, grades: Grades, geography: Geography, twins: Twins
) -> Outcome:
    """Requests of some States held back at a time; they are ranked against all offers."""
    states = joined({row.external: str(row.body["country"]) for row in gold.requests}, twins)

    def held(profiles: Profiles, states_of: set[str]) -> Profiles:
        kept = {r: p for r, p in profiles.requests.items() if states[r] in states_of}
        return Profiles(kept, profiles.offers)

    return _validate(profiles, grades, geography, lambda pair: states[pair.request], held)


def over_donors(
    gold: GoldSet, profiles: Profiles, grades: Grades, geography: Geography, twins: Twins
) -> Outcome:
    """Offers of some donors held back at a time; all requests are ranked against them alone."""
    donors = joined({row.external: str(row.body["organisation"]) for row in gold.offers}, twins)

    def held(profiles: Profiles, donors_of: set[str]) -> Profiles:
        kept = {o: p for o, p in profiles.offers.items() if donors[o] in donors_of}
        return Profiles(profiles.requests, kept)

    return _validate(profiles, grades, geography, lambda pair: donors[pair.offer], held)


def fitted(
    features: npt.NDArray[np.float64], labels: npt.NDArray[np.float64], prior: Model | None
) -> Model:
    """A model fitted to soft labels from 0 to 1: each pair is a yes and a no, weighed by them.

    It hides no pair whose label is above 0.
    """
    estimator = ShrunkLogistic(
        prior_weights=None if prior is None else prior.weights,
        prior_intercept=0.0 if prior is None else prior.intercept,
        shrinkage=SHRINKAGE,
        most_weights=most_weights(),
    )
    estimator.fit(
        np.vstack([features, features]),
        np.repeat([1, 0], len(labels)),
        np.concatenate([labels, 1.0 - labels]),
    )
    model = estimator.model("refitted")
    relevant = model.log_odds(features[labels > 0.0])
    return replace(model, least_score=least_score(relevant))


def _validate(
    profiles: Profiles,
    grades: Grades,
    geography: Geography,
    group_of: Callable[[Pairing], str],
    held: Callable[[Profiles, set[str]], Profiles],
) -> Outcome:
    pairs = _pairs(profiles, grades, geography)
    groups = np.array([group_of(pair) for pair in pairs.entries])
    figures: dict[str, list[dict[str, float]]] = {PRIOR: [], FROM_PRIOR: [], FROM_ZERO: []}
    for train, test in GroupKFold(FOLDS).split(pairs.features, groups=groups):
        part = held(profiles, set(groups[test]))
        known = pairs.features[train], pairs.labels[train]
        models = {
            PRIOR: prior_model(),
            FROM_PRIOR: fitted(*known, prior_model()),
            FROM_ZERO: fitted(*known, None),
        }
        for name, model in models.items():
            figures[name].append(_measure(part, model, grades, geography))
    return {name: _spread(found) for name, found in figures.items()}


def joined(owners: Mapping[str, str], twins: Twins) -> dict[str, str]:
    """Owners by record, with one name for all that twins join."""
    joined = dict(owners)
    for left, right in twins:
        if left in joined and right in joined:
            name, other = joined[left], joined[right]
            joined = {r: name if owner == other else owner for r, owner in joined.items()}
    return joined


def _pairs(profiles: Profiles, grades: Grades, geography: Geography) -> _Pairs:
    # A model without weights scores all pairs alike, so that none falls below the least score.
    flat = Model("flat", FEATURES, (0.0,) * len(FEATURES), 0.0)
    lists = shortlists(profiles, flat, geography, max(len(profiles.offers), 1))
    entries = [entry for found in lists.values() for entry in found]
    gains = [2 ** grades.get(entry.request, {}).get(entry.offer, 0) - 1 for entry in entries]
    features = np.array([entry.features for entry in entries])
    return _Pairs(entries, features, np.array(gains) / _HIGHEST_GAIN)


def _measure(
    part: Profiles, model: Model, grades: Grades, geography: Geography
) -> dict[str, float]:
    rankings = as_rankings(shortlists(part, model, geography, len(part.offers)))
    order = {request: [entry.offer for entry in found] for request, found in rankings.items()}
    labels = {
        request: {
            offer: grade for offer, grade in grades.get(request, {}).items() if offer in part.offers
        }
        for request in part.requests
    }
    return metrics(order, labels)


def _spread(folds: Sequence[Mapping[str, float]]) -> dict[str, Spread]:
    return {
        name: Spread(fmean(fold[name] for fold in folds), stdev(fold[name] for fold in folds))
        for name in MEASURES
    }
