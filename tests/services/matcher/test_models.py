"""Which model ranks: the last one put into use that has the present features."""

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from services.matcher import models
from services.matcher.engine.features import EARLIER, FEATURES
from services.matcher.engine.ranking import LEAST_SCORE, Model, prior_model
from services.matcher.learning_documents import ModelUse, RankingModel
from services.matcher.models import (
    LostRace,
    OtherFeatures,
    UnknownModel,
    active_model,
    ensure_prior,
    in_use,
    put_into_use,
    store_learnt,
    stored_model,
)
from tests.services.matcher.engine.samples import bounded
from tests.services.matcher.records import NOW

PRIOR = prior_model().version

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """No model is remembered from another test."""
    models._known_model.cache_clear()


def learnt(parent: str = PRIOR) -> str:
    """A learnt model's version, stored and not used."""
    weights = bounded([0.5] * len(FEATURES))
    model = Model("any", FEATURES, weights, -2.0)
    return store_learnt(
        model, parent=parent, decisions=50, learnt_until=NOW, metrics={"log_loss": 0.5}, now=NOW
    )


def test_a_model_keeps_its_least_score_and_one_stored_before_has_the_shipped_one() -> None:
    model = Model("any", FEATURES, bounded([0.5] * len(FEATURES)), -2.0, 0.000125)
    version = store_learnt(model, parent=PRIOR, decisions=50, learnt_until=NOW, metrics={}, now=NOW)
    assert stored_model(version) == replace(model, version=version)
    RankingModel._get_collection().update_one({"_id": version}, {"$unset": {"least_score": 1}})
    models._known_model.cache_clear()
    assert stored_model(version) == replace(model, version=version, least_score=LEAST_SCORE)


def of_older_release(version: str = "learnt-old", parent: str | None = "prior-0") -> str:
    """A stored model with other features."""
    RankingModel(
        id=version,
        feature_names=["theme", "smell"],
        weights=[1.0, 1.0],
        intercept=0.0,
        parent=parent,
        created_at=NOW - timedelta(days=9),
    ).save()
    return version


def use_directly(version: str, number: int = 1) -> None:
    """A use as another release made it."""
    ModelUse(number=number, model=version, at=NOW).save()


def test_without_any_stored_model_the_shipped_one_ranks() -> None:
    assert active_model() == prior_model()
    assert in_use().latest == 0


def test_the_shipped_model_is_stored_and_used_once() -> None:
    for _ in range(3):
        ensure_prior(NOW)
    assert [use.model for use in ModelUse.objects] == [PRIOR]
    assert active_model() == prior_model()
    stored = in_use().stored
    assert stored is not None
    assert (stored.parent, stored.decisions) == (None, 0)


def test_a_learnt_model_is_used_from_when_it_is_put_into_use_and_one_command_goes_back() -> None:
    ensure_prior(NOW)
    version = learnt()
    assert version == "learnt-1"
    assert active_model().version == PRIOR
    put_into_use(version, NOW)
    assert active_model() == stored_model(version)
    assert active_model().intercept == -2.0
    put_into_use(PRIOR, NOW)
    assert active_model().version == PRIOR
    put_into_use(version, NOW)
    assert active_model().version == version


@pytest.mark.usefixtures("repeated_inserts")
def test_a_model_whose_insert_the_driver_repeats_is_stored_and_used_once() -> None:
    ensure_prior(NOW)
    version = learnt()
    put_into_use(version, NOW, seen=in_use().latest)
    assert active_model() == stored_model(version)
    assert RankingModel.objects(parent__ne=None).count() == 1
    assert ModelUse.objects(model=version).count() == 1


def of_the_release_before(version: str, parent: str | None) -> Model:
    """A stored model without the features that came since; as it is here."""
    weights = [0.5 for _ in EARLIER]
    RankingModel(
        id=version,
        feature_names=list(EARLIER),
        weights=weights,
        intercept=-2.0,
        parent=parent,
        created_at=NOW - timedelta(days=9),
    ).save()
    found = stored_model(version)
    assert found is not None
    return found


def test_a_model_learnt_before_a_feature_was_added_stays_in_use() -> None:
    found = of_the_release_before("learnt-1", "prior-3")
    use_directly("learnt-1")
    ensure_prior(NOW)
    assert in_use().model == found
    assert found.feature_names == FEATURES
    assert found.weights[: len(EARLIER)] == (0.5,) * len(EARLIER)
    assert found.weights[len(EARLIER) :] == prior_model().weights[len(EARLIER) :]
    put_into_use(PRIOR, NOW)
    put_into_use("learnt-1", NOW)
    assert active_model() == found


def test_the_shipped_model_takes_the_place_of_the_one_shipped_before() -> None:
    of_the_release_before("prior-3", None)
    use_directly("prior-3")
    ensure_prior(NOW)
    assert active_model().version == PRIOR


