"""Tokens: JSON Web Tokens signed with Ed25519, and the keys that sign them."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.web.identity import Identity

ALGORITHM = "Ed25519"
"""RFC 9864's name for what RFC 8037 called EdDSA with an Ed25519 key."""

JWKS_PATH = "/.well-known/jwks.json"
"""Where the portal publishes the keys of its tokens."""

DEFAULT_ISSUER = "entraide"
DEFAULT_AUDIENCE = "entraide"


@dataclass(frozen=True, repr=False)
class KeyPair:
    """An Ed25519 key that signs tokens, as JSON Web Keys; `private` must stay where it is made."""

    private: Mapping[str, str]
    public: Mapping[str, str]

    def jwks_json(self) -> str:
        """The public half as a JSON Web Key Set (RFC 7517), for ENTRAIDE_JWKS_FILE or _URL."""
        return json.dumps({"keys": [dict(self.public)]}, indent=2) + "\n"

    def private_json(self) -> str:
        """The private half as a JSON Web Key, to be kept secret."""
        return json.dumps(dict(self.private), indent=2) + "\n"


def generate_key() -> KeyPair:
    """A new key pair; its key id is the key's thumbprint (RFC 7638)."""
    return _pair(OKPKey.generate_key("Ed25519", auto_kid=True))


def read_private_key(text: str) -> KeyPair:
    """The key pair of a private JSON Web Key as `KeyPair.private_json` wrote it.

    Raises ValueError for anything else.
    """
    try:
        key = OKPKey.import_key(json.loads(text))
    except Exception as error:
        raise ValueError("this is not a private Ed25519 JSON Web Key") from error
    if not key.is_private or key.curve_name != "Ed25519":
        raise ValueError("this is not a private Ed25519 JSON Web Key")
    key.ensure_kid()
    return _pair(key)


def issue_token(
    key: KeyPair,
    identity: Identity,
    lifetime: timedelta,
    now: datetime,
    *,
    issuer: str = DEFAULT_ISSUER,
    audience: str = DEFAULT_AUDIENCE,
) -> str:
    """A signed token for `identity`, valid from `now` for `lifetime`."""
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": audience,
        "sub": identity.subject,
        "role": identity.role,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": uuid.uuid4().hex,
    }
    if identity.state is not None:
        claims["state"] = identity.state
    if identity.organisation is not None:
        claims["organisation"] = identity.organisation
    if identity.regions is not None:
        claims["regions"] = sorted(identity.regions)
    if identity.inviter is not None:
        claims["inviter"] = identity.inviter
    if identity.scopes is not None:
        claims["scope"] = " ".join(sorted(identity.scopes))
    private = OKPKey.import_key(dict(key.private))
    header = {"alg": ALGORITHM, "kid": key.public["kid"]}
    return jwt.encode(header, claims, private, algorithms=[ALGORITHM])


def _pair(key: OKPKey) -> KeyPair:
    def fields(private: bool) -> dict[str, str]:
        jwk = {name: str(value) for name, value in key.as_dict(private=private).items()}
        return {**jwk, "use": "sig", "alg": ALGORITHM}

    return KeyPair(private=fields(private=True), public=fields(private=False))
