"""What a read of the embedded database shows of the documents that it found, without copying them.

SecantusDB 0.7 copies each document whole, value by value, before it leaves some fields out of it,
and each value that it shows of another: two fifths of what a page of records took. What a read
found is its own, and is written to the wire next. So here the documents that are shown are made of
the values that were found. Slices, elements, expressions and the like go the whole way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from secantus import projection, storage

Document = Mapping[str, Any]
_Tree = Mapping[str, Any]
"""Fields, each with those of the documents in it; a leaf has none."""
_MORE: Final = ("slice_specs", "meta_fields", "computed_specs", "elem_match_paths")
_NOTHING: Final = object()


def project_without_copies() -> None:
    """Have what a read found shown without a copy where fields are named, or left out, and no
    more."""
    whole = storage.apply_projection_batch

    def apply_projection_batch(
        docs: Sequence[Document],
        spec: Mapping[str, Any] | None,
        query: Mapping[str, Any] | None = None,
        *,
        metas: Any = None,
        has_sort: bool = True,
    ) -> list[dict[str, Any]]:
        plan = projection.compile_projection(spec, query, has_sort=has_sort) if spec else None
        if plan is not None and not any(getattr(plan, one) for one in _MORE):
            if plan.kind == "exclusion":
                left_out = plan.exclude_tree | ({"_id": {}} if plan.id_excluded else {})
                return [_without(one, left_out) for one in docs]
            if plan.kind == "inclusion" and "_id" not in (plan.plain_tree or {"_id": {}}):
                first = ("_id",) if plan.include_id else ()
                return [
                    {name: one[name] for name in first if name in one} | _with(one, plan.plain_tree)
                    for one in docs
                ]
        found: list[dict[str, Any]] = whole(docs, spec, query, metas=metas, has_sort=has_sort)
        return found

    storage.apply_projection_batch = apply_projection_batch


def _without(doc: Document, tree: _Tree) -> dict[str, Any]:
    return {
        field: _without_in(value, tree[field]) if field in tree else value
        for field, value in doc.items()
        if field not in tree or tree[field]
    }


def _without_in(value: Any, tree: _Tree) -> Any:
    if isinstance(value, Mapping):
        return _without(value, tree)
    return [_without_in(one, tree) for one in value] if isinstance(value, list) else value


def _with(doc: Document, tree: _Tree) -> dict[str, Any]:
    found = {
        field: _with_in(value, tree[field]) if tree[field] else value
        for field, value in doc.items()
        if field in tree
    }
    return {field: value for field, value in found.items() if value is not _NOTHING}


def _with_in(value: Any, tree: _Tree) -> Any:
    """What is named in a value: of a list's members the documents alone."""
    if isinstance(value, Mapping):
        return _with(value, tree)
    if not isinstance(value, list):
        return _NOTHING
    return [_with_in(one, tree) for one in value if isinstance(one, (Mapping, list))]
