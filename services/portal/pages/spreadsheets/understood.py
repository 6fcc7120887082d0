"""What a file is understood to say of each record, in words, to be read before it comes in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.portal.pages.offers.rows import size_of
from services.portal.pages.spreadsheets.changing import Change
from services.portal.pages.spreadsheets.kinds import Kind
from services.portal.pages.wording import day, here, list_text, number
from services.portal.sheets.columns import Column
from services.portal.sheets.rows import OF_THE_RECORD

_MOST_TEXT = 600
"""Characters of a text that are shown: enough to know it again."""

_SAID_BESIDE = frozenset(
    ("reference", "id", "title", "country", "theme", "kind", "quantity", "unit", "amount")
) | frozenset(("currency", "from", "to"))
"""Columns that a preview's table has places for; the others are told beneath."""

_IN_ANY_ROW = frozenset(("received", "condition_kind", "condition"))
"""Columns of which each row may say something more of the record itself."""

_WORDS: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(("from", "to", "reached_by"), day),
    **dict.fromkeys(("report_year", "currency"), str),
}
"""How cells are read that are neither prose nor codes nor counts."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Fact:
    """What a column says: its name, the value in words; `prose` is in the record's language."""

    name: str
    value: str
    prose: bool


def understood(kind: Kind, body: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """A record that a file's rows tell, as a preview shows it.

    What is of the record is told as the register will have it, so with what the file leaves open.
    """
    mark = body["external_id"]["id"]
    record = kind.rows({**body, "id": None})[0]
    own = [kind.meant(row, {}) for row in rows if row["reference"] == mark]
    lines = body[kind.lines] if kind.lines else [body]
    further = [column for column in kind.columns if column.key in _IN_ANY_ROW]
    facts = [
        *_facts(_of_record(kind), record),
        *(one for row in own for one in _facts(further, row)),
    ]
    return {
        "mark": mark,
        "title": body["title"],
        "language": body["language"],
        "lines": [(one["theme"], one["kind"], size_of(one, kind.counted)) for one in lines],
        "country": body.get("country"),
        "window": body["window"],
        "sight": _value(_column(kind, kind.sight), record[kind.sight]),
        "facts": list(dict.fromkeys(facts)),
        "of_lines": _of_lines(kind, own),
    }


def said_otherwise(kind: Kind, change: Change) -> dict[str, Any]:
    """A record that a file changes, with what it says in place of what stands."""
    columns = [column for column in kind.columns if column.key in change.columns]
    told = (fact for row in change.rows for fact in _facts(columns, row, empty=True))
    return {
        "title": change.title,
        "language": change.body.get("language"),
        "columns": [column.name(here()) for column in columns],
        "sight": _value(_column(kind, kind.sight), change.sight),
        "facts": list(dict.fromkeys(told)),
    }


def name_of(kind: Kind, key: str) -> str:
    """A column's name in the reader's language."""
    return _column(kind, key).name(here())


def _of_lines(kind: Kind, rows: Iterable[Row]) -> list[tuple[Row, list[Fact]]]:
    """What rows say of their lines, or of what is to be reached where there are none."""
    if not kind.lines:
        return []
    told = {column.key for column in _of_record(kind)} | {kind.sight} | _SAID_BESIDE | _IN_ANY_ROW
    columns = [column for column in kind.columns if column.key not in told]
    every = ((row, list(_facts(columns, row))) for row in rows)
    return [(row, facts) for row, facts in every if facts]


def _of_record(kind: Kind) -> list[Column]:
    """The columns of the record itself that the table has no place for."""
    beside = _SAID_BESIDE | {kind.sight}
    return [
        column
        for column in kind.columns
        if column.key not in beside and (not kind.lines or column.key in OF_THE_RECORD)
    ]


def _facts(columns: Sequence[Column], row: Row, *, empty: bool = False) -> Iterator[Fact]:
    """What a row says in columns, in their order; `empty` of such also as say nothing now."""
    for column in columns:
        value = row.get(column.key)
        if value not in (None, "", []):
            yield Fact(column.name(here()), _value(column, value), _is_prose(column, value))
        elif empty and column.key in row:
            yield Fact(column.name(here()), "", prose=False)


def _value(column: Column, value: Any) -> str:
    if column.key in _WORDS:
        return _WORDS[column.key](value)
    if isinstance(value, int | float):
        return number(value)
    names = {} if column.labels is None else column.labels(here())
    if isinstance(value, list):
        return list_text(names.get(code, code) for code in value)
    text = str(names.get(value, value))
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def _is_prose(column: Column, value: Any) -> bool:
    return column.labels is None and column.key not in _WORDS and isinstance(value, str)


def _column(kind: Kind, key: str) -> Column:
    return next(column for column in kind.columns if column.key == key)
