"""The embedded database's server, with two gaps closed and quicker to find. Run as a program.

SecantusDB 0.7 makes a collection under a lock that an insert does not hold. An insert into a
collection that is not there yet writes the collection's name in its transaction and then waits for
that lock; whoever makes the same collection has the lock, and WiredTiger repeats its write against
the open transaction for ever. From then on nothing that needs the lock is answered. Here a
collection is made under the lock of the collection first, as the server itself says is the order.

And it reads and decodes all that it keeps of a collection's indexes five times for each search,
which is half of what a search among few documents costs. Here it does so once. Lists are read by
their indexes (`deploy/local/ordered.py`).

Where WiredTiger cannot write, on a full disk above all, it panics, and from then on refuses
everything until its process is started again. SecantusDB would live on and answer every call with
an error, also once there is space. Here the process ends, and whoever watches it starts it anew.
"""

import logging
import os
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from secantus import cli
from secantus.storage import Storage

from deploy.local.ordered import read_in_order

PANICKED = 3
"""The exit code of a server whose store had panicked."""


def close_gap() -> None:
    """Have every collection made under its own lock."""
    unlocked = Storage.create_collection

    def create_collection(
        self: Storage, db: str, coll: str, options: Mapping[str, Any] | None = None
    ) -> bool:
        with self._coll_lock(db, coll):
            made: bool = unlocked(self, db, coll, options)
            return made

    Storage.create_collection = create_collection


_Index = tuple[str, dict[str, Any], dict[str, Any]]


class _Search(threading.local):
    """What a thread has read of indexes in the search that it is at; None between searches."""

    indexes: dict[tuple[str, str], Sequence[_Index]] | None = None


def read_indexes_once() -> None:
    """Have each search read a collection's indexes once; whatever writes reads them afresh."""
    search, read = Storage.find_matching, Storage._iter_indexes
    at = _Search()

    def find_matching(self: Storage, *args: Any, **options: Any) -> list[dict[str, Any]]:
        before, at.indexes = at.indexes, {}
        try:
            found: list[dict[str, Any]] = search(self, *args, **options)
            return found
        finally:
            at.indexes = before

    def iter_indexes(self: Storage, db: str, coll: str) -> Iterable[_Index]:
        if at.indexes is None:
            return read(self, db, coll)  # type: ignore[no-any-return]
        if (db, coll) not in at.indexes:
            at.indexes[db, coll] = list(read(self, db, coll))
        return at.indexes[db, coll]

    Storage.find_matching = find_matching
    Storage._iter_indexes = iter_indexes


class EndOnPanic(logging.Handler):
    """Ends the process when the server logs that WiredTiger panicked; the last line says so."""

    def emit(self, record: logging.LogRecord) -> None:
        """Look at what a call died of."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and "WT_PANIC" in str(error):
            sys.stderr.write(
                f"FATAL: the database cannot write its files ({error}): is its disk full? "
                "It ends, to be started again.\n"
            )
            sys.stderr.flush()
            os._exit(PANICKED)


if __name__ == "__main__":
    close_gap()
    read_in_order()
    read_indexes_once()
    logging.getLogger("secantus").addHandler(EndOnPanic())
    sys.exit(cli.main())
