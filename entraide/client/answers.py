"""What the services answer: records with their versions, and problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar, cast

import requests

R = TypeVar("R", bound=Mapping[str, Any])
"""A type of records."""


@dataclass(frozen=True)
class Answer:
    """A successful answer: its JSON body and its ETag, empty where there is none; its status."""

    body: Mapping[str, Any]
    etag: str = ""
    status: int = HTTPStatus.OK

    def of(self, kind: type[R]) -> R:  # noqa: ARG002 (type checkers go by it)
        """The body as one of `entraide.client.records`: for type checkers, nothing is checked."""
        return cast(R, self.body)


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


def object_of(response: requests.Response) -> dict[str, Any] | None:
    """The JSON object that was answered, empty for no body; None for what is no such."""
    try:
        body = response.json() if response.content else {}
    except requests.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def answer_of(response: requests.Response) -> Answer:
    """The answer; raises ProblemError for a refusal, and for what is no JSON object at all."""
    body = object_of(response)
    if body is None:
        told = f"no JSON object in the answer (status {response.status_code})"
        raise ProblemError(response.status_code, {"detail": told})
    if not response.ok:
        raise ProblemError(response.status_code, body)
    return Answer(body, response.headers.get("ETag", ""), response.status_code)
