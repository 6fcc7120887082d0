"""The API's description, for programs and for people."""

import gzip
import html.parser
import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

VOID = {"meta", "link", "br"}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    """The sample service's OpenAPI document."""
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    return dict(answer.get_json())


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    errors = [
        f"{error.instance_path}: {error.message}"
        for error in OPENAPI_31_VALIDATOR.iter_errors(document)
    ]
    assert errors == []
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)))
    assert references
    for reference in references:
        found: Any = document
        for step in reference.split("/"):
            found = found[step]


def test_operations_say_who_may_call_and_what_may_go_wrong(document: dict[str, Any]) -> None:
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    post = document["paths"]["/v1/notes"]["post"]
    assert set(post["responses"]) == {
        "201", "400", "401", "403", "409", "413", "415", "422", "429", "503", "default",
    }  # fmt: skip
    assert "operator" in post["responses"]["403"]["description"]
    names = {parameter["name"] for parameter in post["parameters"]}
    assert names == {"Idempotency-Key"}
    put = document["paths"]["/v1/notes/{note_id}"]["put"]
    assert {"412", "428"} <= set(put["responses"])
    assert [one["name"] for one in put["parameters"]] == ["If-Match"]
    listing = document["paths"]["/v1/notes"]["get"]
    assert {one["name"] for one in listing["parameters"]} == {"limit", "cursor", "country"}
    assert "403" in listing["responses"]  # of a token without the scope
    public = document["paths"]["/v1/open"]["get"]
    assert public["security"] == []
    assert not {"401", "403"} & set(public["responses"])
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                problem = operation["responses"]["503"]["content"]
                assert list(problem) == ["application/problem+json"]


def test_schemas_carry_their_limits(document: dict[str, Any]) -> None:
    assert set(document["components"]["schemas"]) == {
        "FieldError",
        "Line",
        "Note",
        "NotePage",
        "Problem",
        "Window",
    }
    line = document["components"]["schemas"]["Line"]
    assert "marking" in line["properties"]["theme"]["enum"]
    assert line["properties"]["quantity"]["exclusiveMinimum"] == 0
    assert set(line["properties"]["quantity"]["type"]) == {"number", "null"}
    assert line["additionalProperties"] is False
    note = document["components"]["schemas"]["Note"]
    assert note["properties"]["title"]["maxLength"] == 50
    assert note["required"] == ["title"]


class _Page(html.parser.HTMLParser):
    """Checks that tags are balanced, and collects ids and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if values.get("href"):
            self.links.append(str(values["href"]))
        assert "style" not in values
        assert "src" not in values
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_shows_everything_without_script_or_other_hosts(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    answer = client.get("/docs")
    assert answer.content_type == "text/html; charset=utf-8"
    page = _Page()
    page.feed(answer.text)
    assert page.open == []
    assert "script" not in page.tags
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link == "openapi.json" or (link[0] == "#" and link[1:] in page.ids), link
    for path, item in document["paths"].items():
        assert f"<code>{path}</code>" in answer.text
        for operation in item.values():
            if isinstance(operation, dict):
                assert operation["summary"] in answer.text
    for name in document["components"]["schemas"]:
        assert f"schema-{name}" in page.ids
    style = re.search(r"style-src '(sha256-[^']+)'", answer.headers["Content-Security-Policy"])
    assert style is not None
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert len(gzip.compress(answer.data)) < 20_000


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_pages_are_small_on_the_line_and_not_sent_twice(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    assert "Content-Encoding" not in plain.headers
    packed = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    again = client.get(path, headers={"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    refused = client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers
