"""What the embedded database does with indexes, without doing most of it over and over.

SecantusDB 0.7 reads and decodes all that it keeps of a collection's indexes several times for each
call, and reads a whole collection for a condition that has an `$or` beside clauses that an index
finds. Here definitions are read once and kept until somebody changes them, and a condition goes by
such clauses. An index changes what a call costs and never what comes of it: every document found is
still held against the whole condition.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

from secantus.storage import Storage, _doc_makes_multikey, _id_point_lookup_keys

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
_CLAUSES: Final = frozenset({"$and", "$or", "$nor"})


class _Thread(threading.local):
    """What a thread is at."""

    writing = False

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
