"""The parts of an .xlsx file, looked at before a reader of spreadsheets gets them.

The reader makes room for every cell between the first and the last: what a cell's address claims
is therefore bounded here, and so is what comes out of the archive.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from services.portal.sheets.faults import SheetError

MOST_UNPACKED = 64 * 1024 * 1024
_MOST_PARTS = 300
_PIECE = 256 * 1024
_PLACED = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_ADDRESS = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_CELL = re.compile(rb"([A-Z]{0,3})([0-9]{1,7})")
_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s[^>]*?r\s*=\s*["']([A-Z]{1,3}[0-9]{1,7})["'][^>]*>\s*<(?:\w+:)?f[\s/>]"""
)


def look_into(content: bytes, most_rows: int, most_columns: int) -> frozenset[str]:
    """The addresses of cells with a formula, in whichever sheet; raises SheetError.

    `most_rows` may lie beneath the first of a sheet, which has the columns' names.
    """
    formulas: set[str] = set()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
                raise SheetError("format")
            if len(parts) > _MOST_PARTS:
                raise SheetError("too-large")
            if any(part.flag_bits & 1 for part in parts):
                raise SheetError("locked")
            for text in _texts(archive, parts):
                if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                    raise SheetError("format")
                _check_places(text, most_rows, most_columns)
                formulas |= {found.decode() for found in _FORMULA.findall(text)}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError):
        raise SheetError("format") from None
    return frozenset(formulas)


def _texts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[bytes]:
    left = MOST_UNPACKED
    for part in parts:
        pieces = []
        with archive.open(part) as stream:
            while piece := stream.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise SheetError("too-large")
                pieces.append(piece)
        yield b"".join(pieces)


def _check_places(text: bytes, most_rows: int, most_columns: int) -> None:
    if b"sheetData" not in text:
        return
    rows = 0
    for tag in _PLACED.finditer(text):
        address = _ADDRESS.search(tag[2])
        rows += tag[1] == b"row"
        if rows > 1 + most_rows:
            raise SheetError("too-many-rows", most=most_rows)
        if address is None:
            continue
        cell = _CELL.fullmatch(address[1])
        if cell is None:
            raise SheetError("format")
        if int(cell[2]) > 1 + most_rows:
            raise SheetError("too-many-rows", most=most_rows)
        if _column(cell[1]) > most_columns:
            raise SheetError("too-many-columns", most=most_columns)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
