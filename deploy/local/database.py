"""The embedded database's server, with two gaps closed and quicker to find. Run as a program.

SecantusDB 0.7 makes a collection under a lock that an insert does not hold. An insert into a
collection that is not there yet writes the collection's name in its transaction and then waits for
that lock; whoever makes the same collection has the lock, and WiredTiger repeats its write against
the open transaction for ever. From then on nothing that needs the lock is answered. Here a
collection is made under the lock of the collection first, as the server itself says is the order.

And much of its work is with indexes, over and over. Here it does less of that
(`deploy/local/indexing.py`), their entries are written together (`deploy/local/entries.py`) and
their keys made at once (`deploy/local/keys.py`), it asks itself less (`deploy/local/options.py`),
it compares plain values at once (`deploy/local/plain.py`), shows what it found without copying it
(`deploy/local/projecting.py`), reads lists by their indexes (`deploy/local/ordered.py`),
finds by one what is over (`deploy/local/expiring.py`), and waits for the disk once for many updates
(`deploy/local/bulks.py`).

Where WiredTiger cannot write, on a full disk above all, it panics, and from then on refuses
everything until its process is started again. SecantusDB would live on and answer every call with
an error, also once there is space. Here the process ends, and whoever watches it starts it anew.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import Any

from secantus import cli
from secantus.storage import Storage

from deploy.local.bulks import commit_together
from deploy.local.entries import write_entries_at_once
from deploy.local.expiring import expire_by_index
from deploy.local.indexing import find_by_what_is_plain, keep_definitions
from deploy.local.keys import make_keys_at_once
from deploy.local.options import keep_options
from deploy.local.ordered import read_in_order
from deploy.local.plain import compare_plain_texts, sort_by_plain_values
from deploy.local.projecting import project_without_copies

PANICKED = 3
"""The exit code of a server whose store had panicked."""
TURN_SECONDS = 0.001
"""How long one call's thread keeps the interpreter while others want it: a fifth of Python's own,
so that a page's short calls do not each wait behind somebody's long one."""


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


def add_to_storage() -> None:
    """Have the storage do all that is added to it here, in the order that fits."""
    close_gap()
    keep_options()
    keep_definitions()
    write_entries_at_once()
    find_by_what_is_plain()
    read_in_order()
    expire_by_index()
    commit_together()


if __name__ == "__main__":
    make_keys_at_once()
    compare_plain_texts()
    sort_by_plain_values()
    project_without_copies()
    add_to_storage()
    sys.setswitchinterval(TURN_SECONDS)
    logging.getLogger("secantus").addHandler(EndOnPanic())
    sys.exit(cli.main())
