"""Training on the log: what is stored, what comes into use, and what happens meanwhile."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from services.matcher import decision_log, training
from services.matcher.engine.examples import Decided, Pair, examples
from services.matcher.engine.features import EARLIER, NO_RECORD
from services.matcher.engine.ranking import prior_model
from services.matcher.learning_documents import Decision, ModelUse, RankingModel
from services.matcher.models import active_model, ensure_prior, in_use, put_into_use
from services.matcher.training import Training, gather, train
from tests.services.matcher.decided import keep
from tests.services.matcher.engine.simulated import BEGINNING, decisions, taste
from tests.services.matcher.records import NOW, offer_event, request_event
from tests.services.matcher.world import Caller, World

PRIOR = prior_model().version
LATER = NOW + timedelta(days=30)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(scope="module")
def given() -> list[Decided]:
    """Decisions by a taste of its own."""
    return decisions(250, 11, taste())


def test_the_log_teaches_what_the_decisions_did(given: list[Decided]) -> None:
    keep(given)
    lesson = training.gather()
    assert (lesson.decisions, lesson.left_out) == (250, 0)
    assert lesson.newest == given[-1].at
    expected = examples(given)
    assert (lesson.examples.features == expected.features).all()
    assert (lesson.examples.endorsed == expected.endorsed).all()
    assert (lesson.examples.decided == expected.decided).all()
    assert (lesson.examples.states == expected.states).all()


def test_a_model_that_beats_the_one_in_use_is_stored_and_comes_into_use(
    given: list[Decided],
) -> None:
    keep(given)
    done = train(LATER)
    assert (done.in_use, done.version, done.wanting) == (PRIOR, "learnt-1", None)
    assert done.model is not None
    assert active_model().weights == done.model.weights
    stored = in_use().stored
    assert stored is not None
    assert (stored.id, stored.parent, stored.decisions) == ("learnt-1", PRIOR, 250)
    assert (stored.learnt_until, stored.created_at) == (given[-1].at, LATER)
    assert stored.metrics["log_loss"] < stored.metrics["in_use_log_loss"]
    assert stored.metrics["held_back"] == 250
    put_into_use(PRIOR, LATER)
    assert active_model() == prior_model()


def test_a_dry_run_writes_nothing(given: list[Decided]) -> None:
    keep(given)
    done = train(LATER, dry_run=True)
    assert done.comparison is not None
    assert (done.version, done.wanting) == (None, None)
    assert RankingModel.objects.count() == ModelUse.objects.count() == 0
    assert active_model() == prior_model()


def test_a_model_that_is_no_better_is_stored_and_not_used() -> None:
    keep(decisions(200, 12, truth=None))
    done = train(LATER)
    assert (done.version, active_model().version) == ("learnt-1", PRIOR)
    assert done.wanting
    put_into_use("learnt-1", LATER)  # it is there for whoever wants it all the same
    assert active_model().version == "learnt-1"


def test_with_few_decisions_nothing_is_learnt(given: list[Decided]) -> None:
    assert train(LATER).wanting == "0 decisions, 40 are needed"
    keep(given[:30])
    done = train(LATER)
    assert (done.wanting, done.version) == ("30 decisions, 40 are needed", None)
    assert [stored.id for stored in RankingModel.objects] == [PRIOR]


def test_decisions_from_before_a_feature_was_added_are_learnt_from(given: list[Decided]) -> None:
    keep([_as_before(one) for one in given], EARLIER)
    lesson = gather()
    assert (lesson.decisions, lesson.left_out) == (len(given), 0)
    assert set(lesson.examples.features[:, len(EARLIER)].tolist()) == {NO_RECORD}


def _as_before(one: Decided) -> Decided:
    """The decision with the features of the release before."""

    def cut(pair: Pair) -> Pair:
        return replace(pair, features=pair.features[: len(EARLIER)])

    return replace(one, pair=cut(one.pair), above=tuple(map(cut, one.above)))


def test_decisions_on_other_features_are_left_out(given: list[Decided]) -> None:
    keep(given[:30])
    keep(given[30:], feature_names=("theme", "smell"))
    done = train(LATER)
    assert (done.lesson.decisions, done.lesson.left_out) == (30, 220)
    assert done.wanting == "30 decisions, 40 are needed"


def test_a_learnt_model_is_compared_on_what_came_after_it(given: list[Decided]) -> None:
    keep(given)
    train(LATER)
    assert train(LATER).wanting == "0 decisions, 40 are needed"
    keep(decisions(90, 13, taste(), since=10_000))
    done = train(LATER)
    assert done.in_use == "learnt-1"
    assert done.comparison is not None
    assert done.comparison.decisions == 90
    assert done.lesson.decisions == 340
    # It has learnt the same from three quarters of them: nothing to be gained beyond chance.
    assert (done.version, active_model().version) == ("learnt-2", "learnt-1")
    put_into_use(PRIOR, LATER)
    again = train(LATER).comparison
    assert again is not None
    assert again.decisions == 340


def test_of_two_trainings_at_once_one_comes_into_use(given: list[Decided]) -> None:
    keep(given)
    ensure_prior(NOW)
    barrier = threading.Barrier(2)
    done: list[Training] = []

    def run() -> None:
        waited: list[int] = []

        def both_have_read() -> None:
            if not waited:
                waited.append(barrier.wait(30))

        done.append(train(LATER, progress=both_have_read))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.version for one in done} == {"learnt-1", "learnt-2"}
    (taken,) = [one for one in done if one.wanting is None]
    (other,) = [one for one in done if one.wanting is not None]
    assert active_model().version == taken.version
    assert (other.wanting or "").startswith("another model came into use meanwhile")
    assert [use.model for use in ModelUse.objects] == [PRIOR, taken.version]


def test_who_goes_back_while_a_training_runs_is_not_overruled(given: list[Decided]) -> None:
    keep(given)
    ensure_prior(NOW)
    ticks: list[int] = []

    def go_back() -> None:
        if not ticks:
            put_into_use(PRIOR, NOW)
        ticks.append(1)

    assert train(LATER, progress=go_back).wanting
    assert active_model().version == PRIOR


def test_what_coordinators_decide_is_learnt_from(world: World, coordinator: Caller) -> None:
    world.hears([request_event("r1"), offer_event("o1", conditions=[]), offer_event("o2")])
    coordinator.decide("r1.o2", "endorse")
    assert Decision.objects.count() == 0  # no sweep has come by
    lesson = train(LATER).lesson
    assert lesson.decisions == Decision.objects.count() == 1
    assert lesson.examples.endorsed.tolist() == [True, False]
    assert lesson.examples.decided.tolist() == [True, False]
    features = {e.offer: e.features for e in world.feed.engine.shortlist("r1").entries}
    assert lesson.examples.features.tolist() == [list(features["o2"]), list(features["o1"])]


def test_the_log_is_read_in_the_order_of_time() -> None:
    given = decisions(30, 14, None)
    keep(reversed(given))
    assert [entry["at"] for entry in decision_log.kept()] == sorted(one.at for one in given)
    assert given[0].at == BEGINNING
