"""A party's own requests, offers and activities as files, passed on as they are read."""

from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, stream_with_context

from services.portal.pages.asking import be_patient, get
from services.portal.pages.frame import for_roles
from services.portal.pages.spreadsheets.kinds import (
    ENDINGS,
    KINDS,
    XLSX,
    Kind,
    cells,
    kind_of,
    own_party,
)
from services.portal.pages.wording import here
from services.portal.sheets.writing import csv_pieces, write_workbook
from shared.web.problems import not_found

_PAGE = 200
_PIECE = 64 * 1024


def install(app: Flask) -> None:
    """Add the pages."""
    for name, kind in KINDS.items():
        path, kept = f"/{name}/export.<string:ending>", {"name": name}
        view = for_roles(kind.role)(export_records)
        app.add_url_rule(path, f"{name}-export", view, defaults=kept)


def export_records(name: str, ending: str) -> Response:
    """All of the reader's own, codes by their names in the reader's language."""
    if ending not in ENDINGS:
        raise not_found("file")
    kind, language = kind_of(name), here()
    header = [column.name(language) for column in kind.columns]
    be_patient()
    rows = _rows(kind, language)
    if ending == XLSX:
        pieces = _file_pieces(write_workbook(header, rows))
    else:
        pieces = (piece.encode() for piece in csv_pieces(header, rows))
    return Response(
        stream_with_context(pieces),
        content_type=ENDINGS[ending],
        headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'},
    )


def _rows(kind: Kind, language: str) -> Iterator[list[Any]]:
    """The rows of all records, page after page; what the first is refused for is raised at once."""
    first = _page(kind, None)

    def rows() -> Iterator[list[Any]]:
        page = first
        while True:
            for record in page["items"]:
                for row in kind.rows(record):
                    yield cells(kind, row, language)
            if page["next"] is None:
                return
            page = _page(kind, page["next"])

    return rows()


def _page(kind: Kind, cursor: str | None) -> Any:
    own = {kind.party: own_party(kind)}
    return get(kind.service, kind.path, limit=_PAGE, cursor=cursor, **own).body


def _file_pieces(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece
