"""Versions of records in HTTP: the ETag header and If-Match (RFC 9110).

An ETag is for If-Match alone. Answers show more than the record that was versioned (what others
committed of it, what this reader may see), so no If-None-Match is ever answered with a 304.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from flask import request

from shared.events.versions import Version
from shared.web.marks import document, document_response
from shared.web.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])

_STRONG_TAG = re.compile(r'\s*"([^"\s]{1,64})"\s*')


def etag(version: Version) -> str:
    """The ETag header of a record in this version, quotes included: `"1.3"`."""
    return f'"{version}"'


def required_version() -> Version:
    """The version that the caller says to have seen, from If-Match.

    Raises the 428 problem without the header and the 400 problem unless it is one strong tag that
    this house could have made: a list, a weak tag or `*` would not say which version was seen.
    """
    text = request.headers.get("If-Match")
    if text is None:
        raise Problem(
            HTTPStatus.PRECONDITION_REQUIRED,
            "precondition-required",
            "If-Match is needed",
            "Send If-Match with the ETag of the record as you last read it.",
        )
    match = _STRONG_TAG.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        return Version.parse(match[1])
    except ValueError:
        raise Problem(
            HTTPStatus.BAD_REQUEST,
            "if-match-malformed",
            "If-Match cannot be read",
            'If-Match must be one ETag as an answer carried it, such as "1.3" in its quotes.',
        ) from None


def stale(current: Version) -> Problem:
    """The 412 problem: the record has changed since; its present ETag is in the answer."""
    return Problem(
        HTTPStatus.PRECONDITION_FAILED,
        "stale",
        "The record has changed since you read it",
        f"The record is at version {current} now. Read it again, then repeat your change.",
        headers={"ETag": etag(current)},
    )


def conditional(function: F) -> F:
    """Document that the handler calls `required_version`."""
    return _documented(function, True, "The ETag of the record as it was last read.")


def conditional_unless_new(function: F) -> F:
    """Document that the handler calls `required_version` for a record that is there already."""
    return _documented(
        function,
        False,
        "The ETag of the record as it was last read; needed for a record that is there, and to be "
        "left out to create one.",
    )


def _documented(function: F, required: bool, description: str) -> F:
    document(
        function,
        parameters=[
            {
                "in": "header",
                "name": "If-Match",
                "required": required,
                "description": description,
                "schema": {"type": "string"},
                "example": '"1.3"',
            }
        ],
    )
    document_response(function, HTTPStatus.BAD_REQUEST, "If-Match, or the body, cannot be read")
    document_response(function, HTTPStatus.PRECONDITION_FAILED, "The record has changed since")
    document_response(function, HTTPStatus.PRECONDITION_REQUIRED, "If-Match is missing")
    return function