def test_what_nothing_is_known_of_scores_as_before() -> None:
    found = of_the_release_before("learnt-1", "prior-3")
    before = Model("before", EARLIER, (0.5,) * len(EARLIER), -2.0)
    told = [[0.1 * at for at in range(len(EARLIER))], [0.9] * len(EARLIER)]
    now = [found.features_of(pair) for pair in told]
    assert np.allclose(found.log_odds(np.array(now)), before.log_odds(np.array(told)), atol=1e-12)
    assert found.features_of(now[0]) == now[0]
    with pytest.raises(ValueError, match="none of any release"):
        found.features_of([0.5])


def test_what_starts_again_leaves_a_learnt_model_in_use_and_what_somebody_went_back_to() -> None:
    ensure_prior(NOW)
    put_into_use(learnt(), NOW)
    ensure_prior(NOW)
    assert active_model().version == "learnt-1"
    put_into_use(PRIOR, NOW)
    ensure_prior(NOW)
    assert active_model().version == PRIOR


def test_a_newly_shipped_model_takes_the_place_of_the_one_shipped_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ensure_prior(NOW)
    newer = Model("prior-99", FEATURES, prior_model().weights, -3.0)
    monkeypatch.setattr(models, "prior_model", lambda: newer)
    ensure_prior(NOW)
    assert active_model() == newer
    put_into_use(PRIOR, NOW)  # the operator prefers the old one
    ensure_prior(NOW)
    assert active_model().version == PRIOR


def test_a_newly_shipped_model_does_not_take_the_place_of_a_learnt_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ensure_prior(NOW)
    put_into_use(learnt(), NOW)
    newer = Model("prior-99", FEATURES, prior_model().weights, -3.0)
    monkeypatch.setattr(models, "prior_model", lambda: newer)
    ensure_prior(NOW)
    assert active_model().version == "learnt-1"
    put_into_use("prior-99", NOW)
    assert active_model() == newer


def test_a_model_for_other_features_is_never_used() -> None:
    use_directly(of_older_release())
    assert active_model() == prior_model()
    ensure_prior(NOW)
    assert active_model() == prior_model()
    assert in_use().stored is not None
    put_into_use(version := learnt(), NOW)
    use_directly("learnt-old", number=9)
    assert active_model().version == version
    assert in_use().latest == 9
    with pytest.raises(OtherFeatures, match="made for other features"):
        put_into_use("learnt-old", NOW)
    with pytest.raises(UnknownModel, match="no model 'learnt-7'"):
        put_into_use("learnt-7", NOW)


def test_a_stored_model_that_cannot_be_is_passed_over() -> None:
    ensure_prior(NOW)
    version = learnt()
    put_into_use(version, NOW)
    RankingModel.objects(id=version).update(set__weights=[-1.0 for _ in FEATURES])
    assert active_model() == prior_model()
    assert stored_model(version) is None


def test_a_model_that_is_stored_later_is_found_then() -> None:
    assert stored_model("learnt-1") is None
    assert stored_model(learnt()) is not None


def test_what_an_older_release_stored_can_be_read() -> None:
    RankingModel._get_collection().insert_one(
        {
            "_id": PRIOR,
            "feature_names": list(FEATURES),
            "weights": list(prior_model().weights),
            "intercept": prior_model().intercept,
            "active": True,
            "created_at": NOW,
        }
    )
    ensure_prior(NOW)
    assert active_model() == prior_model()
    stored = in_use().stored
    assert stored is not None
    assert stored.parent is None


def test_who_compared_with_a_model_no_longer_in_use_changes_nothing() -> None:
    ensure_prior(NOW)
    seen = in_use().latest
    first, second = learnt(), learnt()
    assert (first, second) == ("learnt-1", "learnt-2")
    put_into_use(first, NOW, seen)
    with pytest.raises(LostRace):
        put_into_use(second, NOW, seen)
    assert active_model().version == first


def test_of_many_at_once_one_comes_through_and_every_model_has_a_version_of_its_own() -> None:
    ensure_prior(NOW)
    seen, barrier = in_use().latest, threading.Barrier(6)
    stored: list[str] = []
    came_through: list[str] = []

    def train() -> None:
        barrier.wait()
        stored.append(version := learnt())
        try:
            put_into_use(version, NOW, seen)
        except LostRace:
            return
        came_through.append(version)

    threads = [threading.Thread(target=train) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stored) == [f"learnt-{number}" for number in range(1, 7)]
    assert [active_model().version] == came_through


def test_workers_that_start_at_once_use_the_shipped_model_once() -> None:
    barrier = threading.Barrier(5)

    def start() -> None:
        barrier.wait()
        ensure_prior(NOW)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [use.model for use in ModelUse.objects] == [PRIOR]
