"""Services that trust an OpenID Connect issuer of somebody else's, over real HTTP."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.settings import Settings
from shared.web.key_sets import KeysUnavailableError
from shared.web.keys import RETRY_SECONDS, DiscoveredKeys
from shared.web.verification import TokenChecker

Key = RSAKey | ECKey | OKPKey


@dataclass
class Issuer:
    """A server that signs tokens and publishes its keys as OpenID Connect says."""

    address: str = ""
    keys: list[Key] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    discovery: dict[str, Any] = field(default_factory=dict)

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        if path == "/realm/.well-known/openid-configuration":
            document = {"issuer": self.address, "jwks_uri": f"{self.address}/keys"}
            return {**document, **self.discovery}
        if path == "/realm/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        return None

    def token(self, key: Key, algorithm: str, **changes: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {
            "iss": self.address,
            "aud": "entraide",
            "sub": "a-person",
            "role": "requester",
            "state": "SEN",
            "iat": now,
            "exp": now + 300,
            "scope": "openid profile email",
            **changes,
        }
        header = {"alg": algorithm, "kid": key.kid}
        return jwt.encode(header, claims, key, algorithms=[algorithm])


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    served = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = served.answer(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.address = f"http://127.0.0.1:{server.server_port}/realm"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()


def made(kind: type[Key]) -> Key:
    if kind is RSAKey:
        return RSAKey.generate_key(2048, auto_kid=True)
    return kind.generate_key("P-256" if kind is ECKey else "Ed25519", auto_kid=True)


@pytest.fixture
def client(make_app: Callable[..., Flask], settings: Settings, issuer: Issuer) -> FlaskClient:
    trusting = replace(settings, jwks_file=None, issuer=issuer.address)
    return make_app(settings=trusting).test_client()


def status(client: FlaskClient, token: str) -> int:
    answer = client.get("/v1/notes", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [(RSAKey, "RS256"), (RSAKey, "PS256"), (ECKey, "ES256"), (OKPKey, "EdDSA")],
)
def test_tokens_of_a_discovered_issuer_get_in(
    client: FlaskClient, issuer: Issuer, kind: type[Key], algorithm: str
) -> None:
    key = made(kind)
    issuer.keys = [key]
    assert status(client, issuer.token(key, algorithm)) == 200
    assert status(client, issuer.token(key, algorithm)) == 200
    assert issuer.asked == ["/realm/.well-known/openid-configuration", "/realm/keys"]


def test_what_that_issuer_did_not_sign_for_us_is_refused(
    client: FlaskClient, issuer: Issuer
) -> None:
    key, other = made(RSAKey), made(RSAKey)
    issuer.keys = [key]
    assert status(client, issuer.token(key, "RS256")) == 200
    assert status(client, issuer.token(other, "RS256")) == 401
    assert status(client, issuer.token(key, "RS256", aud="another")) == 401
    assert status(client, issuer.token(key, "RS256", iss=f"{issuer.address}/")) == 401
    assert status(client, issuer.token(key, "RS256", exp=1, iat=0)) == 401
    assert status(client, issuer.token(key, "RS512")) == 401
    assert status(client, signed_by_a_secret(key.as_pem(private=False), key.kid, issuer)) == 401


def signed_by_a_secret(secret: bytes, kid: str | None, issuer: Issuer) -> str:
    """A token as HS256 makes it, with what everybody knows for a secret."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    _, claims, _ = issuer.token(made(OKPKey), "EdDSA").split(".")
    text = f"{encoded(json.dumps({'alg': 'HS256', 'kid': kid}).encode())}.{claims}"
    return f"{text}.{encoded(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://another.example"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://keys.example/set"},
        {"jwks_uri": None},
        {"jwks_uri": ["https://a.example"]},
    ],
)
def test_a_discovery_document_that_is_not_the_issuers_counts_for_nothing(
    client: FlaskClient, issuer: Issuer, discovery: dict[str, Any]
) -> None:
    key = made(RSAKey)
    issuer.keys, issuer.discovery = [key], discovery
    assert status(client, issuer.token(key, "RS256")) == 503
    assert issuer.asked == ["/realm/.well-known/openid-configuration"]


