"""The gold format: reading its rows, and telling what is wrong with one by file, line and field.

Only the shape of a row is checked here; what a value may be is for the services to say.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

RawRow = dict[str, Any]

FILES: Mapping[str, str] = {
    "offers.jsonl": "offer",
    "activities.jsonl": "activity",
    "requests.jsonl": "request",
}


class GoldSetError(Exception):
    """The directory as a whole cannot be read; the message says what is missing."""


@dataclass(frozen=True)
class RowError:
    """What is wrong with a row: the file's name, the line from 1, the format's own field."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return (
            f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"
        )


@dataclass(frozen=True)
class _Shape:
    """The fields a row or a part of it must have, and those that are themselves parts."""

    names: tuple[str, ...]
    objects: Mapping[str, "_Shape"] = field(default_factory=dict)
    lists: Mapping[str, "_Shape | None"] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


_WINDOW = _Shape(("from", "to"))
_NEED = _Shape(("line", "theme", "kind", "quantity", "unit", "amount_usd"))
_PROVISION = _Shape(("line", "theme", "kind", "capacity", "unit", "amount_usd"))
_ELIGIBILITY = _Shape(
    ("countries", "regions", "groups"), lists=dict.fromkeys(("countries", "regions", "groups"))
)
_TEXTS = ("id", "language", "title", "description")
_SHAPES: Mapping[str, _Shape] = {
    "request": _Shape(
        (*_TEXTS, "country", "needs", "priority", "window", "channel"),
        objects={"window": _WINDOW},
        lists={"needs": _NEED},
        optional=("illustrative", "public"),
    ),
    "offer": _Shape(
        (
            *(*_TEXTS, "donor", "donor_type", "donor_country"),
            *("provisions", "eligibility", "conditions", "window"),
        ),
        objects={"window": _WINDOW, "eligibility": _ELIGIBILITY},
        lists={"provisions": _PROVISION, "conditions": None},
        optional=("illustrative", "public"),
    ),
    "activity": _Shape(
        (
            *(*_TEXTS, "country", "provider", "theme", "kind"),
            *("quantity", "unit", "amount_usd", "start", "end", "status"),
        ),
        optional=("illustrative", "public"),
    ),
}


def read_rows(
    path: Path, kind: str, errors: list[RowError], oddities: list[RowError] | None = None
) -> Iterator[tuple[int, str, RawRow]]:
    """Line number, the set's id and the row, for each row of the right shape.

    What is wrong with the others is added to `errors`. With `oddities` a row is of the right shape
    also with fields of its own and other numbers of lines: that is added there. Raises GoldSetError
    when the file cannot be read as a text, or ends in the middle of a line.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise GoldSetError(f"{path} cannot be read: {error}") from None
    except UnicodeDecodeError as error:
        line_number = content.count(b"\n", 0, error.start) + 1
        raise GoldSetError(f"{path} cannot be read: line {line_number}: {error}") from None
    seen: dict[str, int] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_no_constant)
            mistakes = list(_mistakes(row, _SHAPES[kind], ""))
        except (ValueError, RecursionError) as error:
            if number == len(lines):
                message = f"{path} ends in the middle of line {number}; nothing of it is taken"
                raise GoldSetError(message) from None
            mistakes = [_Mistake("", f"not JSON: {error}")]
        odd = [] if oddities is None else [one for one in mistakes if one.odd]
        mistakes = [one for one in mistakes if one not in odd]
        if not mistakes and not (isinstance(row["id"], str) and row["id"].strip()):
            mistakes = [_Mistake("id", "must be a text that is not empty")]
        if not mistakes and row["id"] in seen:
            told = f"{row['id']} was given on line {seen[row['id']]} already"
            mistakes = [_Mistake("id", told)]
        if mistakes:
            errors.extend(RowError(path.name, number, one.field, one.what) for one in mistakes)
            continue
        if oddities is not None:
            oddities.extend(RowError(path.name, number, one.field, one.what) for one in odd)
        seen[row["id"]] = number
        yield number, row["id"], row


class _Mistake(NamedTuple):
    """What is wrong with a field; `odd` where the row can be read all the same."""

    field: str
    what: str
    odd: bool = False


def _mistakes(value: object, shape: _Shape, path: str) -> Iterator[_Mistake]:
    if not isinstance(value, dict):
        yield _Mistake(path.removesuffix("."), "must be an object")
        return
    for name in shape.names:
        if name not in value:
            yield _Mistake(path + name, "is missing")
    for name, part in value.items():
        here = path + name
        if name in shape.objects:
            yield from _mistakes(part, shape.objects[name], f"{here}.")
        elif name in shape.lists:
            if not isinstance(part, list):
                yield _Mistake(here, "must be a list")
                continue
            inner = shape.lists[name]
            for index, item in enumerate(part):
                if inner is not None:
                    yield from _mistakes(item, inner, f"{here}[{index}].")
                    if isinstance(item, dict) and item.get("line") != index + 1:
                        must = f"must be {index + 1}: lines count from 1"
                        yield _Mistake(f"{here}[{index}].line", must, odd=True)
                elif not isinstance(item, str):
                    yield _Mistake(f"{here}[{index}]", "must be a text")
        elif name not in shape.names and name not in shape.optional:
            yield _Mistake(here, "is not a field of the format", odd=True)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
