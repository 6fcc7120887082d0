"""Learning from decisions: what counts as seen, what is learnt, and when it is the better model."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine import learning
from services.matcher.engine.examples import Decided, Examples, Pair, examples, lacking
from services.matcher.engine.features import FEATURES
from services.matcher.engine.learning import Comparison, compare, learn
from services.matcher.engine.ranking import LEAST_SCORE, Model, prior_model
from tests.services.matcher.engine.samples import bounded
from tests.services.matcher.engine.simulated import BEGINNING, decisions, taste

PRIOR = prior_model()


def nothing() -> None:
    """No progress to show."""


def decided(offer: str, endorsed: bool, *above: str, minute: int = 0, **other: object) -> Decided:
    """A decision on an offer with these offers above it; features tell the offer and the minute."""
    one = Decided(
        request="r",
        state="SEN",
        pair=Pair(offer, (float(ord(offer)), float(minute))),
        records="1.1 1.1",
        endorsed=endorsed,
        at=BEGINNING + timedelta(minutes=minute),
        above=tuple(Pair(name, (float(ord(name)), float(minute))) for name in above),
    )
    return replace(one, **other)


def taught(*given: Decided) -> set[tuple[str, int, bool, bool]]:
    """Offer, minute, endorsed and decided of each example."""
    found = examples(given)
    rows = zip(found.features.tolist(), found.endorsed, found.decided, strict=True)
    return {(chr(int(o)), int(m), bool(yes), bool(own)) for (o, m), yes, own in rows}


def test_what_stands_above_an_endorsement_was_passed_over_and_what_is_below_was_not_seen() -> None:
    assert taught(decided("c", True, "a", "b")) == {
        ("c", 0, True, True),
        ("a", 0, False, False),
        ("b", 0, False, False),
    }


def test_a_rejection_tells_of_its_own_pair_only() -> None:
    assert taught(decided("c", False, "a", "b")) == {("c", 0, False, True)}


def test_a_pair_that_was_ever_decided_on_was_not_passed_over() -> None:
    first, later = decided("c", True, "a"), decided("a", False, minute=5)
    expected = {("c", 0, True, True), ("a", 5, False, True)}
    assert taught(first, later) == taught(later, first) == expected


def test_passing_over_again_is_counted_once_by_the_last_list() -> None:
    both = decided("c", True, "a"), decided("d", True, "a", minute=3)
    assert ("a", 3, False, False) in taught(*both)
    assert len(taught(*both)) == 3


def test_the_later_decision_holds_unless_a_record_changed_in_between() -> None:
    first, second = decided("a", False), decided("a", True, minute=2)
    assert taught(second, first) == {("a", 2, True, True)}
    changed = replace(second, records="1.1 1.2")
    assert taught(first, changed) == {("a", 0, False, True), ("a", 2, True, True)}


def test_no_decisions_teach_nothing_and_mixed_features_are_refused() -> None:
    assert len(examples([])) == 0
    assert lacking(examples([])) == "0 decisions, 40 are needed"
    with pytest.raises(ValueError, match="different features"):
        examples([decided("a", True), decided("b", True, pair=Pair("b", (1.0,)))])


def compared(given: list[Decided], in_use: object = PRIOR) -> Comparison:
    """The comparison of what these decisions teach, all of them held back."""
    found = examples(given)
    assert lacking(found) is None
    return compare(found, np.ones(len(found), dtype=bool), PRIOR, in_use, nothing)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_taste_unlike_the_prior_is_learnt_and_beats_it_on_held_back_decisions(seed: int) -> None:
    truth = taste()
    done = compared(decisions(400, seed, truth))
    assert (done.wanting, done.hidden) == (None, 0)
    assert done.new.log_loss < done.in_use.log_loss - 0.05
    assert done.new.order > done.in_use.order + 0.02
    assert done.new.ece < done.in_use.ece
    model = learn(examples(decisions(400, seed, truth)), PRIOR, "m", nothing)
    weights = dict(zip(FEATURES, model.weights, strict=True))
    assert weights["window"] > 1.0  # 0.3 in the prior, 4 in truth
    assert weights["field"] < 2.0  # 3 in the prior, nothing in truth


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_decisions_by_a_coin_bring_no_new_model(seed: int) -> None:
    assert compared(decisions(300, seed, truth=None)).wanting is not None


def test_decisions_as_the_prior_would_have_them_bring_no_new_model() -> None:
    shown = np.vstack([d.pair.features for d in decisions(200, 5, None)])
    centre = float(np.median(shown @ np.array(PRIOR.weights)))
    assert compared(decisions(300, 6, replace(PRIOR, intercept=-centre))).wanting is not None


def test_the_model_that_is_learnt_already_is_not_beaten_by_itself() -> None:
    given = decisions(300, 7, taste())
    learnt = learn(examples(given), PRIOR, "learnt-1", nothing)
    assert compared(given, in_use=learnt).wanting is not None


@pytest.mark.parametrize(
    ("count", "truth", "told"),
    [(39, None, "39 decisions, 40 are needed"), (60, replace(PRIOR, intercept=99.0), "0 reject")],
)
def test_few_decisions_or_decisions_of_one_kind_are_not_enough(
    count: int, truth: object, told: str
) -> None:
    assert (lacking(examples(decisions(count, 1, truth))) or "").startswith(told)
    of_few_states = [replace(one, state=one.state[:2]) for one in decisions(90, 1, None)]
    assert lacking(examples(of_few_states)) == "2 States, 5 are needed"


def test_no_decision_is_predicted_by_what_was_learnt_from_its_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known: list[set[str]] = []
    fit = learning.learn

    def noted(given: Examples, *more: object) -> object:
        known.append(set(given.states))
        return fit(given, *more)

    monkeypatch.setattr(learning, "learn", noted)
    found = examples(decisions(120, 3, taste()))
    fresh = found.at > BEGINNING.timestamp() + 60 * 60
    done = compare(found, fresh, PRIOR, PRIOR, nothing)
    assert done.decisions == int((fresh & found.decided).sum())
    left_out = [set(found.states) - states for states in known]
    assert len(left_out) == learning.FOLDS
    assert set().union(*left_out) == set(found.states[fresh])


def test_learning_again_makes_the_same_model_whatever_the_order() -> None:
    given = decisions(80, 9, taste())
    ticks: list[int] = []
    first = learn(examples(given), PRIOR, "m", lambda: ticks.append(1))
    assert learn(examples(reversed(given)), PRIOR, "m", nothing) == first
    assert 0 < len(ticks) * (learning.FOLDS + 1) <= learning.fits()


numbers = st.floats(0.0, 1.0, width=32)
rows = st.tuples(st.tuples(*[numbers] * 3), st.booleans(), st.integers(0, 5), st.integers(0, 2))


@settings(max_examples=25, deadline=None)
@given(st.lists(rows, max_size=40))
def test_no_learnt_weight_is_below_0(maderows: list[tuple[object, bool, int, int]]) -> None:
    prior = replace(PRIOR, feature_names=("a", "b", "c"), weights=(1.0, 0.0, 2.0))
    found = examples(
        Decided(
            request=f"r{request}",
            state="S",
            pair=Pair(f"o{place}", features),
            records="1.1 1.1",
            endorsed=endorsed,
            at=BEGINNING,
            above=tuple(Pair(f"a{place}{n}", features[::-1]) for n in range(above)),
        )
        for place, (features, endorsed, request, above) in enumerate(maderows)
    )
    model = learn(found, prior, "m", nothing)
    assert min(model.weights) >= 0.0
    assert np.isfinite([*model.weights, model.intercept]).all()


def sharpened(model: Model, times: float) -> Model:
    """The same order by scores that are surer of it."""
    weights = bounded([times * weight for weight in model.weights])
    return replace(model, weights=weights, intercept=times * model.intercept)


def test_a_model_that_decisions_made_surer_hides_nothing_that_was_endorsed() -> None:
    found = examples(decisions(150, 1, sharpened(taste(), 6.0)))
    model = learn(found, PRIOR, "m", nothing)
    scores = model.scores(found.features[found.endorsed])
    assert not model.hides(scores).any()
    assert model.least_score <= min(LEAST_SCORE, float(scores.min()) / 2.0)


def test_a_model_that_would_hide_endorsed_pairs_is_not_used() -> None:
    done = compared(decisions(400, 1, taste()))
    endorsed = int(done.endorsed.sum())
    assert replace(done, hidden=endorsed // 100).wanting is None
    assert replace(done, hidden=endorsed // 100 + 1).wanting == (
        f"it would hide {endorsed // 100 + 1} pairs that were endorsed"
    )


def test_an_endorsement_of_what_hardly_scores_lowers_what_is_proposed() -> None:
    made = decisions(300, 2, sharpened(taste(), 6.0))
    nothing_for_it = Pair("odd", (0.0,) * len(FEATURES))
    odd = replace(made[0], request="odd", pair=nothing_for_it, endorsed=True, above=())
    model = learn(examples([*made, odd]), PRIOR, "m", nothing)
    assert model.least_score < LEAST_SCORE
    assert not model.hides(model.scores(np.zeros((1, len(FEATURES))))).any()
