"""What the embedded database reads of itself over and over, kept until somebody changes it."""

import threading
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any, Generic, TypeVar

from secantus.storage import Storage

T = TypeVar("T")
Place = tuple[str, ...]
"""A database, and what of it."""


class Kept(Generic[T]):
    """What was last committed, by place.

    While anybody changes some of a database, whoever asks reads for itself, and what was being read
    is not kept.
    """

    def __init__(self) -> None:
        self._kept: dict[Place, T] = {}
        self._changes: Counter[str] = Counter()
        self._begun = 0
        self._lock = threading.Lock()

    def kept(self, place: Place) -> T | None:
        """What is kept of a place."""
        return self._kept.get(place)

    def of(self, place: Place, read: Callable[[], T]) -> T | None:
        """What is kept, by `read` where nothing is; None while its database changes."""
        kept = self.kept(place)
        if kept is not None:
            return kept
        with self._lock:
            begun = self._begun
            if self._changes[place[0]]:
                return None
        found = read()
        with self._lock:
            if begun == self._begun:
                self._kept[place] = found
        return found

    def begin(self, database: str) -> None:
        """Forget a database's, as some of it is about to change."""
        with self._lock:
            self._begun += 1
            self._changes[database] += 1
            self._kept = {one: kept for one, kept in self._kept.items() if one[0] != database}

    def end(self, database: str) -> None:
        """Keep again what is read from now on: the change is committed or given up."""
        with self._lock:
            self._changes[database] -= 1


def kept_of(storage: Storage, what: str) -> Kept[Any]:
    """What a storage keeps under a name."""
    kept: Kept[Any] | None = storage.__dict__.get(what)
    return kept or storage.__dict__.setdefault(what, Kept())


def changing(
    whole: Callable[..., Any], what: str, databases: slice = slice(1)
) -> Callable[..., Any]:
    """The method, told of as a change of the databases that stand there in its arguments, of what
    is kept under a name."""

    @wraps(whole)
    def change(self: Storage, *args: Any, **options: Any) -> Any:
        kept, changed = kept_of(self, what), set(args[databases])
        for db in changed:
            kept.begin(db)
        try:
            return whole(self, *args, **options)
        finally:
            for db in changed if not in_transaction(self) else ():
                kept.end(db)

    return change


def in_transaction(storage: Storage) -> bool:
    """Whether the thread is in a transaction of several calls, which sees what it began with.

    Nobody is told of its end, so what it changes is never kept again until the server starts anew.
    """
    return getattr(storage._tls, "user_txn", None) is not None
