"""What breaks is told, each planted violation by its place; what was only added is not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from deploy.interfaces.operations import changes
from deploy.interfaces.released import released
from shared.events.asyncapi import document as topics

Plant = Callable[[dict[str, Any]], Any]

RECORD = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "kind": {"type": "string", "enum": ["training", "equipment"]},
        "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Record"}, {"type": "null"}]},
    },
    "required": ["id"],
    "additionalProperties": False,
}
LINE = {
    "type": "object",
    "properties": {"line": {"type": "integer"}, "unit": {"type": "string", "maxLength": 40}},
    "required": ["unit"],
    "additionalProperties": False,
}
REFERENCE = {"$ref": "#/components/schemas/Record"}
CONTENT = {"application/json": {"schema": REFERENCE}}
OPENAPI = {
    "openapi": "3.1.0",
    "security": [{"token": []}],
    "paths": {
        "/v1/records/{id}": {
            "parameters": [
                {"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}
            ],
            "get": {
                "parameters": [{"in": "query", "name": "kind", "schema": {"type": "string"}}],
                "security": [],
                "responses": {
                    "200": {"content": CONTENT, "headers": {"ETag": {}}},
                    "404": {"description": "Not found"},
                },
            },
        },
        "/v1/records": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Line"}}
                    }
                },
                "responses": {"201": {"content": CONTENT}},
            },
        },
    },
    "components": {"schemas": {"Record": RECORD, "Line": LINE}},
}


def get(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/v1/records/{id}"]["get"]
    return found


def post(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/v1/records"]["post"]
    return found


def record(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Record"]
    return found


def line(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]["Line"]
    return found


SEEN, BODY = "GET /v1/records/{id}", "POST /v1/records body"
NEW = {"in": "query", "name": "by", "required": True, "schema": {"type": "string"}}
BREAKING: dict[str, tuple[Plant, str]] = {
    "a path": (lambda d: d["paths"].pop("/v1/records"), "/v1/records: the path is gone"),
    "a method": (
        lambda d: d["paths"]["/v1/records"].pop("post"),
        "POST /v1/records: the method is gone",
    ),
    "an answer": (lambda d: get(d)["responses"].pop("200"), f"{SEEN} 200: the answer is gone"),
    "a header": (
        lambda d: get(d)["responses"]["200"]["headers"].clear(),
        f"{SEEN} 200 ETag: the header is gone",
    ),
    "a property": (lambda d: record(d)["properties"].pop("kind"), f"{SEEN} 200.kind: it is gone"),
    "a property of a line": (
        lambda d: line(d)["properties"].pop("line"),
        f"{SEEN} 200.lines[].line: it is gone",
    ),
    "no longer always there": (
        lambda d: record(d)["required"].clear(),
        f"{SEEN} 200.id: it may be missing now",
    ),
    "null in an answer": (
        lambda d: record(d)["properties"]["id"].update(type=["string", "null"]),
        f"{SEEN} 200.id: it may be null now",
    ),
    "a token": (lambda d: get(d).pop("security"), f"{SEEN}: it asks for a token now"),
    "a new parameter": (
        lambda d: get(d)["parameters"].append(NEW),
        f"{SEEN} query by: it is new and required",
    ),
    "no parameter": (
        lambda d: get(d)["parameters"].clear(),
        f"{SEEN} query kind: the parameter is gone",
    ),
    "a parameter's codes": (
        lambda d: get(d)["parameters"][0]["schema"].update(enum=["training"]),
        f"{SEEN} query kind: what is no code is not taken any more",
    ),
    "a new required property": (
        lambda d: line(d)["properties"].update(kind={}) or line(d)["required"].append("kind"),
        f"{BODY}.kind: it is new and required",
    ),
    "required now": (
        lambda d: line(d)["required"].append("line"),
        f"{BODY}.line: it is required now",
    ),
    "a narrower type": (
        lambda d: line(d)["properties"]["unit"].update(type="integer"),
        f"{BODY}.unit: string is not taken any more",
    ),
    "shorter": (
        lambda d: line(d)["properties"]["unit"].update(maxLength=20),
        f"{BODY}.unit: maxLength is 20 now",
    ),
    "a body that must be": (
        lambda d: post(d)["requestBody"].update(required=True),
        f"{BODY}: it is required now",
    ),
    "a type of media": (
        lambda d: post(d)["requestBody"]["content"].clear(),
        f"{BODY}: application/json is gone",
    ),
    "a choice": (
        lambda d: record(d)["properties"]["parent"]["anyOf"].append({"type": "integer"}),
        f"{SEEN} 200.parent: no choice fits any more: it may be integer now",
    ),
}


def after(plant: Plant, old: dict[str, Any] = OPENAPI) -> list[str]:
    new = copy.deepcopy(old)
    plant(new)
    return [str(change) for change in changes(old, new)]


@pytest.mark.parametrize("name", BREAKING)
def test_what_breaks_is_told(name: str) -> None:
    plant, told = BREAKING[name]
    assert f"breaks: {told}" in after(plant)


def test_more_codes_in_an_answer_are_a_warning() -> None:
    told = after(lambda d: record(d)["properties"]["kind"]["enum"].append("expertise"))
    assert "warning: GET /v1/records/{id} 200.kind: expertise may be given now" in told
    assert not any(one.startswith("breaks") for one in told)


def test_what_is_only_added_is_not_told() -> None:
    def plant(document: dict[str, Any]) -> None:
        document["paths"]["/v1/others"] = {"get": {"responses": {}}}
        renamed = document["paths"].pop("/v1/records/{id}")
        renamed["parameters"][0]["name"] = "record"
        document["paths"]["/v1/records/{record}"] = renamed
        renamed["get"]["parameters"].append({**NEW, "required": False})
        renamed["get"]["responses"].pop("404")
        record(document)["properties"]["title"] = {"type": "string"}
        record(document)["required"].append("title")
        line(document)["properties"]["unit"]["maxLength"] = 80
        line(document)["properties"]["theme"] = {"type": "string"}

    assert after(plant) == []


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda d: d["channels"].pop("offers.v1"), "offers.v1: the topic is gone"),
        (
            lambda d: d["channels"]["matches.v1"]["messages"].pop("entraide.match.v1"),
            "matches.v1 entraide.match.v1: the type is gone",
        ),
        (
            lambda d: d["components"]["schemas"]["entraide.match.v1"]["required"].remove("score"),
            "matches.v1 entraide.match.v1 payload.score: it may be missing now",
        ),
        (
            lambda d: d["components"]["messages"]["entraide.match.v1"]["headers"]["properties"].pop(
                "ce_time"
            ),
            "matches.v1 entraide.match.v1 headers.ce_time: it is gone",
        ),
    ],
)
def test_what_breaks_of_topics_is_told(plant: Plant, told: str) -> None:
    assert f"breaks: {told}" in after(plant, topics())


def test_the_topics_break_nothing_of_the_last_release() -> None:
    assert [str(one) for one in changes(released("topics"), topics()) if one.breaks] == []
