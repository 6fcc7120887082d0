"""Public keys from a file or a URL, while these change, break and come back."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask
from joserfc.jwk import ECKey, RSAKey

from shared.settings import Settings, SettingsError
from shared.web.key_sets import EitherKeys, KeysUnavailableError, read_key_set
from shared.web.keys import (
    FILE_CHECK_SECONDS,
    KEPT_SECONDS,
    RETRY_SECONDS,
    FileKeys,
    UrlKeys,
    key_source,
)
from shared.web.tokens import KeyPair, generate_key


class Seconds:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Publisher:
    """A real server of a key set."""

    url: str
    status: int = 200
    body: str = ""
    requests: int = 0
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """An issuer's server on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.requests += 1
            self.send_response(publisher.status)
            for name, value in publisher.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(publisher.body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    publisher = Publisher(f"http://127.0.0.1:{server.server_port}/jwks")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield publisher
    server.shutdown()
    server.server_close()
    thread.join()


def set_of(*keys: KeyPair) -> str:
    return json.dumps({"keys": [dict(key.public) for key in keys]})


def kid(key: KeyPair) -> str:
    return key.public["kid"]


def test_keys_of_a_url_are_fetched_once(publisher: Publisher) -> None:
    key = generate_key()
    publisher.body = key.jwks_json()
    source = UrlKeys(publisher.url)
    found = [source.find(kid(key)) for _ in range(5)]
    assert all(one is not None for one in found)
    assert source.find(None) is not None
    assert publisher.requests == 1


def test_an_unknown_key_id_fetches_again_but_not_at_every_forged_token(
    publisher: Publisher,
) -> None:
    old, new, seconds = generate_key(), generate_key(), Seconds()
    publisher.body = set_of(old)
    source = UrlKeys(publisher.url, seconds)
    assert source.find(kid(old)) is not None
    publisher.body = set_of(old, new)
    assert source.find(kid(new)) is None
    assert publisher.requests == 1
    seconds.now += RETRY_SECONDS
    assert source.find(kid(new)) is not None
    for number in range(20):
        assert source.find(f"forged-{number}") is None
    assert publisher.requests == 2


def test_a_key_that_was_withdrawn_is_gone_after_a_while(publisher: Publisher) -> None:
    old, new, seconds = generate_key(), generate_key(), Seconds()
    publisher.body = set_of(old)
    source = UrlKeys(publisher.url, seconds)
    assert source.find(kid(old)) is not None
    publisher.body = set_of(new)
    seconds.now += KEPT_SECONDS
    assert source.find(kid(old)) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "{}"),
        (200, "<html>"),
        (200, "[]"),
        (200, "[" * 50_000),
        (200, " " * 300_000),
        (302, ""),
    ],
)
def test_keys_stay_in_use_while_the_url_fails(publisher: Publisher, status: int, body: str) -> None:
    key, seconds = generate_key(), Seconds()
    publisher.body = key.jwks_json()
    source = UrlKeys(publisher.url, seconds)
    assert source.find(kid(key)) is not None
    publisher.status, publisher.body = status, body
    publisher.headers = {"Location": publisher.url} if status == 302 else {}
    seconds.now += KEPT_SECONDS
    assert source.find(kid(key)) is not None
    assert publisher.requests == 2


def test_without_any_keys_nothing_can_be_checked_until_they_come(publisher: Publisher) -> None:
    key, seconds = generate_key(), Seconds()
    publisher.status = 503
    source = UrlKeys(publisher.url, seconds)
    for _ in range(3):
        with pytest.raises(KeysUnavailableError):
            source.find(kid(key))
    assert publisher.requests == 1
    publisher.status, publisher.body = 200, key.jwks_json()
    seconds.now += RETRY_SECONDS
    assert source.find(kid(key)) is not None


def test_many_threads_make_one_request(publisher: Publisher) -> None:
    key = generate_key()
    publisher.body = key.jwks_json()
    source = UrlKeys(publisher.url)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(source.find(kid(key)))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert None not in found
    assert publisher.requests == 1


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    old, new, seconds = generate_key(), generate_key(), Seconds()
    path = tmp_path / "keys.json"
    path.write_text(set_of(old))
    source = FileKeys(path, seconds)
    assert source.find(kid(old)) is not None
    replacement = tmp_path / "next"
    replacement.write_text(set_of(new))
    replacement.replace(path)
    seconds.now += FILE_CHECK_SECONDS
    assert source.find(kid(new)) is not None
    assert source.find(kid(old)) is None


