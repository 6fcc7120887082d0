"""The schemas: strict, complete, and each with an example that satisfies it."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import pytest

from shared.events import validation
from shared.events.topics import TYPES

ALL = sorted(validation.TYPES)


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """All object schemas in a schema."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_every_type_has_a_topic() -> None:
    assert set(validation.TYPES) == {type_ for types in TYPES.values() for type_ in types}


@pytest.mark.parametrize("type_", ALL)
def test_schema_and_example(type_: str) -> None:
    schema = validation.schema(type_)
    jsonschema_rs.meta.validate(schema)
    assert schema["$id"] == validation.urn(type_)
    assert validation.problem(type_, validation.example(type_)) is None


@pytest.mark.parametrize("type_", ALL)
def test_schemas_are_strict(type_: str) -> None:
    for schema in objects(validation.schema(type_)):
        assert schema["additionalProperties"] is False
        assert set(schema["required"]) == set(schema["properties"])


@pytest.mark.parametrize("type_", ALL)
def test_unknown_and_missing_fields(type_: str) -> None:
    example = validation.example(type_)
    assert "title" in str(validation.problem(type_, example | {"title": "free text"}))
    for field in example:
        less = copy.deepcopy(example)
        del less[field]
        assert field in str(validation.problem(type_, less))


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        10**400,
        -1,
        "4",
        True,
        datetime(2026, 1, 1, tzinfo=UTC),
        "\ud800",
    ],
)
def test_quantities_that_are_none(value: object) -> None:
    data = validation.example("entraide.request.v1")
    data["needs"][0]["quantity"] = value
    assert validation.problem("entraide.request.v1", data)


def test_unknown_types() -> None:
    with pytest.raises(KeyError):
        validation.schema("../settings")
    with pytest.raises(KeyError):
        validation.example("common")
