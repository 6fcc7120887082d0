import pytest

from services.matcher.engine.evaluation import (
    average_precision,
    ece,
    mean_interval,
    metrics,
    ndcg,
    ndcg_by_request,
    precision,
    recall,
    reliability,
)

GRADES = {"a": 3, "b": 2, "c": 1}


def test_the_ideal_order_scores_one() -> None:
    found = metrics({"r": ["a", "b", "c"]}, {"r": GRADES})
    assert found["ndcg@10"] == found["mrr"] == found["map"] == found["p@1"] == 1.0
    assert found["p@5"] == 0.6
    assert found["recall@10"] == found["recall@50"] == 1.0


def test_figures_of_an_order_worked_out_by_hand() -> None:
    order = ["x", "b", "a"]
    # gains 0, 3, 7 at discounts 1, 1.585, 2; ideal 7, 3, 1
    assert ndcg(order, GRADES, 10) == pytest.approx(
        (3 / 1.5849625 + 3.5) / (7 + 3 / 1.5849625 + 0.5)
    )
    assert average_precision(order, GRADES) == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert precision(order, GRADES, 2) == 0.5
    assert recall(order, GRADES, 2) == pytest.approx(1 / 3)
    assert metrics({"r": order}, {"r": GRADES})["mrr"] == 0.5


def test_a_request_without_a_ranking_counts_as_nothing_found() -> None:
    assert metrics({}, {"r": GRADES})["ndcg@10"] == 0.0


def test_a_request_without_a_relevant_offer_does_not_count() -> None:
    assert metrics({"r": ["a"], "s": ["a"]}, {"r": {"a": 3}, "s": {"a": 0}})["ndcg@10"] == 1.0
    assert metrics({}, {})["ndcg@10"] == 0.0


def test_recall_is_also_told_by_language_pair() -> None:
    languages = {"r": "fr", "a": "fr", "b": "en", "c": "ru"}
    found = metrics({"r": ["a", "c"]}, {"r": GRADES}, languages)
    assert found["recall@10-same-language"] == 1.0
    assert found["recall@10-cross-language"] == 0.5


def test_ndcg_by_language_pair_leaves_the_other_pairs_out() -> None:
    languages = {"r": "fr", "a": "fr", "b": "en", "c": "ru", "x": "en"}
    found = metrics({"r": ["x", "c", "a", "b"]}, {"r": GRADES}, languages)
    assert found["ndcg@10-same-language"] == 1.0
    # x, c, b: gains 0, 1, 3; ideal 3, 1
    assert found["ndcg@10-cross-language"] == pytest.approx(
        (1 / 1.5849625 + 1.5) / (3 + 1 / 1.5849625), abs=1e-6
    )
    none = metrics({"r": ["a"]}, {"r": {"a": 3}}, languages)
    assert none["ndcg@10-cross-language"] == 0.0


def test_every_figure_is_told_by_language_pair() -> None:
    languages = {"r": "fr", "s": "fr", "a": "fr", "b": "en", "c": "ru", "x": "en", "y": "fr"}
    order = {"r": ["y", "x", "a", "c", "b"], "s": ["x", "b"]}
    found = metrics(order, {"r": GRADES, "s": {"b": 2}}, languages)
    plain = [name for name in found if not name.endswith("-language")]
    assert {f"{name}-{pair}-language" for name in plain for pair in ("same", "cross")} == {
        *found
    } - {*plain}
    # In r's language y, a; across x, c, b. Only r has a labelled offer in its own language.
    told = {name: found[f"{name}-same-language"] for name in ("p@1", "p@5", "mrr", "map")}
    assert told == {"p@1": 0.0, "p@5": 0.2, "mrr": 0.5, "map": 0.5}
    told = {name: found[f"{name}-cross-language"] for name in ("p@1", "p@5", "mrr", "map")}
    assert told == {
        "p@1": 0.0,
        "p@5": pytest.approx((0.4 + 0.2) / 2),
        "mrr": 0.5,
        "map": pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 2) / 2, abs=1e-6),
    }


def test_ndcg_of_each_request() -> None:
    found = ndcg_by_request({"r": ["a"], "s": []}, {"r": {"a": 3}, "s": {"a": 1}, "t": {"a": 0}})
    assert found == {"r": 1.0, "s": 0.0}


def test_the_interval_of_a_mean_is_repeatable_and_holds_it() -> None:
    values = [0.1, 0.2, 0.4, 0.5, 0.3]
    low, high = mean_interval(values)
    assert (low, high) == mean_interval(values)
    # The standard error is 0.0632: about 1.96 of them to either side.
    assert low == pytest.approx(0.3 - 1.96 * 0.0632, abs=0.02)
    assert high == pytest.approx(0.3 + 1.96 * 0.0632, abs=0.02)
    assert mean_interval([0.25, 0.25]) == (0.25, 0.25)
    assert mean_interval([]) == (0.0, 0.0)


def test_reliability_and_its_error_worked_out_by_hand() -> None:
    scores, outcomes = [0.1, 0.3, 0.5, 0.9, 1.0], [False, True, False, True, True]
    assert reliability(scores, outcomes, bins=2) == [
        (2, pytest.approx(0.2), 0.5),
        (3, pytest.approx(0.8), pytest.approx(2 / 3)),
    ]
    assert ece(scores, outcomes, bins=2) == pytest.approx(2 / 5 * 0.3 + 3 / 5 * (0.8 - 2 / 3))
    assert reliability([1.0], [True], bins=4)[:3] == [(0, 0.0, 0.0)] * 3
    assert ece([], []) == 0.0
