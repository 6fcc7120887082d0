"""The types of the client's records, made from the documents of the last release.

`python -m deploy.interfaces.typed` writes entraide/client/records anew; a test compares.
"""

import re
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from deploy.interfaces.released import released

FOLDER: Final = Path(__file__).resolve().parents[2] / "entraide" / "client" / "records"

RECORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "requests": ("RequestBody", "RequestView", "StateBody", "StateView", "ReportView"),
        "offers": (
            *("OfferBody", "OfferView", "ActivityBody", "ActivityView", "ImportReportView"),
            *("OrganisationBody", "OrganisationView", "CallBody", "CallView", "ReportView"),
        ),
        "matcher": (
            *("ProposalView", "MatchView", "LifeView", "ActivityOfMatchView", "ReportView"),
            *("CommitmentBody", "CommitmentView", "LedgerLineView", "DuplicateView"),
            *("CoverageView", "AllianceView", "EmbargoBody", "EmbargoView"),
        ),
        "portal": ("NotificationView", "WebhookBody", "WebhookView", "TokenView"),
    }
)
"""What there are types of, by service; pages of these and all that they are made of come along."""

_PLAIN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string": "str",
        "integer": "int",
        "number": "float",
        "boolean": "bool",
        "null": "None",
        "object": "dict[str, Any]",
        "array": "list[Any]",
    }
)
_REFERENCE: Final = "#/components/schemas/"


def module_of(service: str) -> str:
    """The text of a service's module of types."""
    schemas = released(service)["components"]["schemas"]
    pages = [page for name in RECORDS[service] if (page := f"{name}Page") in schemas]
    wanted = (*RECORDS[service], *pages)
    classes = [_class(name, schemas[name]) for name in _in_order(wanted, schemas)]
    body = "\n\n\n".join(classes)
    names = [name for name in ("Any", "Required", "TypedDict") if re.search(rf"\b{name}\b", body)]
    head = (
        f'"""Records of the {service} service, as its OpenAPI document has them.\n\n'
        "Made by deploy/interfaces/typed.py from docs/interfaces; nobody edits it. What is not\n"
        '`Required` may be missing.\n"""\n\n'
        f"from typing import {', '.join(names)}\n"
    )
    return f"{head}\n\n{body}\n" if body.startswith("class") else f"{head}\n{body}\n"


def _in_order(wanted: tuple[str, ...], schemas: Mapping[str, Any]) -> list[str]:
    """The schemas and all that they are made of, each behind its parts."""
    done: dict[str, None] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"{name} is a part of itself")
        for part in sorted(set(_references(schemas[name]))):
            if part not in done:
                add(part, (*above, name))
        done[name] = None

    for name in wanted:
        if name not in done:
            add(name, ())
    return list(done)


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if "$ref" in part:
            yield _named(part["$ref"])
        for one in part.values():
            yield from _references(one)
    elif isinstance(part, list):
        for one in part:
            yield from _references(one)


def _named(reference: str) -> str:
    return reference.removeprefix(_REFERENCE)


def _class(name: str, schema: Mapping[str, Any]) -> str:
    needed = set(schema.get("required", ()))
    members = {
        key: f"Required[{_type(one)}]" if key in needed else _type(one)
        for key, one in schema.get("properties", {}).items()
    }
    if all(key.isidentifier() and not iskeyword(key) for key in members):
        lines = [f"    {key}: {kind}" for key, kind in members.items()] or ["    pass"]
        return "\n".join([f"class {name}(TypedDict, total=False):", *lines])
    rows = [f'        "{key}": {kind},' for key, kind in members.items()]
    head, tail = [f"{name} = TypedDict(", f'    "{name}",', "    {"], ["    },", "    total=False,"]
    return "\n".join([*head, *rows, *tail, ")"])


def _type(schema: Mapping[str, Any]) -> str:
    """A schema as an annotation; codes are texts, for lists of codes grow."""
    if "$ref" in schema:
        return _named(schema["$ref"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _either(_type(one) for one in schema[several])
    kinds = schema.get("type")
    if kinds is None:
        return "Any"
    return _either(_one(kind, schema) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _one(kind: str, schema: Mapping[str, Any]) -> str:
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        return f"list[{_type(schema['items'])}]"
    values = schema.get("additionalProperties")
    if kind == "object" and isinstance(values, Mapping) and values:
        return f"dict[str, {_type(values)}]"
    return _PLAIN[kind]


def _either(kinds: Iterator[str]) -> str:
    found = list(dict.fromkeys(kinds))
    if "Any" in found:
        return "Any"
    return " | ".join(sorted(found, key=lambda kind: kind == "None"))


def write() -> None:
    """Write the module of each service."""
    for service in RECORDS:
        (FOLDER / f"{service}.py").write_text(module_of(service), encoding="utf-8")


if __name__ == "__main__":
    write()
