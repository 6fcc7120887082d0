"""Pages of records, the newest first, that read little more than they show, on any MongoDB.

What a reader may see is often one of several sets: their own records, and of others' what is open
to them. As one condition that is an `$or`, whose order no index gives. So each set is read by
itself, in the order of an index, and the pages are merged.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from shared.registers.conditions import Condition, joined
from shared.web.paging import DEFAULT_SORT, bad_cursor, read_cursor, write_cursor

INDEX: Final = ("-created_at", "id")
"""An index for every collection that is listed so: what no other index finds is read by it."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No record is older, and a cursor that says so is none of ours."""


def newest(
    records: Any,
    sets: Sequence[Condition],
    args: dict[str, Any],
    without: Sequence[str] = (),
    only: Sequence[str] = (),
) -> dict[str, Any]:
    """One page of the documents that are in any of these sets: `{"items", "next"}`.

    `records` is the mongoengine class, `args` has `limit` and `cursor` as PageQuery loads them,
    `without` names fields that stay in the store, `only` those that are read where nothing else
    is. Raises the 422 problem naming `cursor` for one
    that this list did not make.
    """
    limit, after = args["limit"], _place(args["cursor"])
    found: dict[str, Any] = {}

    def look(where: Condition) -> None:
        for one in sets:
            read = records.objects(__raw__=joined([one, where])).exclude(*without)
            if only:
                read = read.only("created_at", *only)
            for record in read.order_by(*DEFAULT_SORT).limit(limit + 1):
                found[record.id] = record

    if after is not None:  # records of one moment are in the order of their ids
        look({"created_at": after[0], "_id": {"$gt": after[1]}})
    look({} if after is None else {"created_at": {"$lt": after[0]}})
    listed = sorted(found.values(), key=lambda one: (-one.created_at.timestamp(), one.id))
    more = len(listed) > limit
    last = [listed[limit - 1].created_at, listed[limit - 1].id] if more else []
    return {
        "items": listed[:limit],
        "next": write_cursor(last, DEFAULT_SORT) if more else None,
    }


def count_up_to(records: Any, condition: Condition, most: int) -> int:
    """How many documents meet the condition; `most` for that many or more, of which no more are
    read.

    In the order of an index, as they are listed: what counts by itself may read all that it finds.
    """
    found = records._get_collection().find(condition, {"_id": 1})
    return len(list(found.sort("created_at", -1).limit(most)))


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, id_ = read_cursor(cursor, DEFAULT_SORT)
    if not isinstance(at, datetime) or at < _EARLIEST or not isinstance(id_, str):
        raise bad_cursor()
    return at, id_
