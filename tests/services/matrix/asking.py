"""How the APIs of requests, offers and matcher are asked alike: callers' headers, files."""

from collections.abc import Callable, Mapping
from typing import Any

from flask.testing import FlaskClient

from tests.services.matrix.table import World

Headers = Callable[..., dict[str, str]]
Callers = Mapping[str, tuple[str, dict[str, Any]]]
"""By the table's word for a caller: its role, and what that is bound to."""


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
