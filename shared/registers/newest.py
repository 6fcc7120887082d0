"""Pages of records, the newest, likeliest or oldest first, that read little more than they show, on
any MongoDB.

What a reader may see is often one of several sets: their own records, and of others' what is open
to them. As one condition that is an `$or`, whose order no index gives. So each set is read by
itself, in the order of an index, and the pages are merged.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from operator import attrgetter
from typing import Any, Final

from shared.registers.conditions import Condition, joined
from shared.web.paging import DEFAULT_SORT, bad_cursor, read_cursor, write_cursor

INDEX: Final = ("-created_at", "id")
"""An index for every collection that is listed so: what no other index finds is read by it."""
LIKELIEST: Final = ("-score", "-created_at", "id")
"""Another order, of what has a score; of one score the newest first. It needs an index of its
own."""
LONGEST: Final = ("created_at", "id")
"""Another order, of what waits: the longest first. It needs an index of its own."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No record is older, and a cursor that says so is none of ours."""


def newest(
    records: Any,
    sets: Sequence[Condition],
    args: dict[str, Any],
    without: Sequence[str] = (),
    only: Sequence[str] = (),
    sort: Sequence[str] = DEFAULT_SORT,
) -> dict[str, Any]:
    """One page of the documents that are in any of these sets: `{"items", "next"}`.

    `records` is the mongoengine class, `args` has `limit` and `cursor` as PageQuery loads them,
    `without` names fields that stay in the store, `only` those that are read where nothing else
    is, `sort` is DEFAULT_SORT, LIKELIEST or LONGEST. Raises the 422 problem naming `cursor` for one
    that this list did not make.
    """
    limit = args["limit"]
    order = [(name.lstrip("-"), name.startswith("-")) for name in sort]
    found: dict[str, Any] = {}
    for where in _ranges(order, _place(args["cursor"], sort)):
        for one in sets:
            read = records.objects(__raw__=joined([one, where])).exclude(*without)
            if only:
                read = read.only(*(name for name, _ in order), *only)
            for record in read.order_by(*sort).limit(limit + 1):
                found[record.id] = record
        if len(found) > limit:
            break
    listed = list(found.values())
    for name, descending in reversed(order):
        listed.sort(key=attrgetter(name), reverse=descending)
    more = len(listed) > limit
    last = [_plain(getattr(listed[limit - 1], name)) for name, _ in order] if more else []
    return {"items": listed[:limit], "next": write_cursor(last, sort) if more else None}


def _ranges(order: Sequence[tuple[str, bool]], place: Sequence[Any] | None) -> Iterator[Condition]:
    """What comes after a place, from the nearest on: conditions of which an index gives each in its
    order. After a moment and an id, the greater ids of that moment, then what is older."""
    if place is None:
        yield {}
        return
    names = ["_id" if name == "id" else name for name, _ in order]
    for at in reversed(range(len(order))):
        beyond = {"$lt" if order[at][1] else "$gt": place[at]}
        yield {**dict(zip(names[:at], place[:at], strict=True)), names[at]: beyond}


def count_up_to(
    records: Any, condition: Condition, most: int, order: tuple[str, int] = ("created_at", -1)
) -> int:
    """How many documents meet the condition; `most` for that many or more, of which no more are
    read.

    In the order of an index, as they are listed: what counts by itself may read all that it finds.
    And of each nothing but what is asked for, which the index says: no document is read for it.
    """
    shown = {field: 1 for field in condition if not field.startswith("$")} | {"_id": 0}
    found = records._get_collection().find(condition, shown)
    return len(list(found.sort(*order).limit(most)))


def _place(cursor: str | None, sort: Sequence[str]) -> list[Any] | None:
    if cursor is None:
        return None
    values = zip(sort, read_cursor(cursor, sort), strict=True)
    return [_READERS[name.lstrip("-")](value) for name, value in values]


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value < _EARLIEST:
        raise bad_cursor()
    return value


def _score(value: Any) -> float:
    try:
        found = float(_text(value))
    except ValueError:
        raise bad_cursor() from None
    if not isfinite(found):
        raise bad_cursor()
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise bad_cursor()
    return value


_READERS: Final = {"created_at": _moment, "score": _score, "id": _text}


def _plain(value: Any) -> Any:
    """As a cursor has it, which takes no fractions: all digits of a score."""
    return repr(value) if isinstance(value, float) else value
