"""Who is calling: the identity that a token proves, and what a handler demands of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from flask import g

from shared.vocabulary.countries import all_countries, country
from shared.web.marks import document_response, mark
from shared.web.problems import Problem, forbidden

Binding = Literal["state", "organisation", "regions"]

BINDINGS: Mapping[str, Binding | None] = MappingProxyType(
    {
        "requester": "state",
        "donor": "organisation",
        "coordinator": "regions",
        "auditor": None,
        "operator": None,
    }
)
"""Every role, and what it is bound to: one State, one organisation, or all or some regions."""

ROLES = tuple(BINDINGS)

_READING = frozenset({"GET", "HEAD", "OPTIONS"})

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Identity:
    """Somebody who may call: a requester is bound to a State, a donor to an organisation.

    `state` is an ISO 3166-1 alpha-3 code, None for every role but requester; `organisation` an
    organisation's id, None for every role but donor; `regions` codes of `AREAS`, None for a
    coordinator of all regions and for every other role. `scopes` narrow what the bearer of this
    very token may do, as `requests:read`; None: all that the role may. `inviter` is the coordinator
    who invited a requester and who is not to vouch alone for what it submits, None where there is
    none such.
    """

    subject: str
    role: str
    state: str | None = None
    organisation: str | None = None
    regions: frozenset[str] | None = None
    scopes: frozenset[str] | None = None
    inviter: str | None = None


def covers(identity: Identity, *countries: str | None) -> bool:
    """Whether the identity's regions hold every one of these States; all do without regions.

    A coordinator whose regions do not hold a State is no coordinator of that State's records.
    """
    regions = identity.regions
    return regions is None or all(
        alpha3 is not None and country(alpha3).area in regions for alpha3 in countries
    )


def covered_countries(identity: Identity) -> list[str]:
    """The countries and areas that the identity's regions hold; all of them without regions."""
    return [one.alpha3 for one in all_countries() if covers(identity, one.alpha3)]


def require_covered(identity: Identity, *countries: str | None) -> None:
    """Raise the 403 problem where the identity's regions do not hold one of these States.

    What concerns no State (None) is for coordinators of all regions.
    """
    if not covers(identity, *countries):
        raise forbidden("This is for a coordinator of all regions that it concerns.")


def scope_for(service: str, method: str) -> str:
    """The scope that a call of that HTTP method to a service needs: `requests:read`."""
    return f"{service}:{'read' if method in _READING else 'write'}"


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


def own_scope(scope: str) -> Callable[[F], F]:
    """Let a token with this scope alone call the handler, too: and nothing else with it."""

    def decorate(function: F) -> F:
        return mark(function, scope=scope)

    return decorate


def public(function: F) -> F:
    """Let anybody call the handler, without a token."""
    return mark(function, public=True)


def check_role(identity: Identity, roles: frozenset[str] | None) -> None:
    """Raise the 403 problem unless `roles` is None or has the identity's role."""
    if roles is not None and identity.role not in roles:
        allowed = " or ".join(sorted(roles))
        raise forbidden(f"This is for the role {allowed}; the token says {identity.role}.")


def check_scope(identity: Identity, service: str, method: str, own: str | None = None) -> None:
    """Raise the 403 problem unless the token's scopes, if it has any, allow the call.

    Who may write may read; who has the handler's `own` scope may call it.
    """
    needed = scope_for(service, method)
    scopes = identity.scopes
    if scopes is None or scopes & {needed, scope_for(service, "POST"), own}:
        return
    problem = forbidden(f"This token has not the scope {needed}.")
    challenge = f'Bearer realm="entraide", error="insufficient_scope", scope="{needed}"'
    problem.headers = {"WWW-Authenticate": challenge}
    raise problem


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
