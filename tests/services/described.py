"""A client that holds every answer of a service against the service's own description."""

import re
from typing import Any

import jsonschema_rs
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from shared.web.schemas import as_kept

BINARY = {"type": "string", "format": "binary"}


class DescribedClient(FlaskClient):
    """Fails where an answer, or what was sent and accepted, is not as /openapi.json says."""

    description: "Description | None" = None

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send the request, and look at the answer."""
        answer = super().open(*args, **kwargs)
        if self.description is not None:
            operation = self.description.operation(answer)
            if operation is not None:
                operation.check(answer, kwargs.get("json"))
        return answer


def described_client(app: Flask) -> FlaskClient:
    """A client of the app that looks at every answer."""
    app.test_client_class = DescribedClient
    client = app.test_client()
    assert isinstance(client, DescribedClient)
    client.description = Description(app, _published(client))
    return client


class Document:
    """What an app published of itself."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self._validators: dict[str, Any] = {}

    def errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        """What is wrong with the value by a schema of the document."""
        name = repr(schema)
        if name not in self._validators:
            components = self.content["components"]
            self._validators[name] = jsonschema_rs.Draft202012Validator(
                {"allOf": [schema], "components": components}, validate_formats=True
            )
        found = self._validators[name].iter_errors(value)
        return [f"{error.instance_path}: {error.message}" for error in found]


_documents: dict[tuple[str, ...], Document] = {}
"""By the routes that they are of: writing one out, and making its validators, takes long."""


def _published(client: FlaskClient) -> Document:
    routes = tuple(sorted(map(str, client.application.url_map.iter_rules())))
    if routes not in _documents:
        _documents[routes] = Document(client.get("/openapi.json").get_json())
    return _documents[routes]


class Description:
    """An OpenAPI document, asked by answers of the app that published it."""

    def __init__(self, app: Flask, document: Document) -> None:
        self._urls = app.url_map.bind("localhost")
        self.document = document.content
        self.errors = document.errors

    def operation(self, answer: TestResponse) -> "Operation | None":
        """The operation that the answer is of; None for what is in no document."""
        try:
            rule, _ = self._urls.match(answer.request.path, answer.request.method, return_rule=True)
        except HTTPException:
            return None
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        item = self.document["paths"].get(path, {})
        found = item.get(answer.request.method.lower())
        return None if found is None else Operation(self, path, item, found)


class Operation:
    """One method of one path."""

    def __init__(
        self, description: Description, path: str, item: dict[str, Any], found: dict[str, Any]
    ) -> None:
        self._description = description
        self._path = path
        self._parameters = [*item.get("parameters", []), *found.get("parameters", [])]
        self._found = found

    def check(self, answer: TestResponse, sent: Any) -> None:
        """Assert that the answer, and what led to it if it was accepted, are described."""
        told = f"{answer.request.method} {self._path} {answer.status_code}"
        responses = self._found["responses"]
        # That a service fails is nothing to announce: what it says then is the default.
        status = "default" if answer.status_code == 500 else str(answer.status_code)
        assert status in responses, f"{told} is not described"
        described = responses[status]
        if "$ref" in described:
            name = described["$ref"].rpartition("/")[2]
            described = self._description.document["components"]["responses"][name]
        content = described.get("content", {})
        if answer.data:
            assert answer.mimetype in content, f"{told}: {answer.mimetype} is not described"
            schema = content[answer.mimetype]["schema"]
            if schema == BINARY:
                return
            wrong = self._description.errors(schema, answer.json)
            assert not wrong, f"{told}: {wrong}"
        else:
            assert content == {} or answer.request.method == "HEAD", f"{told} is empty"
        if answer.status_code < 400:
            self._check_request(answer.request, sent, told)

    def _check_request(self, request: Any, sent: Any, told: str) -> None:
        for parameter in self._parameters:
            if parameter["in"] == "header" and parameter["required"]:
                assert parameter["name"] in request.headers, f"{told} without {parameter['name']}"
        names = {one["name"] for one in self._parameters if one["in"] == "query"}
        assert set(request.args) <= names, f"{told}: a parameter is not described"
        body = self._found.get("requestBody")
        if sent is not None:
            assert body is not None, f"{told} took a body"
            schema = body["content"]["application/json"]["schema"]
            wrong = self._description.errors(schema, sent)
            if wrong:  # what is trimmed away counts for no length
                wrong = self._description.errors(schema, _kept(sent))
            assert not wrong, f"{told}: {wrong}"
        elif body is not None and not request.content_length:
            assert not body.get("required", False), f"{told} went without a body"


def _kept(sent: Any) -> Any:
    """What was sent with its texts as they are kept."""
    if isinstance(sent, str):
        return as_kept(sent)
    if isinstance(sent, dict):
        return {name: _kept(inner) for name, inner in sent.items()}
    return [_kept(inner) for inner in sent] if isinstance(sent, list) else sent
