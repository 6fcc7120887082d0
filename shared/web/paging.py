"""Pages of a list: an opaque cursor says after which record the next page begins.

Because the cursor holds the last record's sort values rather than a number of records to skip, a
record that is added or removed meanwhile makes no other appear twice or vanish.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from shared.web.problems import Problem, invalid_field
from shared.web.schemas import StrictSchema

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_CURSOR_LENGTH = 1000
DEFAULT_SORT = ("-created_at", "id")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PageQuery(StrictSchema):
    """Query parameters of a list; subclass it to add filters."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT,
        validate=validate.Range(1, MAX_LIMIT),
        metadata={"description": "How many items at most."},
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(max=MAX_CURSOR_LENGTH),
        metadata={"description": "The `next` of the page before; without it the first page."},
    )


def page_schema(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a page of `item`, for `Blueprint.response`."""
    members: dict[str, Any] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "The cursor of the next page; null on the last."},
        ),
    }
    name = item.__name__.removesuffix("Schema")
    return type(f"{name}Page", (StrictSchema,), members)


def page(
    queryset: Any,
    args: dict[str, Any],
    dump: Callable[[Any], Any],
    sort: Sequence[str] = DEFAULT_SORT,
) -> dict[str, Any]:
    """One page of a mongoengine queryset: `{"items": [...], "next": cursor or None}`.

    `args` has `limit` and `cursor` as PageQuery loads them; `sort` names fields of the document,
    `-` before a name for descending, the last of them unique. Raises the 422 problem naming
    `cursor` for one that this list did not make.
    """
    order = [(name.lstrip("-"), -1 if name.startswith("-") else 1) for name in sort]
    if args["cursor"] is not None:
        values = read_cursor(args["cursor"], sort)
        names = [(_database_name(queryset, name), direction) for name, direction in order]
        queryset = queryset.filter(__raw__=_after(names, values))
    documents = list(queryset.order_by(*sort).limit(args["limit"] + 1))
    shown = documents[: args["limit"]]
    more = len(documents) > len(shown)
    last = [getattr(shown[-1], name) for name, _ in order] if more else []
    return {
        "items": [dump(one) for one in shown],
        "next": write_cursor(last, sort) if more else None,
    }


def _database_name(queryset: Any, name: str) -> str:
    field = getattr(queryset._document, name)
    return str(field.db_field)


def _after(order: Sequence[tuple[str, int]], values: Sequence[Any]) -> dict[str, Any]:
    """The records that come after these values, in MongoDB's order (null before all else)."""
    choices: list[dict[str, Any]] = []
    equal: dict[str, Any] = {}
    for (name, direction), value in zip(order, values, strict=True):
        if value is None:
            if direction > 0:
                choices.append({"$and": [*_equal(equal), {name: {"$ne": None}}]})
        elif direction > 0:
            choices.append({"$and": [*_equal(equal), {name: {"$gt": value}}]})
        else:
            # A comparison never matches null, which descending order puts last.
            below = [{name: {"$lt": value}}, {name: None}]
            choices.append({"$and": [*_equal(equal), {"$or": below}]})
        equal[name] = value
    return {"$or": choices} if choices else {"_id": {"$in": []}}


def _equal(values: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value} for name, value in values.items()]


def write_cursor(values: Sequence[Any], sort: Sequence[str]) -> str:
    """The cursor of the place after a record with these values of the fields in `sort`."""
    text = json.dumps([list(sort), [_plain(value) for value in values]], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"ms": (value - _EPOCH) // timedelta(milliseconds=1)}
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"lists cannot be sorted by a {type(value).__name__}")


def read_cursor(cursor: str, sort: Sequence[str]) -> list[Any]:
    """What `write_cursor` wrote for this `sort`; the 422 problem naming `cursor` for all else."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        made_for, values = found
        if made_for != list(sort) or len(values) != len(sort):
            raise ValueError
        return [_value(value) for value in values]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise bad_cursor() from None


def _value(plain: Any) -> Any:
    if isinstance(plain, dict):
        (unit, milliseconds), *others = plain.items()
        if unit != "ms" or others or type(milliseconds) is not int:
            raise ValueError
        return _EPOCH + timedelta(milliseconds=milliseconds)
    if plain is None or (type(plain) is int and abs(plain) < 2**63):
        return plain
    if isinstance(plain, str):
        plain.encode()  # half a surrogate pair is a ValueError here, not in the database's driver
        return plain
    raise ValueError


def bad_cursor() -> Problem:
    """The 422 problem naming `cursor`, for one that the list did not make."""
    return invalid_field(
        "cursor", "This is not a cursor of this list. Begin again without one.", "cursor"
    )
