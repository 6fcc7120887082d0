"""HTML in every text that a service takes: which those are, its OpenAPI document says.

Whatever a table's rows send (`BODIES`) is sent with HTML in each of its texts, and in each that it
could have besides; so no row's answer is anything but what it is for plain texts. A text that no
body reaches is a fault: give the body an item that has it.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from flask import Flask

HTML = "<script>alert(7)</script><b onmouseover=alert(1)>"
"""Without quotation marks, so that it reads the same however it is printed."""
NAMES = frozenset(
    {
        *("id", "proposal", "proposals", "request", "call", "alliance", "into", "instead_of"),
        *("account", "organisation", "without", "unit", "email", "token", "url", "resolution"),
    }
)
"""Texts that name something which has to be there, or to be of a form that no pattern tells."""

Schema = Mapping[str, Any]


def with_html(app: Flask, route: str, body: Any) -> Any:
    """The body with HTML in all of its texts that may hold any; `route` is method and path."""
    document = _document(app)
    schema = _schema_of(document, route)
    if schema is None:
        return body
    filled = {} if body is None else deepcopy(body)
    _fill(document, schema, filled)
    return filled or body


def lacking_html(app: Flask, body_of: Callable[[str], Any]) -> list[str]:
    """The texts that no row sends HTML in; `body_of` gives what a route's rows are to send."""
    document = _document(app)
    found = []
    for path, item in document["paths"].items():
        for method in item.keys() & {"post", "put", "patch"}:
            route = f"{method.upper()} {path}"
            schema = _schema_of(document, route)
            if schema is None:
                continue
            sent = set(_html_in(with_html(app, route, body_of(route))))
            found += [f"{route} {one}" for one in _texts(document, schema) if one not in sent]
    return found


@cache
def _document(app: Flask) -> Schema:
    found: Schema = app.test_client().get("/openapi.json").get_json()
    return found


def _schema_of(document: Schema, route: str) -> Schema | None:
    method, path = route.split(" ")
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {}) if operation else {}
    found: Schema | None = content.get("application/json", {}).get("schema")
    return found


def _fill(document: Schema, schema: Schema, body: Any) -> None:
    for name, inner in properties(document, schema).items():
        if _is_text(name, inner):
            body[name] = HTML
        elif body.get(name) is None:
            continue
        elif (items := items_of(inner)) is not None:
            if _is_text(name, items):
                body[name] = [HTML]
            elif properties(document, items):
                for one in body[name]:
                    _fill(document, items, one)
        elif properties(document, inner):
            _fill(document, inner, body[name])


def _texts(document: Schema, schema: Schema, place: str = "") -> Iterator[str]:
    for name, inner in properties(document, schema).items():
        items = items_of(inner)
        if _is_text(name, inner) or (items is not None and _is_text(name, items)):
            yield f"{place}{name}"
        else:
            yield from _texts(document, inner if items is None else items, f"{place}{name}.")


def _html_in(body: Any, place: str = "") -> Iterator[str]:
    if body in (HTML, [HTML]):
        yield place
    elif isinstance(body, dict):
        for name, inner in body.items():
            yield from _html_in(inner, f"{place}.{name}" if place else name)
    elif isinstance(body, list):
        for inner in body:
            yield from _html_in(inner, place)


def properties(document: Schema, schema: Schema) -> Mapping[str, Schema]:
    """The fields of an object's schema, wherever in the document they stand."""
    found: dict[str, Schema] = dict(schema.get("properties", {}))
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found |= properties(document, document["components"]["schemas"][name])
    for one in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= properties(document, one)
    return found


def items_of(schema: Schema) -> Schema | None:
    """The schema of a list's items; None for what is no list."""
    found: Schema | None = schema.get("items")
    return found


def _is_text(name: str, schema: Schema) -> bool:
    kinds = schema.get("type", ())
    narrow = {"enum", "format", "pattern", "const"} & schema.keys()
    return "string" in ([kinds] if isinstance(kinds, str) else kinds) and not (
        narrow or name in NAMES
    )
