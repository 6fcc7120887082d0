"""The embedded database's server, with a gap in it closed. Run as a program, with its options.

SecantusDB 0.7 makes a collection under a lock that an insert does not hold. An insert into a
collection that is not there yet writes the collection's name in its transaction and then waits for
that lock; whoever makes the same collection has the lock, and WiredTiger repeats its write against
the open transaction for ever. From then on nothing that needs the lock is answered. Here a
collection is made under the lock of the collection first, as the server itself says is the order.
"""

import sys
from collections.abc import Mapping
from typing import Any

from secantus import cli
from secantus.storage import Storage


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


if __name__ == "__main__":
    close_gap()
    sys.exit(cli.main())
