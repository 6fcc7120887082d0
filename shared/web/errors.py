"""The one place where exceptions become problem documents."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import marshmallow as ma
import mongoengine
import structlog
from flask import Flask, Response, current_app, request
from pymongo.errors import PyMongoError
from werkzeug.exceptions import HTTPException

from shared.events.outbox import Contention, DuplicateId, NotFound, StaleVersion
from shared.events.work import passes
from shared.lifecycle import IllegalTransition
from shared.vocabulary.errors import CodeError, RetiredCode
from shared.web.field_errors import field_errors
from shared.web.marks import current_marks
from shared.web.preconditions import stale
from shared.web.problems import (
    Problem,
    conflict,
    count_answer_as,
    invalid,
    invalid_field,
    not_found,
    unavailable,
)

Mapper = Callable[[Any], Problem]
"""Makes the problem of an exception of one type."""

_PAGES = "entraide-problem-pages"
_TYPES = ("application/json", "text/html")  # the first where either will do

_log = structlog.get_logger(__name__)

_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address. /docs lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not answer that method; see Allow.",
}


def register_errors(app: Flask, mappers: Mapping[type[Exception], Mapper]) -> None:
    """Answer every exception with a problem document; `mappers` are the service's own.

    Who asked for a page gets the problem as a page where `show_problems_by` was told how.
    """
    known: dict[type[Exception], Mapper] = {
        Problem: lambda problem: problem,
        ma.ValidationError: lambda error: invalid(field_errors(error.messages)),
        StaleVersion: lambda error: stale(error.current),
        NotFound: lambda _: not_found(),
        DuplicateId: _duplicate,
        IllegalTransition: lambda error: conflict("illegal-transition", f"{error}."),
        CodeError: _code,
        Contention: lambda _: unavailable("database", retry_after_seconds=1),
        PyMongoError: _database,
        mongoengine.OperationError: _database,
        mongoengine.ConnectionFailure: lambda _: unavailable("database"),
        HTTPException: _http,
        Exception: _unexpected,
        **mappers,
    }
    for kind, mapper in known.items():
        app.register_error_handler(kind, _responder(mapper))


def show_problems_by(app: Flask, show: Callable[[Problem], Response]) -> None:
    """Let `show` answer problems of pages, and of addresses where nothing is, to a browser."""
    app.extensions[_PAGES] = show


def _responder(mapper: Mapper) -> Callable[[Exception], Response]:
    def respond(error: Exception) -> Response:
        problem = mapper(error)
        count_answer_as(problem.code)
        show: Callable[[Problem], Response] | None = current_app.extensions.get(_PAGES)
        if show is not None and _is_for_people():
            return show(problem)
        return problem.response()

    return respond


def _is_for_people() -> bool:
    if request.url_rule is None:
        return request.accept_mimetypes.best_match(_TYPES) == "text/html"
    return current_marks().page


def _duplicate(error: DuplicateId) -> Problem:
    problem = conflict("duplicate", "There is a record with this id already; change that one.")
    problem.members = {"id": error.id}
    return problem


def _code(error: CodeError) -> Problem:
    code = "retired-code" if isinstance(error, RetiredCode) else "unknown-code"
    return invalid_field(error.vocabulary, str(error), code)


def _database(error: Exception) -> Problem:
    """503 for what passes by itself, a full disk too, and whatever mongoengine made of it."""
    if passes(error) or (isinstance(error, PyMongoError) and error.timeout):
        _log.error("the database cannot be reached", exc_info=error)
        return unavailable("database")
    return _unexpected(error)


def _http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.code or 500)
    headers = {
        name: value
        for name, value in error.get_headers()
        if name not in ("Content-Type", "Content-Length")
    }
    return Problem(
        status,
        status.phrase.lower().replace(" ", "-").replace("'", ""),
        status.phrase,
        _DETAILS.get(status, error.description or status.description),
        headers=headers,
    )


def _unexpected(error: Exception) -> Problem:
    _log.error("a request failed unexpectedly", exc_info=error)
    return Problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "internal",
        "The service failed",
        "The fault is ours and has been recorded under this request's id.",
    )
