"""Learning from decisions: fitting, and whether a new model is the better one.

What the decisions teach is told in examples.py.

**What is compared.** Each decision is predicted by a model that was fitted without any decision of
its State. The new model is better if its log loss is lower than that of the model in use, its
order within the lists is no worse, and its log loss is lower too than that of the model in use
with the slope and intercept that suit the other States, by more than chance would give one time in
twenty, as judged by how the States differ among themselves. Without the last condition, decisions
thrown by a coin would bring a new model: one that has learnt how often coins fall.

**What is hidden.** A pair that scores less than the model's least score is not proposed. Decisions
that make a model surer push low scores lower still, and what is hidden is never decided on: nobody
would tell the model that it was wrong. So a learnt model's least score lies below whatever
it gave an endorsed pair of a request that it was not fitted to, and a model that would still hide
endorsed pairs of other States is not used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student
from sklearn.model_selection import GroupKFold

from services.matcher.engine.evaluation import ece, ndcg
from services.matcher.engine.examples import Examples, Floats, Which
from services.matcher.engine.fitting import ShrunkLogistic, least_score
from services.matcher.engine.ranking import Model, most_weights

FOLDS = 5
CHANCE = 0.05
"""How often chance alone may make a model look better."""

_SHRINKAGES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_PASSED_OVER = (0.0, 0.2)
_MOST_HIDDEN = 0.01
"""The part of the held-back endorsements that a model in use may hide: one may have been a slip."""

_DECIMALS = 6
_SURE = 12.0
"""Log odds past this, either way, count as this: one odd decision must not decide everything."""

Progress = Callable[[], object]
"""Called after each model that was fitted; `fits` says how many there will be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What is chosen by cross-validation: see ShrunkLogistic, and what passed over counts for."""

    shrinkage: float
    passed_over: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a model predicts decisions: log loss and ECE, lower is better, nDCG, higher is."""

    log_loss: float
    order: float
    ece: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A new model and the one in use on held-back decisions.

    `rescaled` is the log loss of the model in use with a new slope and intercept, `needed` how far
    below that the new model's has to be. `lists` are those with an endorsed and a rejected pair:
    elsewhere there is no order to judge. `scores` are the new model's, `endorsed` what was decided,
    `hidden` how many of the endorsed the new model would not have proposed.
    """

    decisions: int
    states: int
    lists: int
    in_use: Figures
    new: Figures
    rescaled: float
    needed: float
    hidden: int
    scores: Floats
    endorsed: Which

    @property
    def wanting(self) -> str | None:
        """What the new model fails in, None if it is to be used."""
        if self.new.log_loss >= self.in_use.log_loss:
            return "its log loss is no lower"
        if self.new.order < self.in_use.order:
            return "its order is worse"
        if self.rescaled - self.new.log_loss <= self.needed:
            return "what it gains may be chance, or no more than another scale would"
        if self.hidden > _MOST_HIDDEN * self.endorsed.sum():
            return f"it would hide {self.hidden} pairs that were endorsed"
        return None


def fits() -> int:
    """How many models `compare` and `learn` fit together, at most."""
    choosing = FOLDS * len(_SHRINKAGES) * len(_PASSED_OVER) + 1
    return (FOLDS + 1) * choosing


def learn(given: Examples, prior: Model, version: str, progress: Progress) -> Model:
    """The model that the examples make of the prior, at the setting that cross-validation finds."""
    setting, lowest = _choose(given, prior, progress)
    model = _fit(given, prior, setting, progress, version)
    rows = given.features.reshape(-1, len(model.weights))  # no example has no width either
    endorsed = model.log_odds(rows[given.endorsed])
    return replace(model, least_score=least_score(np.append(endorsed, lowest)))


def compare(
    given: Examples, fresh: Which, prior: Model, in_use: Model, progress: Progress
) -> Comparison:
    """How learning from `given` does on the fresh decisions, beside the model in use.

    `fresh` are the examples that the model in use was not learnt from. `lacking` must have nothing
    to say of them.
    """
    held_back = fresh & given.decided
    new, rescaled = np.full(len(given), np.nan), np.full(len(given), np.nan)
    hidden = np.zeros(len(given), dtype=bool)
    for rest, part in _folds(given.states, held_back):
        known = given.where(rest)
        model = learn(known, prior, "held back", progress)
        new[part] = _log_odds(model, given.features[part])
        hidden[part] = model.hides(model.scores(given.features[part]))
        rescaled[part] = _rescaled(in_use, known, given.features[part])
    decisions = given.where(held_back)
    old, new, rescaled = _log_odds(in_use, decisions.features), new[held_back], rescaled[held_back]
    losses = _losses(rescaled, decisions.endorsed) - _losses(new, decisions.endorsed)
    lists = _lists(decisions)
    return Comparison(
        decisions=len(decisions),
        states=len(np.unique(decisions.states)),
        lists=len(lists),
        in_use=_figures(old, decisions, lists),
        new=_figures(new, decisions, lists),
        rescaled=float(_losses(rescaled, decisions.endorsed).mean()),
        needed=_by_chance(losses, decisions.states),
        hidden=int((hidden & given.endorsed).sum()),
        scores=_probabilities(new),
        endorsed=decisions.endorsed,
    )


def _choose(given: Examples, prior: Model, progress: Progress) -> tuple[Setting, float]:
    """The setting that predicts decisions on other requests best; of equals the most careful.

    With it the lowest log odds that it gave an endorsed pair of another request.
    """
    settings = [Setting(*both) for both in product(_SHRINKAGES, _PASSED_OVER)]
    losses = dict.fromkeys(settings, 0.0)
    lowest = dict.fromkeys(settings, _SURE)
    for rest, part in _folds(given.requests, given.decided):
        known = given.where(rest)
        for setting in settings:
            model = _fit(known, prior, setting, progress)
            odds = _log_odds(model, given.features[part])
            losses[setting] += float(_losses(odds, given.endorsed[part]).sum())
            lowest[setting] = min(lowest[setting], *odds[given.endorsed[part]].tolist(), _SURE)
    best = min(settings, key=lambda s: (round(losses[s], _DECIMALS), -s.shrinkage, s.passed_over))
    return best, lowest[best]


def _folds(groups: npt.NDArray[np.str_], held: Which) -> Iterator[tuple[Which, Which]]:
    """What to learn from and which of `held` to predict by it: no group is in both."""
    folds = min(FOLDS, len(np.unique(groups[held])))
    if folds < 2:
        return
    splits = GroupKFold(folds).split(np.zeros(int(held.sum())), groups=groups[held])
    for _, tested in splits:
        away = np.isin(groups, np.unique(groups[held][tested]))
        yield ~away, away & held


def _fit(
    given: Examples, prior: Model, setting: Setting, progress: Progress, version: str = "tried"
) -> Model:
    weight = np.where(given.decided, 1.0, setting.passed_over)
    used = weight > 0.0
    progress()
    if len(np.unique(given.endorsed[used])) < 2:
        return replace(prior, version=version)
    fitted = ShrunkLogistic(
        prior.weights, prior.intercept, setting.shrinkage, most_weights(prior.feature_names)
    ).fit(given.features[used], given.endorsed[used], weight[used])
    return Model(
        version,
        prior.feature_names,
        tuple(round(max(0.0, float(weight)), _DECIMALS) for weight in fitted.coef_[0]),
        round(float(fitted.intercept_[0]), _DECIMALS),
    )


def _rescaled(model: Model, given: Examples, features: Floats) -> Floats:
    """The model's log odds with the slope and intercept that suit the decisions best."""
    decisions = given.where(given.decided)
    if len(np.unique(decisions.endorsed)) < 2:
        return _log_odds(model, features)
    fitted = ShrunkLogistic((1.0,)).fit(
        _log_odds(model, decisions.features).reshape(-1, 1), decisions.endorsed
    )
    return fitted.decision_function(_log_odds(model, features).reshape(-1, 1))


