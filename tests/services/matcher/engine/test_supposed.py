"""Pairs with records that are only supposed: as ordinary in their texts, else as any other."""

import numpy as np
import pytest

from services.matcher.engine.explanation import ordinary_value
from services.matcher.engine.features import FEATURES
from services.matcher.engine.geography import Geography
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.supposed import OF_TEXTS, Sides, by_codes, supposed_pairs
from tests.services.matcher.engine.samples import TODAY, need, offer, provision, request

GEOGRAPHY = Geography.of_vocabulary(TODAY)


def test_what_only_texts_tell_counts_as_in_an_ordinary_proposal() -> None:
    model = prior_model()
    features = np.full((1, len(FEATURES)), 0.3)
    ordinary = features.copy()
    for at, name in enumerate(FEATURES):
        if name in OF_TEXTS:
            ordinary[0, at] = ordinary_value(name)
    assert by_codes(model).log_odds(features) == pytest.approx(model.log_odds(ordinary))


def test_each_pair_with_something_supposed_comes_once() -> None:
    there = Sides([request("R1")], [offer("O1")])
    supposed = Sides([request("R2")], [offer("O2")])
    found = supposed_pairs(prior_model(), GEOGRAPHY, there, supposed, [])
    pairs = [(one.request, one.offer) for one in found]
    assert sorted(pairs) == [("R1", "O2"), ("R2", "O1"), ("R2", "O2")]


def test_what_is_committed_counts() -> None:
    there = Sides([request("R1", needs=[need(quantity=4)])], [])
    supposed = Sides([], [offer("O2", provisions=[provision(capacity=9)])])
    taken = [("request", "R1", 1, "quantity", 4_000)]
    assert supposed_pairs(prior_model(), GEOGRAPHY, there, supposed, taken) == []  # type: ignore[arg-type]
