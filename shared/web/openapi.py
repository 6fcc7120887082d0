"""The description of a service's API: OpenAPI 3.1, made from its handlers and schemas."""

import gzip
import hashlib
import json
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import flask_smorest
from flask import Flask, Response, request
from marshmallow import fields
from werkzeug.http import quote_etag
from werkzeug.routing import Rule

from shared.web.marks import handler_of, marks_of
from shared.web.problems import CONTENT_TYPE, TYPE_PREFIX
from shared.web.schemas import StrictSchema

_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PROBLEM = {"$ref": "#/components/schemas/Problem"}


class FieldErrorSchema(StrictSchema):
    """What is wrong with one field."""

    field = fields.String(
        required=True, metadata={"description": "Its path.", "example": "needs[0].theme"}
    )
    message = fields.String(required=True, metadata={"description": "What to do, for people."})
    code = fields.String(required=True, metadata={"description": "A word for programs."})


class ProblemSchema(StrictSchema):
    """An error, as RFC 9457 describes it."""

    class Meta:
        """Options of marshmallow."""

        unknown = "include"  # a problem may have members of its own kind

    type = fields.String(required=True, metadata={"example": f"{TYPE_PREFIX}invalid"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(metadata={"description": "Names the request; quote it to operators."})
    errors = fields.List(fields.Nested(FieldErrorSchema))


class Api(flask_smorest.Api):
    """flask-smorest's, with problem documents for errors and with what every handler shares."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `errors.register_errors`."""

    def _register_responses(self) -> None:
        self.spec.components.schema("Problem", schema=ProblemSchema)
        for status in HTTPStatus:
            answer = {"description": status.phrase, "content": {CONTENT_TYPE: {"schema": _PROBLEM}}}
            self.spec.components.response(status.name, answer, lazy=True)
        default = {"description": "Any error", "content": {CONTENT_TYPE: {"schema": _PROBLEM}}}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, default, lazy=True)

    def _register_pagination_header(self) -> None:
        """Leave pages to `paging`, which has no such header."""


def make_api(app: Flask, name: str, description: str) -> Api:
    """The API of a service, ready for blueprints to be registered in it."""
    app.config.update(
        API_TITLE=f"Entraide: {name}",
        API_VERSION=version("entraide"),
        OPENAPI_VERSION="3.1.0",
        ETAG_DISABLED=True,  # preconditions.py has our versions for tags
    )
    api = Api(app, spec_kwargs={"info": {"description": description}})
    api.spec.components.security_scheme(
        "token",
        {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A JSON Web Token that names a role and its State or organisation.",
        },
    )
    api.spec.options["security"] = [{"token": []}]
    return api


def describe(app: Flask, api: Api) -> dict[str, Any]:
    """The OpenAPI document, once all blueprints are registered."""
    document: dict[str, Any] = api.spec.to_dict()
    for rule in app.url_map.iter_rules():
        path = document["paths"].get(api.flask_plugin.flaskpath2openapi(rule.rule))
        if path is None:
            continue
        for method, operation in path.items():
            if method not in ("parameters",):
                _complete(operation, app, rule, method.upper())
    return document


def _complete(operation: dict[str, Any], app: Flask, rule: Rule, method: str) -> None:
    endpoint = rule.endpoint
    marks = marks_of(handler_of(app.view_functions[endpoint], method))
    statuses = [HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE]
    if marks.public:
        operation["security"] = []
    else:
        statuses += [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN]  # by its scopes
    if "requestBody" in operation:
        statuses += [
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ]
    if rule.arguments:
        statuses.append(HTTPStatus.NOT_FOUND)
    if method in _WRITING and not marks.public:
        statuses.append(HTTPStatus.CONFLICT)
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            _forbid_null(parameter["schema"])
    for status in statuses:
        answer = {"description": status.phrase, "content": {CONTENT_TYPE: {"schema": _PROBLEM}}}
        operation["responses"].setdefault(str(int(status)), answer)
    operation["responses"] = dict(sorted(operation["responses"].items()))
    operation.setdefault("operationId", f"{endpoint}.{method.lower()}".replace(".", "_"))


def _forbid_null(schema: dict[str, Any]) -> None:
    """A parameter of a query is there or it is not; null is what handlers get where it is not."""
    kinds = schema.get("type")
    if isinstance(kinds, list):
        (schema["type"],) = [kind for kind in kinds if kind != "null"]
    if "enum" in schema:
        schema["enum"] = [code for code in schema["enum"] if code is not None]
    if schema.get("default", 0) is None:
        del schema["default"]


class StaticAnswer:
    """An answer that stays the same while the process runs, compressed once, with an ETag."""

    def __init__(self, body: str, content_type: str) -> None:
        self._plain = body.encode()
        self._compressed = gzip.compress(self._plain, mtime=0)
        self._tag = hashlib.sha256(self._plain).hexdigest()[:24]
        self._content_type = content_type

    def response(self) -> Response:
        """The answer to the current request: 304 if the caller has it, gzip if it may be."""
        gzipped = request.accept_encodings["gzip"] > 0
        answer = Response(
            self._compressed if gzipped else self._plain, content_type=self._content_type
        )
        if gzipped:
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Vary"] = "Accept-Encoding"
        answer.headers["Cache-Control"] = "no-cache"
        # Other bytes, other tag.
        answer.headers["ETag"] = quote_etag(self._tag + ("-gzip" if gzipped else ""))
        return answer.make_conditional(request)  # type: ignore[return-value]


def json_answer(document: dict[str, Any]) -> StaticAnswer:
    """The OpenAPI document as an answer."""
    return StaticAnswer(json.dumps(document, ensure_ascii=False, indent=1), "application/json")
