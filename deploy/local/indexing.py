"""What the embedded database does with indexes, without doing most of it over and over.

SecantusDB 0.7 reads and decodes all that it keeps of a collection's indexes several times for each
call, takes out and puts back the entries of every index for each update whether it changes them or
not, and reads a whole collection for a condition that has an `$or` beside clauses that an index
finds. Here definitions are read once and kept until somebody changes them, an update touches the
entries that change, and a condition goes by such clauses. An index changes what a call costs and
never what comes of it: every document found is still held against the whole condition.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from secantus import storage
from secantus.query import matches
from secantus.storage import (
    Storage,
    _doc_makes_multikey,
    _geo_type_of,
    _id_point_lookup_keys,
    _parse_index_collation,
)

from deploy.local.kept import Kept, changing, in_transaction, kept_of

Definition = tuple[str, dict[str, Any], dict[str, Any]]
"""An index's name, keys and options."""
Index = tuple[str, dict[str, Any], bool, bool]
"""An index as writers know it: name, keys, whether it is sparse and whether it is unique."""
_CHANGING: Final = (
    "create_index",
    "drop_index",
    "drop_all_indexes",
    "set_index_expiry",
    "set_index_options",
    "drop_collection",
    "drop_database",
)
_WRITING: Final = ("insert", "update_matching", "delete_matching")
_DEFINITIONS: Final = "kept_definitions"
_ABSENT: Final = object()
_CLAUSES: Final = frozenset({"$and", "$or", "$nor"})


class _Thread(threading.local):
    """What a thread is at."""

    writing = False
    updating = False
    before: tuple[int, Mapping[str, Any]] | None = None
    """The record id and the document whose entries are taken out once it is known what they become.
    """

    def __init__(self) -> None:
        self.marked: list[str] = []
        """The databases of which it has marked an index in the transaction that it is in."""


def keep_definitions() -> None:
    """Have the definitions of a collection's indexes read once."""
    read, at = Storage._iter_indexes, _Thread()
    mark, transaction = Storage._maybe_mark_multikey, Storage._batch_transaction

    def committed(self: Storage, db: str, coll: str) -> Sequence[Definition]:
        with self._committed_read_scope():
            return list(read(self, db, coll))

    def iter_indexes(self: Storage, db: str, coll: str) -> Iterable[Definition]:
        if in_transaction(self):
            kept = None
        elif at.writing:  # reading what is committed takes a lock that others have while they wait
            kept = _definitions(self).kept((db, coll))
        else:
            kept = _definitions(self).of((db, coll), lambda: committed(self, db, coll))
        return read(self, db, coll) if kept is None else kept

    def maybe_mark_multikey(
        self: Storage,
        db: str,
        coll: str,
        doc: Mapping[str, Any],
        indexes: list[Index],
        already: set[str],
    ) -> set[str]:
        others = ((name, keys) for name, keys, *_ in indexes if name not in already)
        if not any(_doc_makes_multikey(doc, keys) for _, keys in others):
            return already
        _definitions(self).begin(db)
        if not in_transaction(self):
            at.marked.append(db)
        marked: set[str] = mark(self, db, coll, doc, indexes, already)
        return marked

    @contextmanager
    def batch_transaction(self: Storage, *args: Any, **options: Any) -> Iterator[Any]:
        at.writing = True
        try:
            with transaction(self, *args, **options) as session:
                yield session
        finally:
            at.writing = False
            marked, at.marked = at.marked, []
            for db in marked:
                _definitions(self).end(db)

    def knowing(whole: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(whole)
        def write(self: Storage, db: str, coll: str, *args: Any, **options: Any) -> Any:
            iter_indexes(self, db, coll)  # so that they are kept before the transaction begins
            return whole(self, db, coll, *args, **options)

        return write

    Storage._iter_indexes = iter_indexes
    Storage._maybe_mark_multikey = maybe_mark_multikey
    Storage._batch_transaction = batch_transaction
    for name in _WRITING:
        setattr(Storage, name, knowing(getattr(Storage, name)))
    for name in _CHANGING:
        setattr(Storage, name, changing(getattr(Storage, name), _DEFINITIONS))
    renaming = changing(Storage.rename_collection, _DEFINITIONS, slice(0, 3, 2))
    Storage.rename_collection = renaming


def _definitions(storage: Storage) -> Kept[Sequence[Definition]]:
    return kept_of(storage, _DEFINITIONS)


def write_what_changes() -> None:
    """Have an update leave the entries of those indexes alone for which it changes nothing."""
    at, take_out, put_in = _Thread(), Storage._delete_index_entries, Storage._write_index_entries

    def delete_index_entries(
        self: Storage, db: str, coll: str, doc: dict[str, Any], *more: Any, recordid: int
    ) -> None:
        if at.updating:
            at.before = recordid, doc
        else:
            take_out(self, db, coll, doc, *more, recordid=recordid)

    def write_index_entries(
        self: Storage,
        db: str,
        coll: str,
        doc: dict[str, Any],
        indexes: list[Index],
        *more: Any,
        recordid: int,
    ) -> None:
        before, at.before = at.before, None
        if before is not None and before[0] == recordid:
            options = self._index_options_map(db, coll)
            indexes = [
                one for one in indexes if _differ(before[1], doc, one, options.get(one[0], {}))
            ]
            take_out(self, db, coll, before[1], indexes, *more, recordid=recordid)
        put_in(self, db, coll, doc, indexes, *more, recordid=recordid)

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


def _differ(
    before: Mapping[str, Any], after: Mapping[str, Any], index: Index, options: Mapping[str, Any]
) -> bool:
    """Whether two documents have different entries in an index; surely where it is of places."""
    _name, keys, sparse, _unique = index
    if _geo_type_of(keys) is not None:
        return True
    partial = options.get("partialFilterExpression")
    roots = {field.partition(".")[0] for field in keys}
    if not partial and all(before.get(one, _ABSENT) is after.get(one, _ABSENT) for one in roots):
        return False  # an update copies what it changes, and numbers and words are not copied
    collation = _parse_index_collation(options.get("collation"))

    def entries(doc: Mapping[str, Any]) -> set[bytes]:
        if partial and not matches(doc, partial):
            return set()
        return set(storage._index_key_variants(doc, keys, sparse=sparse, collation=collation))

    return entries(before) != entries(after)


def find_by_what_is_plain() -> None:
    """Have a condition go by its id, and by its plain clauses where it has others beside them."""
    by_index = Storage._try_index_id_keys

    def try_index_id_keys(
        self: Storage, db: str, coll: str, condition: Mapping[str, Any], *, collation: Any = None
    ) -> Sequence[int] | None:
        plain = {field: wanted for field, wanted in condition.items() if field not in _CLAUSES}
        if "_id" in plain and _id_point_lookup_keys(plain["_id"]) is not None:
            plain = {"_id": plain["_id"]}
        found: Sequence[int] | None = by_index(self, db, coll, plain, collation=collation)
        return found

    Storage._try_index_id_keys = try_index_id_keys
