"""What one call updates, committed together.

SecantusDB 0.7 commits each update of a bulk by itself: it waits for the disk, and then once more
for its turn among all other calls. Here those of a call are committed some at a time. Nobody sees
what is not on the disk yet, as before. Where one of them cannot be done, what was begun with it is
undone and each is done by itself, so that which it was is told as ever.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from secantus.commands import _HANDLERS, CommandContext, _wants_journal
from secantus.storage import Storage, WriteConflictError

from deploy.local.kept import in_transaction

AT_ONCE: Final = 50
"""Updates committed together; meanwhile nobody else writes to their collection."""

_PLAIN: Final = frozenset({"q", "u", "upsert", "multi", "arrayFilters"})

Reply = dict[str, Any]


class _Thread(threading.local):
    """What a thread is at."""

    together = False
    options: Mapping[str, Any] = {}
    """The collection's, as they were before."""


class _Undone(Exception):  # noqa: N818 (named for what happened)
    """One of those that are to be committed together cannot be done."""


def commit_together() -> None:
    """Have the updates of one call committed together, some at a time."""
    at = _Thread()
    one_by_one: Callable[[dict[str, Any], CommandContext], Reply] = _HANDLERS["update"]
    transaction, refresh = Storage._batch_transaction, Storage._refresh_read_snapshot
    options_of = Storage.get_collection_options

    @contextmanager
    def batch_transaction(self: Storage, *args: Any, **options: Any) -> Iterator[Any]:
        if not at.together:
            with transaction(self, *args, **options) as session:
                yield session
            return
        try:
            yield self._session()
        except Exception as error:
            raise _Undone from error

    def refresh_read_snapshot(self: Storage) -> None:
        if not at.together:  # else it is the transaction's
            refresh(self)

    def get_collection_options(self: Storage, db: str, coll: str) -> dict[str, Any]:
        # Read in the transaction they would be what they were at its beginning, and be kept so.
        return dict(at.options if at.together else options_of(self, db, coll))

    def update(call: dict[str, Any], ctx: CommandContext) -> Reply:
        updates = call.get("updates", ())
        if not _is_bulk(call["update"], updates) or in_transaction(ctx.storage):
            return one_by_one(call, ctx)
        whole: Reply = {"n": 0, "nModified": 0, "ok": 1.0}
        for first in range(0, len(updates), AT_ONCE):
            some = {**call, "updates": updates[first : first + AT_ONCE]}
            reply = some_together(some, ctx)
            if not reply.get("ok"):
                return reply
            _add(whole, reply, first)
            if "writeErrors" in reply and call.get("ordered", True):
                break
        return whole

    def some_together(call: dict[str, Any], ctx: CommandContext) -> Reply:
        storage, place = ctx.storage, (ctx.db_name, call["update"])
        storage._iter_indexes(*place)  # so that they are kept before the transaction begins
        at.options = storage.get_collection_options(*place)
        storage._refresh_read_snapshot()
        try:
            with storage._coll_lock(*place), transaction(storage, sync=_wants_journal(call)):
                at.together = True
                try:
                    return one_by_one(call, ctx)
                finally:
                    at.together = False
        except (_Undone, WriteConflictError):
            return one_by_one(call, ctx)

    Storage._batch_transaction = batch_transaction
    Storage._refresh_read_snapshot = refresh_read_snapshot
    Storage.get_collection_options = get_collection_options
    _HANDLERS["update"] = update


def _is_bulk(collection: Any, updates: Any) -> bool:
    """Whether it is several plain updates of a collection, each of one document.

    Of what is more than plain the server looks at all of a call before it writes any.
    """
    return (
        isinstance(collection, str)
        and isinstance(updates, list)
        and len(updates) > 1
        and all(isinstance(one, Mapping) and _PLAIN.issuperset(one) for one in updates)
        and not any(one.get("multi") for one in updates)
    )


def _add(whole: Reply, reply: Reply, first: int) -> None:
    """Add what became of some, the first of which was at this place among all."""
    for count in ("n", "nModified"):
        whole[count] += reply[count]
    for told in ("upserted", "writeErrors"):
        more = [{**one, "index": one["index"] + first} for one in reply.get(told, ())]
        if more:
            whole.setdefault(told, []).extend(more)
