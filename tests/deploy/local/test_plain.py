"""Texts held against texts by the embedded database: the answer is the one of the whole way."""

import re
from itertools import product
from typing import Any

import pytest

query = pytest.importorskip("secantus.query")

from deploy.local import plain  # noqa: E402 (after the skip)

TEXTS = ["", "a", "A", "b", "ab", "\u0645", "$a", "1"]
VALUES: list[Any] = [*TEXTS, None, 1, True, ["a", "b"], [], {"a": "b"}, [{"a": "b"}]]
CONDITIONS: list[Any] = [
    *TEXTS,
    None,
    1,
    re.compile("a"),
    {"a": "b"},
    *({"$ne": one} for one in ("a", None, 1)),
    *({"$in": one} for one in ([], ["a"], ["a", "b"], ["a", None], [None, 1], [re.compile("^a")])),
    {"$nin": ["a"]},
    {"$in": ["a"], "$ne": "b"},
    {"$gt": "a"},
    {"$exists": True},
]


def answer(document: dict[str, Any], condition: dict[str, Any]) -> Any:
    """Whether it matches, or what kind of error that ends in."""
    try:
        return query.matches(document, condition)
    except query.QueryError as error:
        return type(error)


def test_what_is_compared_at_once_is_what_the_whole_way_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = [
        (document, {key: condition})
        for value, condition in product(VALUES, CONDITIONS)
        for document, key in (
            ({"k": value}, "k"),
            ({"k": {"l": value}}, "k.l"),
            ({"other": value}, "k"),
            ({"k": value}, ""),
        )
    ]
    cases += [({"k": "a"}, {"k": "a", "l": None}), ({"k": "a"}, {"$or": [{"k": "a"}, {"k": "b"}]})]
    expected = [answer(*case) for case in cases]
    monkeypatch.setattr(query, "_match_clause", query._match_clause)  # to stand again later
    plain.compare_plain_texts()
    assert [answer(*case) for case in cases] == expected
    assert True in expected
    assert False in expected


def test_a_collation_goes_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: list[str] = []

    def noted(document: Any, key: str, *more: Any) -> bool:
        whole.append(key)
        return True

    monkeypatch.setattr(query, "_match_clause", noted)
    plain.compare_plain_texts()
    assert query.matches({"k": "a"}, {"k": "A"}, collation=object())
    assert query.matches({"k": "a"}, {"k": "A"}) is False
    assert whole == ["k"]
