"""The page that shows a service's API: plain HTML made from its OpenAPI document, no script.

docs/decisions/0005-api-docs-page.md says why it is no viewer in JavaScript.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, Undefined
from markupsafe import Markup, escape

Json = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
_LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "minLength": "shortest",
    "maxLength": "longest",
    "minItems": "fewest",
    "maxItems": "most",
    "pattern": "pattern",
    "format": "format",
    "default": "default",
    "example": "such as",
}
_MAX_SHOWN_CODES = 40


@cache
def _style() -> str:
    return (files("shared.web") / "docs_page.css").read_text(encoding="utf-8")


def content_security_policy() -> str:
    """The policy under which the page works: its own style, nothing else, in no frame."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    )


def render_docs(document: Json) -> str:
    """The page of an OpenAPI 3.1 document, as HTML that reads well without any script."""
    environment = Environment(
        loader=PackageLoader("shared.web", "."),
        autoescape=True,
        undefined=Undefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(type_of=type_of, limits=limits, fields=fields)
    components = document.get("components", {})
    return environment.get_template("docs_page.html").render(
        info=document["info"],
        groups=list(_groups(document)),
        schemas=components.get("schemas", {}),
        style=Markup(_style()),  # noqa: S704 (our own file)
    )


def _groups(document: Json) -> Iterator[Json]:
    """The operations by tag, each with what the page shows of it."""
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", [])}
    for name, description in tags.items():
        operations = [
            _operation(document, path, method, item)
            for path, item in document["paths"].items()
            for method in METHODS
            if name in item.get(method, {}).get("tags", [])
        ]
        yield {"name": name, "description": description, "operations": operations}


def _operation(document: Json, path: str, method: str, item: Json) -> Json:
    operation = item[method]
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    return {
        "id": f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "open": operation.get("security") == [],
        "parameters": [_resolved(document, parameter) for parameter in parameters],
        "body": _schema(operation.get("requestBody", {})),
        "responses": [
            {
                "status": status,
                "description": _resolved(document, response).get("description", ""),
                "schema": _schema(_resolved(document, response)),
            }
            for status, response in operation["responses"].items()
        ],
    }


def _resolved(document: Json, thing: Json) -> Json:
    reference = thing.get("$ref")
    if reference is None:
        return thing
    found: Any = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _schema(holder: Json) -> Json | None:
    content: Json = next(iter(holder.get("content", {}).values()), {})
    schema: Json | None = content.get("schema")
    return schema


def fields(schema: Json) -> list[tuple[str, Json, bool]]:
    """The fields of an object's schema: name, schema, whether it must be there."""
    required = schema.get("required", [])
    return [(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def type_of(schema: Json | None) -> Markup:
    """A schema's type in words, with links to the named schemas."""
    if not schema:
        return Markup("anything")
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            word = Markup(" and ") if key == "allOf" else Markup(" or ")
            return word.join(type_of(part) for part in schema[key])
    kinds = schema.get("type", [])
    names = [kinds] if isinstance(kinds, str) else kinds
    return Markup(" or ").join(_kind(kind, schema) for kind in names) or Markup("anything")


def _kind(kind: str, schema: Json) -> Markup:
    if kind == "array":
        return Markup("list of ") + type_of(schema.get("items"))
    return escape(kind)


def limits(schema: Json) -> str:
    """What narrows a schema's values, in words: limits, codes, default, example."""
    parts = [
        f"{word} {schema[key]}" for key, word in _LIMITS.items() if schema.get(key) is not None
    ]
    codes = [str(code) for code in schema.get("enum", []) if code is not None]
    if codes:
        more = ", …" if len(codes) > _MAX_SHOWN_CODES else ""
        parts.append("one of " + ", ".join(codes[:_MAX_SHOWN_CODES]) + more)
    return "; ".join(parts)
