"""Plain values compared by the embedded database: the answer is the one of the whole way."""

import re
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

query = pytest.importorskip("secantus.query")

from secantus import collation, ordering, storage  # noqa: E402 (after the skip)

from deploy.local import plain  # noqa: E402

NOW = datetime(2026, 11, 29, tzinfo=UTC)
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


SORTED: list[Any] = [
    *(
        [*TEXTS, "a", "\U0001f600"],
        [3, 1, 2, 1, -1],
        [NOW - timedelta(hours=n % 3) for n in range(7)],
    ),
    *([1, 2.0, 1], [True, False], ["a", None], [1, "a"], [[1], [0]], [{"a": 1}], [None, None], []),
]


@pytest.mark.parametrize("values", SORTED, ids=str)
@pytest.mark.parametrize("spec", [{"a": 1}, {"a": -1}, {"n": -1, "a": 1}, {"a": -1, "n": 1}, {}])
def test_what_is_sorted_at_once_is_in_the_order_of_the_whole_way(
    monkeypatch: pytest.MonkeyPatch, values: list[Any], spec: dict[str, int]
) -> None:
    whole = ordering.sort_docs
    monkeypatch.setattr(ordering, "sort_docs", whole)
    monkeypatch.setattr(storage, "sort_docs", whole)
    plain.sort_by_plain_values()
    documents = [{"_id": at, "a": one, "n": at % 2} for at, one in enumerate(values)]
    for docs in (documents, [{"_id": -1, "n": 0}, *documents]):
        assert ordering.sort_docs(docs, spec) == whole(docs, spec)
        assert storage.sort_docs is ordering.sort_docs


def test_a_path_and_a_collation_go_the_whole_way(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ordering.sort_docs
    monkeypatch.setattr(ordering, "sort_docs", whole)
    monkeypatch.setattr(storage, "sort_docs", whole)
    plain.sort_by_plain_values()
    docs = [{"a": {"b": 2}, "c": "B"}, {"a": {"b": 1}, "c": "a"}]
    assert ordering.sort_docs(docs, {"a.b": 1}) == docs[::-1]
    ignoring = collation.parse({"locale": "en", "strength": 2})
    assert ordering.sort_docs(docs, {"c": 1}, ignoring) == docs[::-1]
