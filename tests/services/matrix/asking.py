"""How the APIs are asked alike: the calls of a table's rows, callers' headers, files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services.matrix.table import Row, Snapshot, Table, World

Headers = Callable[..., dict[str, str]]
Callers = Mapping[str, tuple[str, dict[str, Any]]]
"""By the table's word for a caller: its role, and what that is bound to."""


@dataclass(frozen=True)
class Call:
    """What a caller sends; `options`, headers among them, are those of a test client."""

    method: str
    path: str
    options: dict[str, Any]

    def send(self, client: FlaskClient) -> TestResponse:
        """The answer."""
        return client.open(self.path, method=self.method, **self.options)


@dataclass(frozen=True)
class Asked:
    """A service, its table, and what stands in its store.

    `call` makes what the caller of a column sends for a row, of the store as it is at first.
    """

    app: Flask
    table: Table
    world: World
    snapshot: Snapshot
    call: Callable[[str, Row], Call]

    def sender(self, **cookies: bool) -> Callable[[str, Row], TestResponse]:
        """Sends the calls; `use_cookies` as of a test client."""
        client = self.app.test_client(**cookies)
        return lambda column, row: self.call(column, row).send(client)

    def calls(self) -> Mapping[str, list[tuple[str, Row]]]:
        """By "method path" of what the service describes: each row, with each column."""
        document = self.app.test_client().get("/openapi.json").get_json()
        found: dict[str, list[tuple[str, Row]]] = {
            f"{method.upper()} {path}": []
            for path, item in document["paths"].items()
            for method in item
            if method != "parameters"
        }
        for row in self.table.rows:
            route = f"{row.method} {row.path}"
            if route in found:
                found[route] += [(column, row) for column in row.cells]
        return found

    def accepted(self) -> Iterator[tuple[str, str, Row]]:
        """Those of `calls` that are answered with success: "method path", column and row."""
        for route, pairs in self.calls().items():
            for column, row in pairs:
                if row.cells[column].startswith("2"):
                    yield route, column, row


def credentials(
    column: str, method: str, callers: Callers, headers: Headers, service: str, narrow: str
) -> dict[str, str]:
    """The headers of a column's caller: none of `anonymous`.

    The column `narrow` is one of the role `narrow` whose token's scope is not for this call: for
    reading, that of another service; for writing, this one's for reading.
    """
    if column == "anonymous":
        return {}
    if column == "narrow":
        another = "requests" if service == "offers" else "offers"
        scope = f"{another}:write" if method == "GET" else f"{service}:read"
        return headers(narrow, scopes=frozenset({scope}))
    role, bound = callers[column]
    return headers(role, **bound)


def new_file() -> tuple[dict[str, str], dict[str, Any]]:
    """A file to attach: the headers that name it, and what else a client is told to send it."""
    return named("new.txt"), {"data": b"new", "content_type": "text/plain"}


def named(name: str) -> dict[str, str]:
    """The header that names a file."""
    return {"Content-Disposition": f"attachment; filename={name}"}


def attach(
    client: FlaskClient, world: World, record: str, address: str, who: dict[str, str], **query: str
) -> None:
    """Attach a file to what is at an address; the table's word for it is `<record>-file`.

    `<record>-file.all` marks its name and its content; the world has its record's id, its own and
    its ETag.
    """
    word = f"{record}-file"
    name, content = (world.mark(f"{word}.all", f"zq{record}file{n}") for n in ("name", "text"))
    made = client.post(
        f"{address}/attachments",
        data=content.encode(),
        headers=who | named(f"{name}.txt"),
        content_type="text/plain",
        query_string=query,
    )
    assert made.status_code == 201, made.get_json()
    world.ids[word], world.ids[f"{word}/id"] = address.rpartition("/")[2], made.get_json()["id"]
    world.etags[word] = made.headers["ETag"]
    if record in world.etags:  # the record tells of the file
        world.etags[record] = client.get(address, headers=who).headers["ETag"]
