"""Rows that name a record's id: what somebody changed in them since they came out of it."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Bodies = Callable[[Sequence[Row], str], list[dict[str, Any]]]

_NEVER = frozenset({"id", "reference"})
"""Columns by which records are found: they are not changed here."""


class LinesError(Exception):
    """Rows of a file make more lines than the record has, or fewer."""


def changed_columns(before: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """The keys of columns in which `rows` of a file say otherwise than the record's own, in order.

    A column that the file has not says nothing. Both have as many rows.
    """
    found: dict[str, None] = {}
    for old, new in zip(before, rows, strict=True):
        for key in new:
            if key not in _NEVER and _plain(old.get(key)) != _plain(new[key]):
                found[key] = None
    return list(found)


def changed_body(
    body: Mapping[str, Any],
    before: Sequence[Row],
    rows: Sequence[Row],
    bodies: Bodies,
    party: str,
    lines: str,
) -> dict[str, Any]:
    """The record's `body` with what the rows change and nothing else.

    `before` are the rows that the record itself makes, `bodies` makes bodies of rows, `lines` is
    the member with a record's lines, by their order in both. What a file has no column for, such as
    further objectives of a line, stays. Raises LinesError.
    """
    changed = set(changed_columns(before, rows))
    edited = [
        {**old, **{key: new[key] for key in new if key in changed}}
        for old, new in zip(before, rows, strict=True)
    ]
    old, new = (
        bodies([{**row, "reference": "one"} for row in some], party)[0] for some in (before, edited)
    )
    if lines and len(new[lines]) != len(old[lines]):
        raise LinesError
    told = {
        key: _kept(body[key], old[key], value)
        for key, value in new.items()
        if value != old[key] and key != lines
    }
    if lines and new[lines] != old[lines]:
        told[lines] = [
            {
                **line,
                **{
                    key: _kept(line[key], was[key], value)
                    for key, value in is_.items()
                    if value != was[key]
                },
            }
            for line, was, is_ in zip(body[lines], old[lines], new[lines], strict=True)
        ]
    return {**body, **told}


def _kept(stands: Any, old: Any, new: Any) -> Any:
    """Of a list a file may show but the first: the others stay behind it."""
    if isinstance(stands, list) and isinstance(new, list) and isinstance(old, list):
        return [*new, *stands[len(old) :]]
    if isinstance(stands, Mapping) and isinstance(new, Mapping):
        shown = {key: value for key, value in new.items() if value != (old or {}).get(key)}
        return {**stands, **shown}
    return new


def _plain(value: Any) -> Any:
    if value is None or value in ("", []):
        return None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return Decimal(str(value)).normalize()
    if isinstance(value, list):
        return sorted(value)
    return str(value).replace("\r\n", "\n").strip()
