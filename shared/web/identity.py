"""Who is calling: the identity that a token proves, and what a handler demands of it."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import g

from shared.web.marks import document_response, mark
from shared.web.problems import Problem, forbidden

ROLES = ("requester", "donor", "coordinator", "auditor", "operator")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Identity:
    """Somebody who may call: a requester is bound to a State, a donor to an organisation.

    `state` is an ISO 3166-1 alpha-3 code, None for every role but requester; `organisation` an
    organisation's id, None for every role but donor.
    """

    subject: str
    role: str
    state: str | None = None
    organisation: str | None = None


def current_identity() -> Identity:
    """Who sends the request that is being answered; raises RuntimeError where nobody need say."""
    identity: Identity | None = g.get("identity")
    if identity is None:
        raise RuntimeError("this handler is public: nobody has said who is calling")
    return identity


def require_roles(*roles: str) -> Callable[[F], F]:
    """Let only these roles call the handler; checked before the body is read.

    Without it any valid token will do. The order among other decorators does not matter.
    """
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"require_roles takes some of {', '.join(ROLES)}")

    def decorate(function: F) -> F:
        document_response(function, HTTPStatus.FORBIDDEN, f"Only for: {', '.join(roles)}")
        return mark(function, roles=frozenset(roles))

    return decorate


def public(function: F) -> F:
    """Let anybody call the handler, without a token."""
    return mark(function, public=True)


def check_role(identity: Identity, roles: frozenset[str] | None) -> None:
    """Raise the 403 problem unless `roles` is None or has the identity's role."""
    if roles is not None and identity.role not in roles:
        allowed = " or ".join(sorted(roles))
        raise forbidden(f"This is for the role {allowed}; the token says {identity.role}.")


def unauthorized(detail: str, error: str | None = "invalid_token") -> Problem:
    """The 401 problem with the challenge of RFC 6750; `error` None when there was no token."""
    challenge = 'Bearer realm="entraide"'
    if error is not None:
        challenge += f', error="{error}", error_description="{detail}"'
    return Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "A valid token is needed",
        detail,
        headers={"WWW-Authenticate": challenge},
    )
