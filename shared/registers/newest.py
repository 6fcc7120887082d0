"""Pages of records, the newest first, that read little more than they show, on any MongoDB.

What a reader may see is often one of several sets: their own records, and of others' what is open
to them. As one condition that is an `$or`, whose order no index gives. So each set is read by
itself, in the order of an index, and the pages are merged.

A list is read span by span of time, back from where the page begins, each as long as what was found
so far makes one expect. So a condition that no index has costs what lies in these spans alone; and
the embedded database, which reads whatever an index finds before it thinks of a limit
(docs/decisions/0081), finds no more than that.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.registers.conditions import Condition, joined
from shared.registers.spans import FIRST, GROWTH, WHOLE, between
from shared.web.paging import DEFAULT_SORT, bad_cursor, read_cursor, write_cursor

INDEX: Final = ("-created_at", "id")
"""An index for every collection that is listed so without a condition that has one of its own."""

_SPARE = 1.5
"""A span is that much longer than what is wanted should need."""
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""No record is older, and a cursor that says so is none of ours."""
_NARROW = ("_id", "organisation", "donor", "country")


def newest(
    records: Any,
    sets: Sequence[Condition],
    args: dict[str, Any],
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """One page of the documents that are in any of these sets: `{"items", "next"}`.

    `records` is the mongoengine class, `args` has `limit` and `cursor` as PageQuery loads them,
    `without` names fields that stay in the store. Raises the 422 problem naming `cursor` for one
    that this list did not make.
    """
    limit, after = args["limit"], _place(args["cursor"])
    reading = _Reading(records, limit + 1, without)
    begin = datetime.now(UTC) if after is None else after[0]
    upper = None if after is None else begin
    if after is not None:  # records of one moment are in the order of their ids
        reading.look(sets, {"created_at": begin, "_id": {"$gt": after[1]}})
    reading.look((one for one in sets if _few(one)), between(None, upper))
    others, lower, span = [one for one in sets if not _few(one)], begin, FIRST
    while others and reading.missing(lower) > 0:
        if span > WHOLE:
            reading.look(others, between(None, upper))
            break
        lower, before = lower - span, reading.missing(lower)
        reading.look(others, between(lower, upper))
        left = reading.missing(lower)
        upper, span = lower, reading.span(begin - lower, span, left, before)
    listed = reading.sorted()
    more = len(listed) > limit
    last = [listed[limit - 1].created_at, listed[limit - 1].id] if more else []
    return {
        "items": listed[:limit],
        "next": write_cursor(last, DEFAULT_SORT) if more else None,
    }


class _Reading:
    """What was found so far, by id."""

    def __init__(self, records: Any, wanted: int, without: Sequence[str]) -> None:
        self._records, self._wanted, self._without = records, wanted, without
        self._found: dict[str, Any] = {}

    def look(self, sets: Iterable[Condition], where: Condition) -> None:
        """Read what is wanted of each set there.

        By what narrows most first: the embedded database takes the first condition of several that
        an index has.
        """
        for one in sets:
            condition = joined([where, one])
            narrow = [name for name in _NARROW if name in one and _narrows(name, one[name])]
            condition = {name: condition[name] for name in (*narrow, *condition)}
            found = self._records.objects(__raw__=condition).exclude(*self._without)
            for record in found.order_by(*DEFAULT_SORT).limit(self._wanted):
                self._found[record.id] = record

    def missing(self, since: datetime) -> int:
        """How many are wanted still; those made before then may have others before them."""
        return self._wanted - len([1 for one in self._found.values() if one.created_at >= since])

    def span(self, looked: timedelta, last: timedelta, missing: int, before: int) -> timedelta:
        """How far back to look next, from how many were found in all that was looked through.

        After a span without any as far as that may grow: the last few are not to be crept up to.
        """
        most = last * GROWTH
        if missing == before:
            return most
        return min(looked / (self._wanted - missing) * missing * _SPARE, most)

    def sorted(self) -> list[Any]:
        """As they are listed, and as the store sorts them: by time, those of one moment by id."""
        return sorted(self._found.values(), key=lambda one: (-one.created_at.timestamp(), one.id))


def _few(condition: Condition) -> bool:
    """Whether it names records by their ids: no span of time would find fewer."""
    return "_id" in condition and _narrows("_id", condition["_id"])


def _narrows(name: str, wanted: Any) -> bool:
    """Whether that is said of a field by which few records are found: some ids, or one owner."""
    return "$in" in wanted if name == "_id" else isinstance(wanted, str)


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, id_ = read_cursor(cursor, DEFAULT_SORT)
    if not isinstance(at, datetime) or at < _EARLIEST or not isinstance(id_, str):
        raise bad_cursor()
    return at, id_