def _log_odds(model: Model, features: Floats) -> Floats:
    odds: Floats = features @ np.array(model.weights) + model.intercept
    return odds


def _losses(odds: Floats, endorsed: Which) -> Floats:
    bounded = np.clip(odds, -_SURE, _SURE)
    losses: Floats = np.logaddexp(0.0, np.where(endorsed, -bounded, bounded))
    return losses


def _probabilities(odds: Floats) -> Floats:
    probabilities: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -_SURE, _SURE)))
    return probabilities


def _lists(decisions: Examples) -> list[npt.NDArray[np.intp]]:
    """Where the decisions on each request are that has both kinds of them."""
    found = [np.flatnonzero(decisions.requests == name) for name in np.unique(decisions.requests)]
    return [at for at in found if len(np.unique(decisions.endorsed[at])) == 2]


def _figures(odds: Floats, decisions: Examples, lists: Sequence[npt.NDArray[np.intp]]) -> Figures:
    orders = [_order(odds[at], decisions.endorsed[at]) for at in lists]
    return Figures(
        log_loss=float(_losses(odds, decisions.endorsed).mean()),
        order=float(np.mean(orders)) if orders else 0.0,
        ece=ece(_probabilities(odds), decisions.endorsed),
    )


def _order(odds: Floats, endorsed: Which) -> float:
    """nDCG of a list's decided pairs, an endorsement being worth 1, a rejection nothing."""
    ranking = [str(at) for at in np.argsort(-odds, kind="stable")]
    grades = {str(at): int(value) for at, value in enumerate(endorsed)}
    return ndcg(ranking, grades, len(ranking))


def _by_chance(gains: Floats, states: npt.NDArray[np.str_]) -> float:
    """The mean gain that chance gives so often as CHANCE says, were there none in truth.

    Decisions of one State go together, so States are what is counted.
    """
    names = np.unique(states)
    mean = gains.mean()
    away = [(gains[states == name] - mean).sum() for name in names]
    count = len(names)
    error = np.sqrt(count / (count - 1) * np.square(away).sum()) / len(gains)
    return float(student.ppf(1.0 - CHANCE, count - 1) * error)
