"""What is shown of documents by the embedded database: without a copy it is what a copy shows."""

import copy
from typing import Any

import pytest

storage = pytest.importorskip("secantus.storage")

from deploy.local import projecting  # noqa: E402 (after the skip)

DOCUMENTS: list[dict[str, Any]] = [
    {"b": 1, "_id": 1, "a": {"_id": 2, "c": 3, "d": [1, 2]}, "e": None},
    {"_id": 2, "a": [{"d": 1, "c": {"f": 2}}, 3, [{"c": 4}, 5], []], "b": [{"c": 1}]},
    {"_id": 3, "a": "text", "e": [1, 2, 3]},
    {"a": {}},
]
SPECS: list[dict[str, Any]] = [
    *({name: 0} for name in ("a", "b", "z", "_id", "a.c", "a.c.f", "a.d")),
    *({name: 1} for name in ("a", "b", "z", "_id", "a.c", "a.c.f", "a._id", "_id.x")),
    *({"a": 0, "_id": 0}, {"a.c": 0, "e": 0}, {"b": 1, "a.c": 1, "_id": 0}, {"e": 1, "a": 1}),
    *({"a": {"c": 1}}, {"a": {"c": 0}}, {"b": True, "a": 1.0}, {"a.d": 1, "a.c": 1}),
    *({"e": {"$slice": 2}}, {"a": 1, "e": {"$slice": 1}}, {"n": "$a.c"}, {"a": 1, "n": "$b"}),
    {"a": {"$elemMatch": {"d": 1}}},
    {},
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_what_is_shown_is_what_a_copy_shows(
    monkeypatch: pytest.MonkeyPatch, spec: dict[str, Any]
) -> None:
    whole = storage.apply_projection_batch
    monkeypatch.setattr(storage, "apply_projection_batch", whole)
    projecting.project_without_copies()
    documents = copy.deepcopy(DOCUMENTS)
    shown = storage.apply_projection_batch(documents, spec)
    assert list(map(in_order, shown)) == list(map(in_order, whole(DOCUMENTS, spec)))
    assert documents == DOCUMENTS


def in_order(value: Any) -> Any:
    """A value of which a comparison sees the order of the fields too."""
    if isinstance(value, dict):
        return [(name, in_order(one)) for name, one in value.items()]
    return [in_order(one) for one in value] if isinstance(value, list) else value


def test_what_names_fields_alone_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "apply_projection_batch", storage.apply_projection_batch)
    projecting.project_without_copies()
    for spec in ({"b": 0}, {"a": 1}, {"a.d": 1}):
        (shown,) = storage.apply_projection_batch([DOCUMENTS[0]], spec)
        assert shown["a"] is DOCUMENTS[0]["a"] or shown["a"]["d"] is DOCUMENTS[0]["a"]["d"]