def test_whom_another_issuer_names_is_kept_as_a_digest_alone(
    make_app: Callable[..., Flask], settings: Settings, issuer: Issuer
) -> None:
    key, own = made(OKPKey), "5f7c8ec7c33c6c004bbafe82"
    issuer.keys = [key]
    checkers = [
        TokenChecker(DiscoveredKeys(issuer.address), name, "entraide", lambda: datetime.now(UTC), k)
        for name, k in ((issuer.address, b"one"), (issuer.address, b"two"))
    ]

    def subject(checker: TokenChecker, sub: str) -> str:
        token = issuer.token(key, "EdDSA", sub=sub)
        return checker.check(f"Bearer {token}").subject

    for named in ("jane.doe", "jane@doe.example", "J. Doe"):
        found = [subject(checker, named) for checker in (*checkers, checkers[0])]
        assert "doe" not in str(found).lower()
        assert found[0] == found[2] != found[1]
    assert subject(checkers[0], own) == own


def test_what_keycloak_says_otherwise_is_understood(
    client: FlaskClient, issuer: Issuer, settings: Settings
) -> None:
    key = made(RSAKey)
    issuer.keys = [key]
    account = "5f7c8ec7c33c6c004bbafe82"
    said: list[tuple[dict[str, Any], int]] = [
        ({"role": ["requester"], "scope": ""}, 200),
        ({"scope": "sample:write"}, 200),
        ({"scope": "offers:read"}, 403),
        ({"role": ["requester", "operator"]}, 401),
        ({"role": []}, 401),
        ({"role": [["requester"]]}, 401),
        # The portal signs for its accounts under the same name, and there nothing is nothing.
        ({"scope": "", "sub": account}, 403),
        ({"sub": account}, 200),
    ]
    for claims, answer in said:
        assert status(client, issuer.token(key, "RS256", **claims)) == answer, claims


def test_keys_of_several_addresses_count_side_by_side(
    make_app: Callable[..., Flask], settings: Settings, issuer: Issuer
) -> None:
    key, other = made(RSAKey), made(OKPKey)
    issuer.keys = [key]
    address = f"{issuer.address}/keys"
    for urls in (f"{address},http://127.0.0.1:9/keys", f" http://127.0.0.1:9/keys , {address},"):
        trusting = replace(settings, jwks_file=None, jwks_url=urls, issuer=issuer.address)
        client = make_app(settings=trusting).test_client()
        assert status(client, issuer.token(key, "RS256")) == 200
        # The one that does not answer may have this key: nobody can say.
        assert status(client, issuer.token(other, "EdDSA")) == 503


def test_keys_that_move_are_followed(issuer: Issuer) -> None:
    now = [1000.0]
    old, new = made(OKPKey), made(OKPKey)
    issuer.keys = [old]
    source = DiscoveredKeys(issuer.address, lambda: now[0])
    assert source.find(old.kid) is not None
    issuer.keys = [old, new]
    now[0] += RETRY_SECONDS
    assert source.find(new.kid) is not None
    assert [source.find(f"forged-{number}") for number in range(9)] == [None] * 9
    assert len(issuer.asked) == 4


def test_an_issuer_that_is_away_is_asked_again_later(issuer: Issuer) -> None:
    now = [1000.0]
    issuer.discovery = {"issuer": "not yet"}
    key = made(OKPKey)
    issuer.keys = [key]
    source = DiscoveredKeys(issuer.address, lambda: now[0])
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            source.find(key.kid)
    assert len(issuer.asked) == 1
    issuer.discovery = {}
    now[0] += RETRY_SECONDS
    assert source.find(key.kid) is not None
