"""Who may do and see what: a table for each service, and what a service really answers.

A table is a text file beside this one, `<service>.txt`: a line a route and record, a column a
caller. Blank lines and what follows a `#` are passed over.

    columns  anonymous  own-State …                 names of the callers, once, first
    sees     restricted.all       no   yes …        whether they may see markers of this name
    GET      /v1/requests  all     401  200:4 …     what they are answered

A cell is the status of the answer; `200:4` is a list of four. The third word is the record (or
whatever else `tests/services/<service>/test_matrix.py` makes of that word): it fills the gaps of
the path, and decides body and query. With `*` after it (`restricted*`) whoever is answered 200 has
to be shown every marker of the record that `sees` allows. What `sees` forbids must be in no answer
of any route, be it a 200 or a 500. What is sent has HTML in every text (`html.py`), and no event
may tell it.

A new route needs a line for each kind of record that it treats otherwise, and if it takes a body,
one in `BODIES` of that test module; a new field with text that is not for all needs a marker in
its `World`. `test_every_route_has_a_line` says what is missing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from flask import Flask
from pymongo.database import Database
from werkzeug.test import TestResponse

from tests.services.matrix.html import HTML
from tests.services.written import forget, written

COMMON = ("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs")
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
GAP = re.compile(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>")


@dataclass(frozen=True)
class Row:
    """What callers are answered on a route, for a record."""

    method: str
    path: str
    record: str
    whole: bool
    cells: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.record}"


@dataclass(frozen=True)
class Table:
    """A service's table; `sees` tells for each name of markers which callers may see them."""

    file: Path
    columns: tuple[str, ...]
    sees: Mapping[str, Mapping[str, bool]]
    rows: tuple[Row, ...]


@dataclass
class World:
    """What stands in a service's store when a row is tried.

    `ids` and `etags` by the table's word for a record; `markers` by their name: texts or numbers
    that stand in the store in a field of that name's level. A name begins with its record's word.
    """

    ids: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    markers: dict[str, list[str]] = field(default_factory=dict)

    def mark(self, name: str, text: str) -> str:
        """A marker of that name; returned as it was given."""
        self.markers.setdefault(name, []).append(text)
        return text

    def html(self, name: str, text: str) -> str:
        """A text of HTML that has a marker of that name in it."""
        return f'<script>alert("{self.mark(name, text)}")</script>'


def read_table(service: str) -> Table:
    """The table of a service; raises ValueError for a line that fits no column."""
    file = Path(__file__).parent / f"{service}.txt"
    columns: tuple[str, ...] = ()
    sees: dict[str, dict[str, bool]] = {}
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] == "columns":
            columns = tuple(words[1:])
            continue
        given = words[2 if words[0] == "sees" else 3 :]
        if len(given) != len(columns):
            raise ValueError(f"{file.name}:{number}: {len(given)} cells for {len(columns)} columns")
        cells = dict(zip(columns, given, strict=True))
        if words[0] == "sees":
            sees[words[1]] = {name: cell == "yes" for name, cell in cells.items()}
        else:
            record = words[2].removesuffix("*")
            rows.append(Row(words[0], words[1], record, words[2] != record, cells))
    return Table(file, columns, sees, tuple(rows))


