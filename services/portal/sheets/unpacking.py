"""The parts of an .xlsx file, looked at before a reader of spreadsheets gets them.

The reader makes room for every cell between the first and the last: where a cell stands, by its
address or, as the reader has it, beside the one before, is therefore bounded here, and so is what
comes out of the archive.
"""

import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from xml.parsers import expat

from services.portal.sheets.faults import SheetError, cell_name

MOST_UNPACKED = 64 * 1024 * 1024
_MOST_ELEMENTS = 1_000_000
"""Of all sheets together; each is a call of ours. 500 rows have a fifth of that at most."""
_MOST_PARTS = 300
_PIECE = 64 * 1024
_MOST_TAG = 64 * 1024
"""Bytes of a tag or comment of a sheet, but for those of a piece."""
_ROW, _CELL = re.compile(r"[0-9]{1,7}"), re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_BROKEN = (zipfile.BadZipFile, zlib.error, expat.ExpatError, LookupError)


def look_into(content: bytes, most_rows: int, most_columns: int) -> frozenset[str]:
    """The addresses of cells with a formula, in whichever sheet; raises SheetError.

    `most_rows` may lie beneath the first of a sheet, which has the columns' names.
    """
    found = _Places(most_rows, most_columns)
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
                if b"sheetData" in text:
                    found.look(text)
    except (*_BROKEN, NotImplementedError, EOFError, ValueError):
        raise SheetError("format") from None
    return frozenset(found.formulas)


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


class _Places:
    """Where cells are, sheet by sheet.

    By expat, which takes as long as a text is long, whatever is in it but tags without an end;
    patterns did not.
    """

    def __init__(self, most_rows: int, most_columns: int) -> None:
        self.formulas: set[str] = set()
        self._most_rows, self._most_columns = most_rows, most_columns
        self._row = self._column = self._elements = 0
        self._cell = ""

    def look(self, text: bytes) -> None:
        """Look at one more sheet; raises SheetError, ExpatError for what is no XML."""
        self._row = 0
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._begin
        for start in range(0, len(text), _PIECE):
            parser.Parse(text[start : start + _PIECE], False)
            # All that a tag has is kept until its end, and made one value: that takes long.
            if min(start + _PIECE, len(text)) - parser.CurrentByteIndex > _MOST_TAG:
                raise SheetError("too-large")
        parser.Parse(b"", True)

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            raise SheetError("too-large")
        name = tag.rpartition(":")[2]
        if name == "row":
            self._begin_row(attributes.get("r"))
        elif name == "c":
            self._begin_cell(attributes.get("r"))
        elif name == "f":
            self.formulas.add(self._cell)

    def _begin_row(self, said: str | None) -> None:
        if said is not None and not _ROW.fullmatch(said):
            raise SheetError("format")
        self._row = self._row + 1 if said is None else int(said)
        self._column = 0
        self._within(self._row)

    def _begin_cell(self, said: str | None) -> None:
        row, self._column = self._row, self._column + 1
        if said is not None:
            cell = _CELL.fullmatch(said)
            if cell is None:
                raise SheetError("format")
            row, self._column = int(cell[2]), _number(cell[1])
        self._within(row)
        if self._column > self._most_columns:
            raise SheetError("too-many-columns", most=self._most_columns)
        self._cell = cell_name(row - 1, self._column - 1)

    def _within(self, row: int) -> None:
        if row > 1 + self._most_rows:
            raise SheetError("too-many-rows", most=self._most_rows)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
