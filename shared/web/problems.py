"""Errors as problem documents (RFC 9457): what they look like and how they are raised."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from flask import Response, g, has_request_context

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:entraide:problem:"
MAX_FIELD_ERRORS = 100
BEING_FOUND: Final = "being-found"
"""The code of an answer that is meant so: no alert counts it among errors."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: `field` is a path such as `needs[0].theme`."""

    field: str
    message: str
    code: str = "invalid"


@dataclass
class Problem(Exception):  # noqa: N818 (RFC 9457's word)
    """An error that the caller is told of.

    `status` is the HTTP status, `code` a stable word for programs (kebab case), `title` says what
    kind of problem it is, `detail` what is wrong this time and what to do. `errors` name fields,
    `headers` are added to the answer, `members` to the document.
    """

    status: int
    code: str
    title: str
    detail: str
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(self.status, self.code, self.detail)

    def document(self) -> dict[str, object]:
        """The problem document, with the request's id as `instance` inside a request."""
        document: dict[str, object] = {
            "type": TYPE_PREFIX + self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if has_request_context() and "request_id" in g:
            document["instance"] = f"urn:entraide:request:{g.request_id}"
        if self.errors:
            document["errors"] = [
                {"field": error.field, "message": error.message, "code": error.code}
                for error in self.errors[:MAX_FIELD_ERRORS]
            ]
        return {**document, **self.members}

    def response(self) -> Response:
        """The HTTP answer. Text that UTF-8 cannot carry is replaced rather than fatal."""
        body = json.dumps(self.document(), ensure_ascii=False, separators=(",", ":"))
        return Response(
            body.encode("utf-8", "replace"),
            status=self.status,
            headers=dict(self.headers),
            content_type=CONTENT_TYPE,
        )


def count_answer_as(code: str) -> None:
    """Have the answer to this request counted among those of the problem with this code."""
    g.problem = code


def invalid(errors: Sequence[FieldError]) -> Problem:
    """The 422 problem for fields that did not pass; at least one error."""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        "The request holds values that cannot be accepted",
        f"{first.field}: {first.message}{more}",
        errors=errors,
    )


def invalid_field(name: str, message: str, code: str = "invalid") -> Problem:
    """The 422 problem for one field, for rules that a schema cannot know."""
    return invalid([FieldError(name, message, code)])


def not_found(what: str = "record") -> Problem:
    """The 404 problem: there is no such record, or the caller may not know of it."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not-found",
        "Not found",
        f"There is no such {what}, or this token may not see it.",
    )


def conflict(code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """The 409 problem: the record's state does not allow this."""
    return Problem(
        HTTPStatus.CONFLICT, code, "The record's state does not allow this", detail, errors=errors
    )


def not_read_yet() -> Problem:
    """The 409 problem: what changed elsewhere is still to be read here, which takes a moment."""
    return conflict(
        "not-read-yet", "A record changed that was not read here yet. Try again in a moment."
    )


def forbidden(detail: str) -> Problem:
    """The 403 problem: the caller is known, and may not do this."""
    return Problem(HTTPStatus.FORBIDDEN, "forbidden", "Not allowed", detail)


def being_found(what: str, again_seconds: int) -> Problem:
    """The 503 problem: it takes longer to find than a call may, and that goes on (awaited.py)."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        BEING_FOUND,
        f"The {what} is being calculated",
        "With so much to read that takes some time, and it is done once for all who ask. Send the "
        f"request again in {again_seconds} seconds.",
        headers={"Retry-After": str(again_seconds)},
    )


def unavailable(what: str, retry_after_seconds: int = 5) -> Problem:
    """The 503 problem: something that the service needs cannot be reached just now."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "unavailable",
        "Temporarily unavailable",
        f"The service cannot reach its {what}. Send the request again in a moment.",
        headers={"Retry-After": str(retry_after_seconds)},
    )
