"""What all callers of the services' APIs have alike: queries, headers, problems as exceptions."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import requests


class ProblemError(Exception):
    """A service refused: the HTTP status and the problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = problem.get("detail") or problem.get("title") or f"HTTP status {status}"
        super().__init__(str(detail))
        self.status = status
        self.problem = problem

    @property
    def stale(self) -> bool:
        """Whether the record changed since it was read."""
        return self.status == HTTPStatus.PRECONDITION_FAILED

    def fields(self) -> list[tuple[str, str]]:
        """The fields that the problem names, each with its message; may be empty."""
        errors = self.problem.get("errors") or []
        return [(str(error.get("field", "")), str(error.get("message", ""))) for error in errors]


def query_of(query: Mapping[str, object]) -> dict[str, str | list[str]]:
    """A query's parameters: what is None is left out, each of several values has its own."""
    return {name: _each(value) for name, value in query.items() if value is not None}


def _each(value: object) -> str | list[str]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [str(one) for one in value]
    return str(value)


def headers_of_write(*, if_match: str | None = None, key: str | None = None) -> dict[str, str]:
    """The version that a write was decided on, and what makes a repeat of it harmless."""
    given = {"If-Match": if_match, "Idempotency-Key": key}
    return {name: value for name, value in given.items() if value is not None}


def headers_of_file(media_type: str, name: str | None) -> dict[str, str]:
    """What a file that is sent as it is is, and what it is called, if it has a name."""
    headers = {"Content-Type": media_type}
    if name is not None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return headers


def object_of(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object that was answered, empty for no body; None for what is no such."""
    try:
        body = response.json() if response.content else {}
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None