def routes_of(app: Flask) -> set[tuple[str, str]]:
    """Every method and path that the app answers or describes, as OpenAPI writes them."""
    answered = {
        (method, GAP.sub(r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }
    document = app.test_client().get("/openapi.json").get_json()
    described = {
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if method.upper() in METHODS
    }
    return answered | described


def faults_of(table: Table, app: Flask) -> list[str]:
    """What is amiss with the table as a whole: routes without lines, lines without routes."""
    routes, told = routes_of(app), {(row.method, row.path) for row in table.rows}
    cells = "  ".join("???" for _ in table.columns)
    missing = [
        f"{table.file.name} has no line for {method} {path}. Add one for each kind of record that "
        f"it treats otherwise (see the top of {Path(__file__).name}), beginning with:\n"
        f"    {method:8}{path}  RECORD  {cells}"
        for method, path in sorted(routes - told)
    ]
    gone = [
        f"{table.file.name} has a line for {method} {path}, and there is no such route any more"
        for method, path in sorted(told - routes)
    ]
    return missing + gone


def try_row(
    row: Row, table: Table, world: World, send: Callable[[str, Row], TestResponse]
) -> Iterator[str]:
    """Call the row's route as each caller; yields what was answered otherwise than it should."""
    for column, cell in row.cells.items():
        answer = send(column, row)
        text = answer.get_data(as_text=True) + str(answer.headers)
        status, _, number = cell.partition(":")
        if str(answer.status_code) != status:
            yield f"{column}: {answer.status_code} in place of {status}: {text[:300]}"
            continue
        # Texts are given back as they were written, and so never as what a browser would run.
        if row.path.startswith("/v1/") and answer.mimetype == "text/html":
            yield f"{column}: is answered HTML"
        if number and len(answer.get_json()["items"]) != int(number):
            yield f"{column}: {len(answer.get_json()['items'])} items in place of {number}"
        yield from (f"{column}: is shown {one}" for one in _leaks(column, text, table, world))
        if row.whole and status == "200":
            yield from (
                f"{column}: is not shown {one}" for one in _lacks(column, text, row, table, world)
            )


def check_row(
    row: Row,
    table: Table,
    world: World,
    snapshot: "Snapshot",
    send: Callable[[str, Row], TestResponse],
) -> None:
    """Fail with all that is answered to the row's callers otherwise than it says.

    Each of them finds the store as it was: what is written is put back.
    """

    def sent(column: str, row: Row) -> TestResponse:
        answer = send(column, row)
        if row.method != "GET" and answer.status_code < 400:
            # Events carry codes, numbers and times: whatever text was sent, none has it.
            assert HTML not in snapshot.events(), f"{row}: the text that was sent is in an event"
            snapshot.restore()
        return answer

    faults = list(try_row(row, table, world, sent))
    snapshot.restore()
    assert not faults, "\n" + "\n".join(faults)


def _leaks(column: str, text: str, table: Table, world: World) -> Iterator[str]:
    for name, markers in world.markers.items():
        if not table.sees[name][column]:
            yield from (f"{marker} of {name}" for marker in markers if found(marker, text))


def _lacks(column: str, text: str, row: Row, table: Table, world: World) -> Iterator[str]:
    for name, markers in world.markers.items():
        if name.partition(".")[0] == row.record and table.sees[name][column]:
            yield from (f"{marker} of {name}" for marker in markers if not found(marker, text))


def found(marker: str, text: str) -> bool:
    """Whether a text has the marker: not as a part of a longer word or number."""
    if marker not in text:
        return False
    return re.search(rf"(?<![\w.]){re.escape(marker)}(?!\w)", text) is not None


class Snapshot:
    """A database as it was, to be so again after a row has changed it."""

    def __init__(self, database: Database[Any]) -> None:
        # As bytes: signatures are long, and are only compared here.
        self._database = database.with_options(CodecOptions(document_class=RawBSONDocument))
        names = database.list_collection_names()
        self._kept = {name: list(self._database[name].find()) for name in names}
        forget(self._database)

    def events(self) -> str:
        """The events that wait for the relay, as they stand in the store."""
        waiting = {"pending_events": {"$exists": True}}
        plain = self._database.with_options(CodecOptions())
        return "".join(
            str(one["pending_events"])
            for name in written(self._database)
            for one in plain[name].find(waiting, {"pending_events": 1})
        )

    def restore(self) -> None:
        """Write what is not as it was."""
        for name in written(self._database):
            kept, collection = self._kept.get(name, []), self._database[name]
            if list(collection.find()) != kept:
                collection.delete_many({})
                if kept:
                    collection.insert_many(kept)
        forget(self._database)