def test_a_file_that_breaks_leaves_the_keys_as_they_were(tmp_path: Path) -> None:
    key, seconds = generate_key(), Seconds()
    path = tmp_path / "keys.json"
    source = FileKeys(path, seconds)
    with pytest.raises(KeysUnavailableError):
        source.find(None)
    path.write_text(set_of(key))
    seconds.now += FILE_CHECK_SECONDS
    assert source.find(kid(key)) is not None
    path.write_text("{half")
    seconds.now += FILE_CHECK_SECONDS
    assert source.find(kid(key)) is not None
    path.unlink()
    seconds.now += FILE_CHECK_SECONDS
    assert source.find(kid(key)) is not None


def test_only_public_signature_keys_of_known_kinds_count() -> None:
    key, rsa, weak = generate_key(), RSAKey.generate_key(2048), RSAKey.generate_key(1024)
    elliptic = ECKey.generate_key("P-256")
    others = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "a"},
        {**key.public, "kid": "b", "crv": "X25519"},
        {**key.public, "kid": "c", "use": "enc"},
        {**key.public, "kid": "d", "alg": "HS256"},
        {**key.public, "kid": "e", "x": "short"},
        {**key.public, "kid": ["f"]},
        {"kty": "OKP", "crv": "Ed25519", "kid": "g"},
        "h",
        None,
        {**weak.as_dict(private=False), "kid": "w"},
        {**rsa.as_dict(private=False), "kid": "x", "alg": "RSA-OAEP"},
        {**ECKey.generate_key("P-384").as_dict(private=False), "kid": "y"},
        {**key.private, "kid": "i"},
        {**rsa.as_dict(private=True), "kid": "r", "alg": "RS256"},
        {**elliptic.as_dict(private=True), "kid": "e2"},
    ]
    found = read_key_set(json.dumps({"keys": others}))
    assert list(found) == ["i", "r", "e2"]
    assert not any(one.is_private for one in found.values())


def test_a_token_without_key_id_needs_an_only_key(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(set_of(generate_key(), generate_key()))
    assert FileKeys(path).find(None) is None


def test_keys_of_a_file_and_of_a_url_count_alike(publisher: Publisher, tmp_path: Path) -> None:
    own, theirs, path = generate_key(), generate_key(), tmp_path / "keys.json"
    path.write_text(set_of(own))
    publisher.status = 503
    source = EitherKeys(FileKeys(path), UrlKeys(publisher.url))
    assert source.find(kid(own)) is not None
    with pytest.raises(KeysUnavailableError):
        source.find(kid(theirs))  # it may well be there
    publisher.status, publisher.body = 200, set_of(theirs)
    source = EitherKeys(FileKeys(path), UrlKeys(publisher.url))
    assert source.find(kid(theirs)) is not None
    assert source.find("forged") is None


def test_settings_must_name_a_source(settings: Settings) -> None:
    for wrong in (
        replace(settings, jwks_file=None),
        replace(settings, jwks_file=None, jwks_url="file:///etc/passwd"),
        replace(settings, jwks_file=None, jwks_url="https://a.example/k,file:///etc/passwd"),
        replace(settings, jwks_file=None, issuer="http://login.example/realm"),
        replace(settings, jwks_file=None, issuer="http://127.0.0.1.login.example"),
        replace(settings, jwks_file=None, issuer="http://[x"),
        replace(settings, jwks_file=None, issuer="https://"),
    ):
        with pytest.raises(SettingsError, match="ENTRAIDE_JWKS"):
            key_source(wrong)


def test_a_service_without_keys_is_a_503_and_not_ready(
    make_app: Callable[..., Flask], settings: Settings, tmp_path: Path, requester: dict[str, str]
) -> None:
    app = make_app(settings=replace(settings, jwks_file=tmp_path / "none"))
    client = app.test_client()
    answer = client.get("/v1/notes", headers=requester)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert client.get("/readyz").get_json()["checks"]["keys"]["state"] == "failing"


def test_a_service_takes_its_keys_from_a_url(
    make_app: Callable[..., Flask],
    settings: Settings,
    publisher: Publisher,
    keys: KeyPair,
    requester: dict[str, str],
) -> None:
    publisher.body = keys.jwks_json()
    app = make_app(settings=replace(settings, jwks_file=None, jwks_url=publisher.url))
    assert app.test_client().get("/v1/notes", headers=requester).status_code == 200


def test_no_proxy_stands_between_a_service_and_its_own_machine(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    key = generate_key()
    publisher.body = key.jwks_json()
    assert UrlKeys(publisher.url).find(kid(key)) is not None
