"""A spreadsheet's first sheet as rows of plain values, from .xlsx or CSV, told by its content."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from services.portal.sheets.faults import SheetError, cell_name
from services.portal.sheets.other_kinds import other_kind
from services.portal.sheets.unpacking import look_into
from shared.web.schemas import NO_CHARACTERS, as_kept

MOST_ROWS = 500
"""Rows that a file may have beneath its first, which has the columns' names."""

MOST_COLUMNS = 60
_MOST_CELL = 100_000
_ZIP = b"PK\x03\x04"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a text begins with that spreadsheets may compute; in full width some do in Chinese."""

_ESCAPED = tuple(f"'{begin}" for begin in FORMULA)

Value = str | int | float | bool | date | None


@dataclass(frozen=True)
class Sheet:
    """Rows of values from A1 on, as many in each; addresses of cells that are formulas, merged."""

    rows: Sequence[Sequence[Value]]
    formulas: frozenset[str] = frozenset()
    merged: Sequence[tuple[int, int]] = ()


def read_sheet(content: bytes) -> Sheet:
    """The first sheet of a file; raises SheetError for what is none, or is too large."""
    other = other_kind(content)
    if other is not None:
        raise SheetError(other)
    if content.startswith(_ZIP):
        return _read_workbook(content)
    return Sheet(_read_csv(_decoded(content)))


def _read_workbook(content: bytes) -> Sheet:
    formulas = look_into(content, MOST_ROWS, MOST_COLUMNS)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            sheet = book.get_sheet_by_index(0)
            rows = sheet.to_python(skip_empty_area=False)
            merged = [start for start, _end in sheet.merged_cell_ranges or ()]
    except PasswordError:
        raise SheetError("locked") from None
    except (CalamineError, ValueError, IndexError, OSError):
        raise SheetError("format") from None
    except BaseException as error:  # what the reader's own language calls a panic is no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise SheetError("format") from None
    return Sheet([[_plain(value) for value in row] for row in rows], formulas, merged)


def _plain(value: object) -> Value:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, bool | int | date):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    text = NO_CHARACTERS.sub("", _unescaped(str(value)))
    return text if as_kept(text) else None


def _unescaped(text: str) -> str:
    """A text as it was before what writes files here kept it from being a formula."""
    return text[1:] if text.startswith(_ESCAPED) else text


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in content:
        raise SheetError("format")
    else:
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].decode(encoding, "ignore")
        raise SheetError("encoding", _last_cell(before)) from None
    if "\0" in text:
        raise SheetError("format")
    return text


def _read_csv(text: str) -> Sequence[Sequence[Value]]:
    rows: list[list[Value]] = []
    try:
        for row in _cells(text, strict=True):
            if len(row) > MOST_COLUMNS:
                raise SheetError("too-many-columns", most=MOST_COLUMNS)
            if any(len(cell) > _MOST_CELL for cell in row):
                raise SheetError("format")
            rows.append([_plain(cell) for cell in row])
            if len(rows) > 1 + MOST_ROWS:
                raise SheetError("too-many-rows", most=MOST_ROWS)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise SheetError("quote", _last_cell(text)) from None
        if "expected after" in str(error):
            raise SheetError("quote", cell_name(len(rows), 0)) from None
        raise SheetError("format") from None
    # Whatever saves tables writes as many cells in each row, or an end behind the last one.
    if len(rows) > 1 and 0 < len(rows[-1]) < len(rows[0]) and not text.endswith(("\n", "\r")):
        raise SheetError("half-row", cell_name(len(rows) - 1, len(rows[-1]) - 1))
    return rows


def _cells(text: str, *, strict: bool) -> Iterator[list[str]]:
    """Rows of texts; where `strict`, a quotation mark that does not end is an error."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=strict)


def _last_cell(text: str) -> str:
    """The address of the cell in which a text ends; empty where none begins there."""
    row, last = -1, [""]
    try:
        for row, last in enumerate(_cells(text, strict=False)):  # noqa: B007 (the last of them)
            pass
    except csv.Error:
        return ""
    return cell_name(max(row, 0), max(len(last) - 1, 0))
