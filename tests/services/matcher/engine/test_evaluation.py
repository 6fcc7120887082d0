import pytest

from services.matcher.engine.evaluation import average_precision, metrics, ndcg, precision, recall

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
