"""Checking tokens: from an Authorization header to an identity, or to a problem."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError
from joserfc.jwk import GuestProtocol

from shared.vocabulary.countries import AREAS, country
from shared.vocabulary.errors import UnknownCode
from shared.web.identity import ROLES, Identity, unauthorized
from shared.web.key_sets import ALGORITHMS, KeySource, KeysUnavailableError, PublicKey
from shared.web.problems import unavailable

LEEWAY_SECONDS = 30
MAX_TOKEN_LENGTH = 8192
MAX_NAME_LENGTH = 200
MAX_SCOPES = 50
ISSUERS_OWN_SCOPES = frozenset({"openid", "profile", "email", "address", "phone", "offline_access"})
"""What OpenID Connect gives a meaning of its own: it neither opens nor closes anything here."""

_OWN_ID = re.compile(r"[0-9a-f]{24}")
"""An account's identifier as the portal makes it, which says nothing of a person."""
_BEARER = re.compile(r"bearer +([A-Za-z0-9_.~+/=-]+) *", re.IGNORECASE)


class TokenChecker:
    """Checks tokens of one issuer for one audience against the keys of `source`.

    Of an issuer that is an address, and so not the portal, subjects are not kept: a digest under
    `key` stands for each wherever it is told who did what, for such an issuer may take a name or an
    address for a subject, and nobody could erase those.
    """

    def __init__(
        self,
        source: KeySource,
        issuer: str,
        audience: str,
        clock: Callable[[], datetime],
        key: bytes,
    ) -> None:
        self._source = source
        self._issuer, self._digest_key = issuer, key
        self._foreign = issuer.startswith(("https://", "http://"))
        self._clock = clock
        self._claims: dict[str, jwt.ClaimsOption] = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "role": {"essential": True},
            "iat": {"essential": True, "allow_blank": True},
            "exp": {"essential": True, "allow_blank": True},
            "nbf": {"allow_blank": True},
        }

    def check(self, authorization: str | None) -> Identity:
        """The identity that the Authorization header proves.

        Raises the 401 problem saying what is wrong, and the 503 problem while there are no keys.
        """
        if authorization is None:
            raise unauthorized("Send a token: Authorization: Bearer <token>.", error=None)
        match = _BEARER.fullmatch(authorization) if len(authorization) <= MAX_TOKEN_LENGTH else None
        if match is None:
            raise unauthorized("The Authorization header is not one bearer token.")
        claims = self._verified_claims(match[1])
        return self._named(_identity(_as_ours(claims) if self._foreign else claims))

    def _named(self, identity: Identity) -> Identity:
        if not self._foreign:
            return identity
        inviter = None if identity.inviter is None else self._pseudonym(identity.inviter)
        subject = self._pseudonym(identity.subject)
        return replace(identity, subject=subject, inviter=inviter)

    def _pseudonym(self, subject: str) -> str:
        if _OWN_ID.fullmatch(subject):
            return subject
        digest = hmac.new(self._digest_key, f"{self._issuer}\n{subject}".encode(), hashlib.sha256)
        return f"hmac:{digest.hexdigest()[:32]}"

    def _verified_claims(self, token: str) -> Mapping[str, Any]:
        registry = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()), leeway=LEEWAY_SECONDS, **self._claims
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=ALGORITHMS).claims
            registry.validate(claims)
        except KeysUnavailableError:
            raise unavailable("list of keys that check tokens") from None
        except ExpiredTokenError:
            raise unauthorized("The token has expired.") from None
        except ClaimError as error:
            raise unauthorized(f"The token's claim {error.claim} is missing or wrong.") from None
        except Exception:  # noqa: BLE001 (whatever a forged token sets off, it is no valid token)
            raise unauthorized("The token was not signed by a key that is trusted here.") from None
        return claims

    def _key(self, token: GuestProtocol) -> PublicKey:
        key_id = token.headers().get("kid")
        key = self._source.find(key_id)
        if key is None:
            raise ValueError("no such key")
        return key


def _as_ours(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims of an issuer that is an address, as ours would say the same.

    Keycloak maps roles to a list, of which one is that one, and writes an empty scope where a
    program asked for none, which narrows nothing. In a token for an account of the portal's, which
    may sign under that issuer's name, an empty scope leaves nothing.
    """
    said = dict(claims)
    if isinstance(said["role"], list) and len(said["role"]) == 1:
        said["role"] = said["role"][0]
    if said.get("scope") == "" and not _OWN_ID.fullmatch(str(said["sub"])):
        del said["scope"]
    return said


def _identity(claims: Mapping[str, Any]) -> Identity:
    role = claims["role"]
    if role not in ROLES:
        raise unauthorized("The token's claim role is missing or wrong.")
    state = _country(claims) if role == "requester" else None
    organisation = _name(claims, "organisation") if role == "donor" else None
    regions = _regions(claims) if role == "coordinator" else None
    invited = role == "requester" and claims.get("inviter") is not None
    inviter = _name(claims, "inviter") if invited else None
    scopes = _scopes(claims)
    return Identity(_name(claims, "sub"), role, state, organisation, regions, scopes, inviter)


def _regions(claims: Mapping[str, Any]) -> frozenset[str] | None:
    named = claims.get("regions")
    if named is None:
        return None
    known = set(AREAS.codes())
    if (
        not isinstance(named, list)
        or not named
        or not all(isinstance(region, str) and region in known for region in named)
    ):
        raise unauthorized("The token's claim regions is missing or wrong.")
    return frozenset(named)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """The scopes that narrow the token; None where it names none but the issuer's own."""
    named = claims.get("scope")
    if named is None:
        return None
    words = named.split() if isinstance(named, str) else []
    if not isinstance(named, str) or len(words) > MAX_SCOPES:
        raise unauthorized("The token's claim scope is missing or wrong.")
    own = frozenset(words) - ISSUERS_OWN_SCOPES
    return None if words and not own else own


def _name(claims: Mapping[str, Any], claim: str) -> str:
    value = claims.get(claim)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_NAME_LENGTH:
        raise unauthorized(f"The token's claim {claim} is missing or wrong.")
    return value


def _country(claims: Mapping[str, Any]) -> str:
    try:
        return country(_name(claims, "state")).alpha3
    except UnknownCode:
        raise unauthorized("The token's claim state is missing or wrong.") from None
