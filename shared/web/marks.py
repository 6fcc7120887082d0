"""Marks that decorators leave on a handler, for the service to act on before it is called.

Acting on marks rather than wrapping makes the order of a handler's decorators irrelevant: whoever
has no right learns nothing of the schema, wherever `require_roles` stands.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar, cast

from flask import current_app, request

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "_entraide_marks"


@dataclass(frozen=True)
class Marks:
    """What a handler demands: `roles` (None: any), no token at all, idempotency keys.

    `takes_file`: it reads its body itself (uploads.py), which is no JSON and may be large.
    `page`: it answers people, with HTML, and reads forms. `scope`: one that lets its bearer call
    this handler and nothing else of the service.
    """

    roles: frozenset[str] | None = None
    public: bool = False
    idempotent: bool = False
    takes_file: bool = False
    page: bool = False
    scope: str | None = None


def mark(function: F, **changes: Any) -> F:
    """Leave marks on a handler; those of earlier decorators stay."""
    setattr(function, _ATTRIBUTE, replace(marks_of(function), **changes))
    return function


def marks_of(function: Callable[..., Any] | None) -> Marks:
    """The marks of a handler."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, Marks) else Marks()


def current_marks() -> Marks:
    """The marks of what answers the current request; no marks where nothing does."""
    view = current_app.view_functions.get(request.endpoint or "")
    return marks_of(handler_of(view, request.method))


def handler_of(view: Callable[..., Any] | None, method: str) -> Callable[..., Any] | None:
    """The function that answers `method`: the view itself, or a method of its class."""
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return view
    name = "get" if method == "HEAD" and not hasattr(view_class, "head") else method.lower()
    return cast(Callable[..., Any] | None, getattr(view_class, name, None))


def document(function: Callable[..., Any], **operation: Any) -> None:
    """Add members to the handler's operation in the OpenAPI document."""
    info = deepcopy(getattr(function, "_apidoc", {}))
    manual = info.setdefault("manual_doc", {})
    for name, value in operation.items():
        if isinstance(value, dict):
            manual.setdefault(name, {}).update(value)
        else:
            manual.setdefault(name, []).extend(value)
    function._apidoc = info  # type: ignore[attr-defined]


def document_response(function: Callable[..., Any], status: HTTPStatus, description: str) -> None:
    """Add a problem answer to the handler's operation in the OpenAPI document."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer = {"description": description, "content": content}
    document(function, responses={str(int(status)): answer})


def answers(status: HTTPStatus, description: str) -> Callable[[F], F]:
    """Document a problem that the handler may answer with, where nothing else tells of it."""

    def decorate(function: F) -> F:
        document_response(function, status, description)
        return function

    return decorate
