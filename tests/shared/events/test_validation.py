"""The schemas: strict, complete, and each with an example that satisfies it."""

import copy
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from shared.events import validation
from shared.events.envelope import ACTIVITY, COMMITMENT, MATCH, OFFER, REQUEST, SHORTLIST
from shared.events.topics import TYPES

ALL = sorted(validation.TYPES)
SCHEMAS = sorted(Path(validation.__file__).with_name("schemas").glob("*.json"))
Data = dict[str, Any]


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


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """All schemas within a schema, save those of conditions, which bound what has bounds."""
    if isinstance(schema, dict):
        yield schema
        for name, value in schema.items():
            if name not in ("if", "then", "else"):
                yield from parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from parts(value)


def test_every_schema_is_looked_at() -> None:
    assert [path.name.removesuffix(".schema.json") for path in SCHEMAS] == ["common", *ALL]


ADDED_LATER = {
    *("excluded", "themes", "kinds", "field", "lines"),
    *("merged_into", "displaced", "coverage", "application", "objectives", "measurable", "sites"),
    *("subject", "reason", "answer_by", "accepted", "follow_ups", "hash"),
    *("pledged", "pledged_otherwise", "reported", "outcome", "objectives_reached"),
    *("numbers", "phases", "names", "owner", "visibility", "endorsements", "places"),
}
"""What events from before it was added do not have: it may be missing."""


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_schemas_are_strict(path: Path) -> None:
    schema = json.loads(path.read_text())
    found = list(objects(schema))
    assert found
    for part in found:
        assert part["additionalProperties"] is False
        assert set(part["properties"]) - set(part["required"]) <= ADDED_LATER
        assert set(part["required"]) <= set(part["properties"])


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_nothing_is_without_bounds(path: Path) -> None:
    """What has no bound can hold a text, or break a reader's own numbers."""
    for part in parts(json.loads(path.read_text())):
        match part:
            case {"type": "string"}:
                assert part.keys() & {"pattern", "format", "maxLength"}, part
            case {"type": "integer" | "number"}:
                assert {"minimum", "maximum"} <= part.keys(), part
            case {"type": "array", "items": False}:
                assert part["minItems"] == len(part["prefixItems"])
            case {"type": "array"}:
                assert "maxItems" in part, part


def test_references_lead_somewhere() -> None:
    common = json.loads(SCHEMAS[0].read_text())["$defs"]
    referred = {
        part["$ref"].removeprefix("urn:entraide:schema:common#/$defs/")
        for path in SCHEMAS
        for part in parts(json.loads(path.read_text()))
        if "$ref" in part
    }
    assert referred == set(common)  # nothing is kept that nobody uses


@pytest.mark.parametrize("type_", ALL)
def test_unknown_and_missing_fields(type_: str) -> None:
    example = validation.example(type_)
    assert "title" in str(validation.problem(type_, example | {"title": "free text"}))
    for field in example.keys() - ADDED_LATER:
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
    data = validation.example(REQUEST)
    data["needs"][0]["quantity"] = value
    problem = str(validation.problem(REQUEST, data))
    assert problem.startswith(("needs[0].quantity: ", "data: ")), problem


def change(*path: Any, to: Any) -> Callable[[Data], None]:
    """Puts a value at a place of an event's data."""

    def put(data: Data) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return put


BACKWARD = {"from": "2027-01-02", "to": "2027-01-01"}
TEXT = "a text that somebody wrote"


@pytest.mark.parametrize(
    ("type_", "damage", "field"),
    [
        (REQUEST, change("external_id", to={"source": "s", "id": "i"}), "external_id"),
        (REQUEST, change("id", to="a.b"), "id"),
        (OFFER, change("id", to="a.b"), "id"),
        (SHORTLIST, change("request", to="a.b"), "request"),
        (SHORTLIST, change("entries", 0, "offer", to="a.b"), "entries[0].offer"),
        (MATCH, change("id", to="a"), "id"),
        (COMMITMENT, change("match", to="a"), "match"),
        (COMMITMENT, change("lines", to=[]), "lines"),
        (REQUEST, change("history", to=[]), "history"),
        (OFFER, change("history", to=[]), "history"),
        (MATCH, change("history", to=[]), "history"),
        (REQUEST, change("history", 0, "party", to=TEXT), "history[0].party"),
        (REQUEST, change("window", to=BACKWARD), "window"),
        (REQUEST, change("needs", 0, "window", to=BACKWARD), "needs[0].window"),
        (OFFER, change("window", to=BACKWARD), "window"),
        (ACTIVITY, change("window", to=BACKWARD), "window"),
        (REQUEST, change("needs", 0, "amount_cents", to=None), "needs[0].currency"),
        (REQUEST, change("needs", 0, "currency", to=None), "needs[0].currency"),
        (REQUEST, change("needs", 0, "quantity", to=None), "needs[0].unit"),
        (OFFER, change("provisions", 0, "amount_cents", to=None), "provisions[0].currency"),
        (OFFER, change("provisions", 0, "capacity", to=None), "provisions[0].unit"),
        (OFFER, change("ceiling_cents", to=None), "ceiling_currency"),
        (ACTIVITY, change("amount_cents", to=None), "currency"),
        (ACTIVITY, change("quantity", to=None), "unit"),
        (REQUEST, change("needs", 0, "line", to=1.5), "needs[0].line"),
        (REQUEST, change("evidence", to=10**9), "evidence"),
        (REQUEST, change("signature", "method", to=TEXT), "signature.method"),
        (REQUEST, change("signature", "terms", 0, 1, to=327.68), "signature.terms[0][1]"),
        (REQUEST, change("signature", "terms", 0, 1, to=-0.01), "signature.terms[0][1]"),
        (REQUEST, change("signature", "concepts", 0, 3, to=10**12), "signature.concepts[0][3]"),
    ],
)
def test_what_no_event_may_say(type_: str, damage: Callable[[Data], None], field: str) -> None:
    data = _full(type_)
    assert validation.problem(type_, data) is None
    damage(data)
    problem = str(validation.problem(type_, data))
    assert problem.startswith(f"{field}: ") or f"'{field}'" in problem, problem


def _full(type_: str) -> Data:
    """An example of a type with every measure and both ends of its window."""
    data = validation.example(type_)
    if type_ == OFFER:
        data |= {"ceiling_cents": 1, "ceiling_currency": "EUR"}
    lines = {REQUEST: data.get("needs"), OFFER: data.get("provisions"), ACTIVITY: [data]}
    for line in lines.get(type_) or []:
        count = "capacity" if type_ == OFFER else "quantity"
        line |= {count: 1, "unit": "machines", "amount_cents": 1, "currency": "EUR"}
    return data


def test_windows_with_an_open_end_have_no_order() -> None:
    data = validation.example(ACTIVITY)
    for window in ({"from": None, "to": "2026-01-01"}, {"from": "2026-01-01", "to": None}, None):
        assert validation.problem(ACTIVITY, data | {"window": window}) is None


def test_a_window_of_one_day() -> None:
    one_day = {"from": "2027-01-01", "to": "2027-01-01"}
    assert validation.problem(REQUEST, validation.example(REQUEST) | {"window": one_day}) is None


def test_unknown_types() -> None:
    with pytest.raises(KeyError):
        validation.schema("../settings")
    with pytest.raises(KeyError):
        validation.example("common")
