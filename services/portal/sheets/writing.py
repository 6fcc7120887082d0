"""Spreadsheets as they go out: templates and exports, in which no text is ever a formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from xlsxwriter import Workbook

from services.portal.sheets.columns import Column
from services.portal.sheets.reading import FORMULA
from shared.vocabulary.alphabetical import sort_key

_LIKE_A_GROUP = re.compile(r"-?\d+\.\d{3}")
_BOM = "\ufeff"  # by which spreadsheets know UTF-8
_IN_MEMORY = 1024 * 1024
_WIDTH = 24
_MOST_CELL = 32_767  # what a cell of .xlsx has room for
Row = Sequence[Any]


def csv_cell(value: Any) -> Any:
    """A cell of CSV: a text that spreadsheets would compute begins with an apostrophe.

    A number with three decimals gets a fourth: 6.125 is six thousand where points group digits.
    """
    if isinstance(value, float) and _LIKE_A_GROUP.fullmatch(repr(value)):
        return f"{value!r}0"
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_pieces(
    header: Sequence[str], rows: Iterable[Row], tags: Sequence[str] = ()
) -> Iterator[str]:
    """A CSV file, a piece for each row; `tags` are a second header, such as HXL's."""
    buffer = StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write(_BOM)
    for row in chain((header,), (tags,) if tags else (), rows):
        writer.writerow([csv_cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def write_workbook(
    header: Sequence[str], rows: Iterable[Row], codes: Sequence[Sequence[str]] = ()
) -> IO[bytes]:
    """An .xlsx file at its begin; `codes` are columns of a second sheet, each under its first."""
    file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (the caller closes it)
    # A row is on disk once the next begins, so that no number of them fills the memory.
    book = Workbook(file, {"constant_memory": True, "strings_to_urls": False})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("1")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(len(header) - 1, 0), _WIDTH)
    for at, row in enumerate(chain((header,), rows)):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, None if at else bold)
    if codes:
        second = book.add_worksheet("2")
        second.set_column(0, len(codes) - 1, _WIDTH)
        for at in range(max(len(names) for names in codes)):  # row by row, as it is written
            for number, names in enumerate(codes):
                if at < len(names):
                    _write(second, at, number, names[at], None if at else bold)
    book.close()
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, value: Any, form: Any) -> None:
    if value is None or value == "":
        return
    if isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value, form)
    else:
        sheet.write_string(row, column, str(value)[:_MOST_CELL], form)


def template_csv(columns: Sequence[Column], language: str) -> bytes:
    """An empty CSV file with the columns' names in a language."""
    return "".join(csv_pieces(_header(columns, language), [])).encode()


def _header(columns: Sequence[Column], language: str) -> list[str]:
    """The columns' names in a language, those that must be filled in with a *."""
    return [f"{column.name(language)}{' *' if column.required else ''}" for column in columns]


def template_workbook(columns: Sequence[Column], language: str) -> bytes:
    """An empty .xlsx file, what each column of codes may hold on its second sheet."""
    header = _header(columns, language)
    codes = [
        [
            column.name(language),
            *sorted(column.labels(language).values(), key=lambda name: sort_key(name, language)),
        ]
        for column in columns
        if column.labels is not None
    ]
    with write_workbook(header, [], codes) as file:
        return file.read()
