"""Which assistance under way seems to cover which need line, how much of it, and why.

Only activities of the request's own State, that are neither cancelled nor over before the need
begins, nor for other places within the State, are looked at; the rest is a few features and a
calibrated logistic classifier, whose coefficients are data (data/coverage.json, made by
build_coverage.py).
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.matcher.engine.activities import Activities, ActivityProfile, Needs, dollars
from services.matcher.engine.coverage_features import FEATURES, Features, Rows, features
from services.matcher.engine.profiles import Line

DECIMALS = 6
_SITES = FEATURES.index("sites")
NEAR_DAYS = 92
"""An activity that is not over may end so long before the need begins, or begin so long after."""
MOST_EVIDENCE = 5
_NEARLY_WHOLE = 0.9
"""From this part by money on, a line counted otherwise is as good as covered whole."""

Basis = Literal["quantity", "money", "share", "whole"]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a line an activity gives.

    By `quantity`: thousandths of the line's own unit; by `money`: US cents, of `needed`. By
    `share`: units differ or are unknown, and money tells which part. `whole`: nothing tells, so
    the line is taken to be covered whole. `part` is from 0 to 1; what is given may be more than
    what is needed.
    """

    basis: Basis
    part: float
    given: int | None
    needed: int | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Covering:
    """An activity that seems to cover a need line, with the probability that it does.

    `asks` and `gives` are theme and kind of the line and of the activity. `concepts` are those that
    both texts name, the weightiest first, `excluded` those that one rules out and the other names.
    """

    request: str
    line: int
    activity: str
    score: float
    features: tuple[float, ...]
    extent: Extent
    asks: tuple[str, str]
    gives: tuple[str, str]
    concepts: tuple[str, ...]
    excluded: tuple[str, ...]


@dataclass(frozen=True)
class Classifier:
    """probability = 1 / (1 + exp(-(intercept + Σ weight × feature))), rounded to 1e-6.

    `least` is the probability from which on coverage is asserted.
    """

    weights: tuple[float, ...]
    intercept: float
    least: float

    def probabilities(self, features: Features) -> Features:
        """Of pairs × features, the probability of each."""
        total = np.full(len(features), self.intercept)
        for column, weight in zip(features.T, self.weights, strict=True):
            total += weight * column
        rounded: Features = np.round(1.0 / (1.0 + np.exp(-total)), DECIMALS)
        return rounded


@cache
def shipped() -> Classifier:
    """The coefficients of `data/coverage.json`; ValueError if they are for other features."""
    source = files("services.matcher.engine") / "data" / "coverage.json"
    stored = json.loads(source.read_text(encoding="utf-8"))
    if tuple(stored["features"]) != FEATURES:
        raise ValueError("data/coverage.json was made for other features")
    return Classifier(tuple(stored["weights"]), stored["intercept"], stored["least"])


def coverings(
    activities: Activities, request: str, on: date, classifier: Classifier
) -> tuple[Covering, ...]:
    """What seems to cover the lines of an open request on a day, by line and activity.

    Nothing for a request that is not here. The order in which records were put does not matter.
    """
    if not activities.has_company(request):
        return ()
    needs = activities.needs(request)
    ids = sorted(activities.in_state(needs.country))
    every = np.array([activities.in_state(needs.country)[id_] for id_ in ids], dtype=np.intp)
    found = []
    for line in needs.lines:
        (kept,) = np.nonzero(timely(activities, every, line.window or needs.window, on))
        if not len(kept):
            continue
        told = features(activities, needs, line, every[kept])
        here = told[:, _SITES] > 0.0
        kept, told = kept[here], told[here]
        probabilities = classifier.probabilities(told)
        found += [
            _covering(needs, line, activities.activity(ids[kept[at]]), probabilities[at], told[at])
            for at in np.flatnonzero(probabilities >= classifier.least)
        ]
    return tuple(sorted(found, key=lambda one: (one.line, one.activity)))


def _covering(
    needs: Needs,
    line: Line,
    activity: ActivityProfile,
    score: float,
    told: npt.NDArray[np.float64],
) -> Covering:
    names = {concept for concept, _ in activity.text.concepts}
    both = sorted(names & needs.named.keys(), key=lambda one: (-needs.named[one], one))
    denied = (activity.text.excluded & needs.named.keys()) | (needs.excluded & names)
    return Covering(
        request=needs.id,
        line=line.number,
        activity=activity.id,
        score=float(score),
        features=tuple(round(float(one), DECIMALS) for one in told),
        extent=extent(line, activity.line),
        asks=(line.theme, line.kind),
        gives=(activity.line.theme, activity.line.kind),
        concepts=tuple(both[:MOST_EVIDENCE]),
        excluded=tuple(sorted(denied)[:MOST_EVIDENCE]),
    )


def timely(
    activities: Activities, rows: Rows, window: tuple[int, int], on: date
) -> npt.NDArray[np.bool_]:
    """Of activities in some rows, whether each may cover a need of these days as of a day.

    What is done, or should be by its own dates, has to have gone on into the need's time; what is
    planned or under way at least near it. What is done without saying when covers nothing.
    """
    first, last = activities.column("from")[rows], activities.column("to")[rows]
    dated = last > 0
    over = activities.column("over")[rows] | (dated & (last < on.toordinal()))
    into = dated & (last >= window[0]) & (first <= window[1])
    near = ~dated | ((last >= window[0] - NEAR_DAYS) & (first <= window[1] + NEAR_DAYS))
    found: npt.NDArray[np.bool_] = np.where(over, into, near)
    return found


def extent(line: Line, given: Line) -> Extent:
    """How much of a need line an activity gives."""
    counted = line.kind != "funding" and line.unit is not None and line.unit == given.unit
    if counted and line.quantity and given.quantity:
        part = min(1.0, given.quantity / line.quantity)
        return Extent("quantity", round(part, 6), given.quantity, line.quantity, line.unit)
    needed, paid = dollars(line), dollars(given)
    if not (needed and paid):
        return Extent("whole", 1.0, None, None, None)
    part = min(1.0, paid / needed)
    counted_in_money = line.amount is not None and (line.kind == "funding" or not line.quantity)
    if counted_in_money:
        return Extent("money", round(part, 6), paid, needed, None)
    return Extent("share", 1.0 if part >= _NEARLY_WHOLE else round(part, 2), paid, needed, None)
