"""The JSON Schemas of the event types: a strict contract, one file a type, each with an example."""

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

_SCHEMAS = Path(__file__).parent / "schemas"
_EXAMPLES = Path(__file__).parent / "examples"
_SUFFIX = ".schema.json"
_COMMON = "urn:entraide:schema:common"
_MAX_PROBLEM = 400
_LINES = frozenset({"needs", "provisions"})

TYPES = frozenset(path.name.removesuffix(_SUFFIX) for path in _SCHEMAS.glob(f"entraide.*{_SUFFIX}"))


def urn(type_: str) -> str:
    """The name of the schema of an event type, as in `ce_dataschema` and the schema's `$id`."""
    return f"urn:entraide:schema:{type_}"


def schema(type_: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type in TYPES; raises KeyError for another."""
    if type_ not in TYPES:
        raise KeyError(type_)
    return _read(_SCHEMAS / f"{type_}{_SUFFIX}")


def common() -> dict[str, Any]:
    """The JSON Schema of the parts that the types share, under `$defs`."""
    return _read(_SCHEMAS / f"common{_SUFFIX}")


def example(type_: str) -> dict[str, Any]:
    """An example of the data of a type in TYPES; raises KeyError for another."""
    if type_ not in TYPES:
        raise KeyError(type_)
    return _read(_EXAMPLES / f"{type_}.json")


def problem(type_: str, data: Mapping[str, Any]) -> str | None:
    """What is wrong with data of a type in TYPES: the field and the reason; None when nothing is.

    Takes data as `json.loads` makes them; what is no JSON at all (a date, say) is a problem too.
    """
    try:
        _validator(type_).validate(dict(data))
    except jsonschema_rs.ValidationError as error:
        found = _deepest(error)
        field = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.instance_path
        )
        return f"{field.removeprefix('.') or 'data'}: {found.message}"[:_MAX_PROBLEM]
    except (ValueError, TypeError) as error:
        return f"data: {error}"[:_MAX_PROBLEM]
    backward = _backward(data)
    return None if backward is None else f"{backward}: it ends before it starts"


def _backward(part: Mapping[str, Any], path: str = "") -> str | None:
    """The window that ends before it starts, which JSON Schema cannot say; None without one."""
    window = part.get("window")
    if window and window["from"] and window["to"] and window["from"] > window["to"]:
        return f"{path}window"
    for name in _LINES & part.keys():
        for number, line in enumerate(part[name]):
            found = _backward(line, f"{name}[{number}].")
            if found is not None:
                return found
    return None


def _deepest(error: jsonschema_rs.ValidationError) -> jsonschema_rs.ValidationError:
    """The error that says most: of a choice that nothing fits, that of the nearest branch."""
    while isinstance(error.kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        branches = [nested for branch in error.kind.context for nested in branch]
        error = max(branches, key=lambda nested: len(nested.instance_path))
    return error


@functools.cache
def _validator(type_: str) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(_COMMON, common())])
    return jsonschema_rs.Draft202012Validator(
        schema(type_), validate_formats=True, registry=registry
    )


def _read(path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read
