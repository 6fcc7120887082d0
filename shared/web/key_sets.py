"""Sets of public keys that check tokens: which keys count, and how one is found."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

LEAST_RSA_BITS = 2048

_log = structlog.get_logger(__name__)

PublicKey = OKPKey | ECKey | RSAKey
KeysById = Mapping[str, PublicKey]

_ALGORITHMS: Mapping[type[PublicKey], tuple[str, ...]] = MappingProxyType(
    {OKPKey: ("Ed25519", "EdDSA"), ECKey: ("ES256",), RSAKey: ("RS256", "PS256")}
)
ALGORITHMS = tuple(name for names in _ALGORITHMS.values() for name in names)
"""Signatures that are accepted: our own, and what OpenID Connect issuers use. None has a secret."""


class KeysUnavailableError(Exception):
    """No key set could be read so far, so no token can be checked."""


class KeySource(Protocol):
    """Where the keys come from."""

    def find(self, key_id: str | None) -> PublicKey | None:
        """The key of that id; without an id, the only key there is. None if there is none such.

        Raises KeysUnavailableError while no set could be read.
        """


class EitherKeys:
    """Several sources as one: a key counts that stands in any of them."""

    def __init__(self, *sources: KeySource) -> None:
        self._sources = sources

    def find(self, key_id: str | None) -> PublicKey | None:
        """See KeySource; a source that cannot be read does not hide what another has."""
        unavailable: KeysUnavailableError | None = None
        for source in self._sources:
            try:
                key = source.find(key_id)
            except KeysUnavailableError as error:
                unavailable = error
                continue
            if key is not None:
                return key
        if unavailable is not None:
            raise unavailable
        return None


def read_key_set(text: str | bytes) -> KeysById:
    """The signature keys of a JSON Web Key Set that we can use, by key id; others are passed over.

    Usable are Ed25519, P-256 and RSA of LEAST_RSA_BITS. Raises ValueError for what is no key set.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("the key set is not JSON") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("the key set has no list of keys")  # noqa: TRY004 (it is about content)
    found = {}
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
            continue
        try:
            key = _public_key(entry)
        except (JoseError, ValueError, TypeError):
            _log.warning("passed over a malformed key in the key set")
            continue
        if key is not None:
            key.ensure_kid()
            found[str(key.kid)] = key
    return found


def pick(keys: KeysById, key_id: str | None) -> PublicKey | None:
    """The key of that id; without an id, the only key there is."""
    if key_id is not None:
        return keys.get(key_id)
    return next(iter(keys.values())) if len(keys) == 1 else None


_IMPORTS: Mapping[tuple[object, object], tuple[type[PublicKey], tuple[str, ...]]] = (
    MappingProxyType(
        {
            ("OKP", "Ed25519"): (OKPKey, ("kty", "crv", "x", "kid")),
            ("EC", "P-256"): (ECKey, ("kty", "crv", "x", "y", "kid", "alg")),
            ("RSA", None): (RSAKey, ("kty", "n", "e", "kid", "alg")),
        }
    )
)


def _public_key(entry: Mapping[str, object]) -> PublicKey | None:
    kind, members = _IMPORTS.get((entry.get("kty"), entry.get("crv")), (None, ()))
    if kind is None or entry.get("alg", _ALGORITHMS[kind][0]) not in _ALGORITHMS[kind]:
        return None
    # A private half has no business here; what was published by mistake is not kept. Ed25519
    # goes by two names, so that its `alg` would refuse the other one.
    public: Any = {name: entry[name] for name in members if name in entry}
    key: PublicKey = kind.import_key(public)
    if isinstance(key, RSAKey) and key.public_key.key_size < LEAST_RSA_BITS:
        return None
    return key
