"""Entries of the embedded database's indexes, those of a document written together.

SecantusDB 0.7 takes out and puts back the entries of every index for each update whether it changes
them or not, and puts each entry together from its parts, a call at a time. Here an update touches
the entries that change, and those of a document are put together at once and written in the order
of their keys. Indexes of places, of words by a collation, of some documents only and those in
which a value stands once go the whole way.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, Final

from secantus import storage
from secantus.query import matches
from secantus.storage import (
    _IDX_ENTRIES_TABLE,
    Storage,
    _escape_kb,
    _geo_type_of,
    _pack_entry,
    _parse_index_collation,
)
from wiredtiger import swig_wiredtiger as binding

Index = tuple[str, dict[str, Any], bool, bool]
"""An index as writers know it: name, keys, whether it is sparse and whether it is unique."""
Document = Mapping[str, Any]
_ABSENT: Final = object()
_WHOLE_WAY: Final = ("collation", "partialFilterExpression", "prepareUnique")
"""Options of an index that decide what its entries are."""


class _Thread(threading.local):
    """What a thread is at."""

    updating = False
    before: tuple[int, Document] | None = None
    """The record id and the document whose entries are taken out once it is known what they become.
    """


def write_entries_at_once() -> None:
    """Have a document's entries written and taken out together, and an update touch no others than
    those that it changes."""
    at, take_out, put_in = _Thread(), Storage._delete_index_entries, Storage._write_index_entries

    def delete_index_entries(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Index],
        *more: Any,
        recordid: int,
    ) -> None:
        if at.updating:
            at.before = recordid, doc
            return
        plain, others, _ = _parted(self, (db, coll), indexes)
        take_out(self, db, coll, doc, others, *more, recordid=recordid)
        _exchange(self, _keys((db, coll), doc, plain, recordid), set())

    def write_index_entries(
        self: Storage,
        db: str,
        coll: str,
        doc: Document,
        indexes: list[Index],
        *more: Any,
        recordid: int,
    ) -> None:
        noted, at.before = at.before, None
        plain, others, options = _parted(self, (db, coll), indexes)
        had: set[bytes] = set()
        if noted is not None and noted[0] == recordid:
            before = noted[1]
            plain = [one for one in plain if not _alike(before, doc, one)]
            others = [one for one in others if _differ(before, doc, one, options.get(one[0], {}))]
            take_out(self, db, coll, before, others, *more, recordid=recordid)
            had = _keys((db, coll), before, plain, recordid)
        # First those that may refuse it.
        put_in(self, db, coll, doc, others, *more, recordid=recordid)
        _exchange(self, had, _keys((db, coll), doc, plain, recordid))

    def within(whole: Callable[..., Any], updating: bool) -> Callable[..., Any]:
        @wraps(whole)
        def call(self: Storage, *args: Any, **options: Any) -> Any:
            outside, at.updating, at.before = at.updating, updating, None
            try:
                return whole(self, *args, **options)
            finally:
                at.updating, at.before = outside, None

        return call

    Storage._delete_index_entries = delete_index_entries
    Storage._write_index_entries = write_index_entries
    for name in ("_update_matching_single_txn", "_update_matching_chunked"):
        setattr(Storage, name, within(getattr(Storage, name), updating=True))
    # It takes out what a capped collection has too much of, and puts nothing in.
    bounds = Storage._enforce_capped_bounds_locked
    Storage._enforce_capped_bounds_locked = within(bounds, updating=False)


def _parted(
    of: Storage, place: tuple[str, str], indexes: Iterable[Index]
) -> tuple[list[Index], list[Index], Mapping[str, Mapping[str, Any]]]:
    """The plain indexes, those that go the whole way, and what is told of each by name."""
    told = of._index_options_map(*place)
    plain: list[Index] = []
    others: list[Index] = []
    for index in indexes:
        name, keys, _sparse, unique = index
        options = told.get(name, {})
        special = unique or any(options.get(one) for one in _WHOLE_WAY)
        in_order = all(way in (1, -1) for way in keys.values())
        (plain if in_order and not special else others).append(index)
    return plain, others, told


def _keys(
    place: tuple[str, str], doc: Document, indexes: Iterable[Index], recordid: int
) -> set[bytes]:
    """The entries of a document in plain indexes, as they are stored."""
    return set(_each_key(place, doc, indexes, _pack_entry(b"", recordid)))


def _each_key(
    place: tuple[str, str], doc: Document, indexes: Iterable[Index], end: bytes
) -> Iterator[bytes]:
    for name, keys, sparse, _unique in indexes:
        begin = binding.pack("SSSu", *place, name, b"")
        for key in storage._index_key_variants(doc, keys, sparse=sparse, collation=None):
            yield begin + _escape_kb(key) + end


def _exchange(of: Storage, before: set[bytes], after: set[bytes]) -> None:
    """Take out the entries that are no more, and write those that are new."""
    cursor = of._cursor(_IDX_ENTRIES_TABLE)
    for key in sorted(before - after):
        cursor._set_key(key)
        if cursor.search() == 0:
            cursor.remove()
    for key in sorted(after - before):
        cursor._set_key(key)
        cursor._set_value(b"")
        cursor.insert()
    cursor.reset()


def _alike(before: Document, after: Document, index: Index) -> bool:
    """Whether an update left all alone that an index is of: what it changes it copies, and numbers
    and words are not copied."""
    roots = {field.partition(".")[0] for field in index[1]}
    return all(before.get(one, _ABSENT) is after.get(one, _ABSENT) for one in roots)


def _differ(before: Document, after: Document, index: Index, options: Mapping[str, Any]) -> bool:
    """Whether two documents have different entries in an index; surely where it is of places."""
    _name, keys, sparse, _unique = index
    if _geo_type_of(keys) is not None:
        return True
    partial = options.get("partialFilterExpression")
    if not partial and _alike(before, after, index):
        return False
    collation = _parse_index_collation(options.get("collation"))

    def entries(doc: Document) -> set[bytes]:
        if partial and not matches(doc, partial):
            return set()
        return set(storage._index_key_variants(doc, keys, sparse=sparse, collation=collation))

    return entries(before) != entries(after)
