"""Ranking models over HTTP: listed with their figures, and put into use by operators alone."""

from collections.abc import Callable, Iterator

import pytest

from services.matcher import models
from services.matcher.engine.features import FEATURES
from services.matcher.engine.ranking import Model, prior_model
from services.matcher.models import ensure_prior, in_use, store_learnt
from tests.services.matcher.engine.samples import bounded
from tests.services.matcher.records import NOW
from tests.services.matcher.world import Caller, World

PRIOR = prior_model().version
Call = Callable[..., Caller]


@pytest.fixture(autouse=True)
def learnt(world: World) -> Iterator[str]:
    """A learnt model beside the one that the release ships with, which is in use."""
    models._known_model.cache_clear()
    ensure_prior(NOW)
    model = Model("any", FEATURES, bounded([0.5] * len(FEATURES)), -2.0)
    figures = {"log_loss": 0.5, "in_use_log_loss": 0.6}
    yield store_learnt(
        model, parent=PRIOR, decisions=50, learnt_until=NOW, metrics=figures, now=NOW
    )
    models._known_model.cache_clear()


def test_models_are_listed_with_their_figures(call: Call, learnt: str) -> None:
    found = call("auditor").get("/v1/models").json
    assert found["in_use"] == PRIOR
    one, shipped = sorted(found["items"], key=lambda one: one["parent"] is None)
    assert (one["version"], one["in_use"], one["usable"]) == (learnt, False, True)
    assert one["figures"] == {
        "log_loss": {"own": 0.5, "in_use_then": 0.6},
        "order": None,
        "ece": None,
    }
    assert (shipped["version"], shipped["in_use"], shipped["parent"]) == (PRIOR, True, None)


def test_an_operator_puts_one_into_use_and_goes_back(call: Call, learnt: str) -> None:
    operator = call("operator")
    for _ in range(2):  # sent twice, done once
        done = operator.post(f"/v1/models/{learnt}/use", {"instead_of": PRIOR})
        assert (done.status_code, done.json["in_use"]) == (200, True)
    assert in_use().model.version == learnt
    assert in_use().latest == 2
    stale = operator.post(f"/v1/models/{PRIOR}/use", {"instead_of": PRIOR})
    assert (stale.status_code, stale.json["type"]) == (409, "urn:entraide:problem:changed")
    assert operator.post(f"/v1/models/{PRIOR}/use", {"instead_of": learnt}).status_code == 200
    assert in_use().model.version == PRIOR


def test_others_do_not_and_unknown_ones_are_told(call: Call, learnt: str) -> None:
    body = {"instead_of": PRIOR}
    assert call("coordinator").post(f"/v1/models/{learnt}/use", body).status_code == 403
    assert call("operator").post("/v1/models/none/use", body).status_code == 404
    assert call("operator").post(f"/v1/models/{learnt}/use", {}).status_code == 422
    assert in_use().model.version == PRIOR
