"""A list as a file, made as its records come: CSV with HXL tags, JSON Lines, xlsx."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Final

from services.portal.lists.fields import Listing, Names, Record
from services.portal.sheets.writing import csv_pieces, write_workbook

CSV, XLSX, JSONL = "csv", "xlsx", "jsonl"
TYPES: Final[Mapping[str, str]] = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    JSONL: "application/jsonl; charset=utf-8",
}
"""The endings that a list's file may have, with their media types."""

_PIECE: Final = 64 * 1024
Pages = Iterable[Sequence[Record]]
Look = Callable[[Mapping[str, set[str]]], Names]
"""Looks up records by register and ids; what may not be seen is left out."""


def pieces_of(
    listing: Listing, ending: str, pages: Pages, look: Look, language: str
) -> Iterator[bytes]:
    """The file, a piece at a time; no more than a page of records is kept.

    `pages` are the list's records as its service gives them: JSON Lines have them whole, a table
    has their rows, with codes and their names in a language. An xlsx is on disk before its first
    piece, for it begins with what is known last.
    """
    if ending == JSONL:
        return (_line(record) for page in pages for record in page)
    rows = _rows(listing, pages, look, language)
    header = listing.header(language)
    if ending == XLSX:
        return _of_file(write_workbook(header, rows))
    return (piece.encode() for piece in csv_pieces(header, rows, listing.tags()))


def table_pieces(
    ending: str, header: Sequence[str], tags: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[bytes]:
    """A table of few rows in the same formats; in JSON Lines by the names of its columns."""
    if ending == JSONL:
        return (_line(dict(zip(header, row, strict=True))) for row in rows)
    if ending == XLSX:
        return _of_file(write_workbook(header, rows))
    return (piece.encode() for piece in csv_pieces(header, rows, tags))


def _rows(listing: Listing, pages: Pages, look: Look, language: str) -> Iterator[list[Any]]:
    for page in pages:
        names = look(listing.named(page))
        for record in page:
            yield from listing.cells(record, names, language)


def _line(record: Record) -> bytes:
    return f"{json.dumps(record, ensure_ascii=False)}\n".encode()


def _of_file(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
