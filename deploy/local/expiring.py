"""What the embedded database takes out by itself once its time is over, found by an index.

SecantusDB 0.7 reads and decodes, every minute, all documents of each collection that has an index
by which they expire, under the lock that every read needs: more than a second where an allocation
of 10,000 requests is kept. Here those alone are read whose time is over. What an index has of some
documents only goes the whole way.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from secantus.storage import Storage

_SECONDS: Final = "expireAfterSeconds"
_LONGEST: Final = 10**9
"""Of what is to be kept for longer than that, some thirty years, no date may be told."""
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_NOT_PLAIN: Final = ("partialFilterExpression", "sparse", "collation")


def expire_by_index() -> None:
    """Have documents expire by the condition that their index finds, where that is by one field."""
    by_all, sweep = Storage.prune_ttl, Storage.prune_ttl_all_collections

    def prune_ttl(self: Storage, db: str, coll: str, *, now: datetime | None = None) -> int:
        expiring = [
            (keys, options)
            for _, keys, options in self._iter_indexes(db, coll)
            if _SECONDS in options
        ]
        if not all(_is_plain(keys, options) for keys, options in expiring):
            whole: int = by_all(self, db, coll, now=now)
            return whole
        when = now or datetime.now(UTC)
        return sum(
            self.delete_matching(db, coll, _is_over(field, options[_SECONDS], when))
            for keys, options in expiring
            for field in keys
        )

    def prune_ttl_all_collections(self: Storage, *args: Any, **kwargs: Any) -> int:
        try:
            swept: int = sweep(self, *args, **kwargs)
            return swept
        finally:
            self.release_thread_snapshot()

    Storage.prune_ttl = prune_ttl
    Storage.prune_ttl_all_collections = prune_ttl_all_collections


def _is_plain(keys: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    seconds = options[_SECONDS]
    return (
        len(keys) == 1
        and "_id" not in keys
        and all(type(direction) is int for direction in keys.values())
        and type(seconds) in (int, float)
        and 0 <= seconds <= _LONGEST
        and not any(option in options for option in _NOT_PLAIN)
    )


def _is_over(field: str, seconds: float, when: datetime) -> Mapping[str, Any]:
    # The bound below leaves out what has no date, which an index has before all dates.
    return {field: {"$gte": _FIRST, "$lt": when - timedelta(seconds=seconds)}}
