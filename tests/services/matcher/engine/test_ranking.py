import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from services.matcher.engine.features import FEATURES
from services.matcher.engine.fitting import ShrunkLogistic, least_score
from services.matcher.engine.ranking import (
    LEAST_SCORE,
    Model,
    best_pairs,
    prior_model,
)


def test_the_prior_has_a_weight_for_every_feature_and_none_below_0() -> None:
    prior = prior_model()
    assert prior.feature_names == FEATURES
    assert min(prior.weights) > 0.0
    best, worst = prior.scores(np.vstack([np.ones(len(FEATURES)), np.zeros(len(FEATURES))]))
    assert best > 0.99
    assert worst < 0.001


def test_scores_are_probabilities_rounded_to_six_decimals() -> None:
    model = Model("m", ("a", "b"), (1.0, 2.0), -1.5)
    assert model.scores(np.array([[0.5, 0.5], [1.0, 0.0]])).tolist() == [0.5, 0.377541]
    assert Model("m", ("a",), (1e9,), 0.0).scores(np.array([[1.0]])).tolist() == [1.0]


@pytest.mark.parametrize("most", [0, 1, 7, 50, 2_102, 5_000])
def test_the_best_pairs_are_all_that_may_score_as_the_last_of_them_does(most: int) -> None:
    model = Model("m", ("a",), (1.0,), 0.0)
    odds = np.concatenate([np.linspace(-60.0, 60.0, 2_001), 1.0 + np.linspace(0.0, 2e-5, 101)])
    np.random.default_rng(7).shuffle(odds)
    rows = np.arange(len(odds), dtype=np.int32) + 10
    # Of those that two tell of, some places are not filled.
    counts = np.array([1_500, len(odds) - 1_500])
    parts = [np.resize(column, (2, 1_500)) for column in (rows, odds)]
    parts[0][1, counts[1] :], parts[1][1, counts[1] :] = -1, 1e9
    pairs = counts, *parts, parts[1][:, :, np.newaxis].copy()
    chosen, kept, told = best_pairs(*pairs, most, 0.0)
    assert told[:, 0].tolist() == odds[chosen - 10].tolist()
    assert kept.tolist() == model.from_log_odds(odds[chosen - 10]).tolist()
    assert (np.diff(chosen) > 0).all()
    scores = model.from_log_odds(odds)
    known = np.sort(scores)[::-1]
    last = known[most - 1] if 0 < most <= len(known) else 0.0
    assert set(np.flatnonzero(scores >= last) + 10) <= set(chosen.tolist())
    assert (kept >= last - 3e-6).all()
    enough, *_ = best_pairs(*pairs, most, 0.25)
    assert enough.tolist() == chosen[kept >= 0.25].tolist()


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -0.1), (1.0, float("nan"))])
def test_a_model_with_weights_that_cannot_be_is_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="weight"):
        Model("m", ("a", "b"), weights, 0.0)


@pytest.mark.parametrize("least", [-0.1, 1.1, float("nan")])
def test_a_model_with_a_least_score_that_cannot_be_is_refused(least: float) -> None:
    with pytest.raises(ValueError, match="least score"):
        Model("m", ("a",), (1.0,), 0.0, least)


def test_a_least_score_is_half_of_the_lowest_and_never_above_the_shipped_one() -> None:
    assert least_score(np.array([])) == LEAST_SCORE
    assert least_score(np.array([3.0, -1.0])) == LEAST_SCORE
    assert least_score(np.array([3.0, -8.5])) == 0.000101
    assert least_score(np.array([3.0, -700.0])) == 0.0


@pytest.fixture
def pairs() -> tuple[np.ndarray, np.ndarray]:
    """Pairs of which the first feature helps, the second harms, the third tells nothing."""
    random = np.random.default_rng(5)
    features = random.random((600, 3))
    odds = 4.0 * features[:, 0] - 3.0 * features[:, 1] - 0.5
    return features, random.random(600) < 1.0 / (1.0 + np.exp(-odds))


def test_no_weight_falls_below_0(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    fitted = ShrunkLogistic(shrinkage=0.01).fit(*pairs)
    assert fitted.coef_[0, 0] > 2.0
    assert fitted.coef_[0, 1] == 0.0


def test_without_bounds_in_the_way_it_is_ridge_logistic_regression(
    pairs: tuple[np.ndarray, np.ndarray],
) -> None:
    features, labels = pairs
    features = np.column_stack([features[:, 0], 1.0 - features[:, 1]])
    fitted = ShrunkLogistic(shrinkage=0.5, prior_intercept=0.0).fit(features, labels)
    peer = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(features, labels)
    assert fitted.coef_[0] == pytest.approx(peer.coef_[0], rel=0.02)
    assert fitted.predict_proba(features)[:, 1] == pytest.approx(
        peer.predict_proba(features)[:, 1], abs=0.01
    )


def test_strong_shrinkage_keeps_the_prior(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    prior = (1.0, 2.0, 0.5)
    fitted = ShrunkLogistic(prior, -1.0, shrinkage=1e9).fit(*pairs)
    assert fitted.coef_[0] == pytest.approx(prior, abs=1e-4)
    assert fitted.intercept_[0] == pytest.approx(-1.0, abs=1e-3)


def test_weighing_a_sample_twice_is_having_it_twice(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = pairs
    weighed = ShrunkLogistic().fit(features, labels, np.where(labels, 2.0, 1.0))
    doubled = ShrunkLogistic().fit(
        np.vstack([features, features[labels]]), np.concatenate([labels, labels[labels]])
    )
    assert weighed.coef_ == pytest.approx(doubled.coef_, abs=1e-3)


def test_it_is_a_scikit_learn_estimator(pairs: tuple[np.ndarray, np.ndarray]) -> None:
    features, labels = pairs
    copy = clone(ShrunkLogistic((1.0, 0.0, 0.0), shrinkage=3.0))
    assert copy.get_params()["shrinkage"] == 3.0
    named = np.where(labels, "yes", "no")
    fitted = copy.fit(features, named)
    assert set(fitted.predict(features)) == {"no", "yes"}
    assert fitted.score(features, named) > 0.65


def test_one_label_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two labels"):
        ShrunkLogistic().fit([[0.0], [1.0]], [1, 1])


def test_what_was_learnt_ranks_in_the_engine() -> None:
    random = np.random.default_rng(2)
    features = random.random((50, len(FEATURES)))
    fitted = ShrunkLogistic(prior_model().weights).fit(features, features[:, 0] > 0.5)
    model = fitted.model("learnt-1")
    assert model.version == "learnt-1"
    assert model.scores(features) == pytest.approx(fitted.predict_proba(features)[:, 1], abs=1e-6)
