"""The register of requests, and those who call it. A module's tests share one database."""

import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import mongoengine
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.requests.app import create_app
from shared.settings import Settings
from shared.web.tokens import KeyPair
from tests.services.described import described_client

NEED = {"theme": "marking", "kind": "equipment", "quantity": 4, "unit": "machines"}
BODY = {
    "title": "Marking machines for the national commission",
    "description": "Four portable machines and the training of their operators.",
    "language": "en",
    "country": "SEN",
    "needs": [NEED],
    "priority": "high",
    "window": {"from": "2026-07-01", "to": "2027-12-31"},
}


class Caller:
    """Calls the API with one token. Names a record's version where one is given."""

    def __init__(self, client: FlaskClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, headers=self.headers, **options)

    def post(
        self, path: str, json: Any = None, etag: str | None = None, **headers: str
    ) -> TestResponse:
        return self._send(self.client.post, path, json, etag, headers)

    def put(
        self, path: str, json: Any = None, etag: str | None = None, **headers: str
    ) -> TestResponse:
        return self._send(self.client.put, path, json, etag, headers)

    def _send(
        self, method: Any, path: str, json: Any, etag: str | None, headers: dict[str, str]
    ) -> TestResponse:
        sent = {**self.headers, **{name.replace("_", "-"): v for name, v in headers.items()}}
        if etag is not None:
            sent["If-Match"] = etag
        options = {} if json is None else {"json": json}
        answer: TestResponse = method(path, headers=sent, **options)
        return answer


@pytest.fixture(scope="module")
def register_settings(
    mongodb: str, keys: KeyPair, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    jwks = tmp_path_factory.mktemp("keys") / "jwks.json"
    jwks.write_text(keys.jwks_json())
    return Settings(
        service="requests",
        kafka="127.0.0.1:9",
        mongodb=mongodb,
        database=f"test_requests_{uuid.uuid4().hex[:12]}",
        term_key=b"a key that only the tests use...",
        jwks_file=jwks,
        log_format="console",
    )


@pytest.fixture(scope="module")
def client(register_settings: Settings) -> Iterator[FlaskClient]:
    yield described_client(create_app(register_settings))
    mongoengine.disconnect()


@pytest.fixture
def caller(client: FlaskClient, token: Callable[..., dict[str, str]]) -> Callable[..., Caller]:
    def make(role: str, **claims: Any) -> Caller:
        return Caller(client, token(role, **claims))

    return make


@pytest.fixture
def senegal(caller: Callable[..., Caller]) -> Caller:
    return caller("requester", state="SEN")


@pytest.fixture
def operator(caller: Callable[..., Caller]) -> Caller:
    return caller("operator")


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """A body that is fine, with the given members changed."""

    def make(**members: Any) -> dict[str, Any]:
        return {**deepcopy(BODY), **members}

    return make


@pytest.fixture
def coordinator(caller: Callable[..., Caller]) -> Caller:
    return caller("coordinator")


@pytest.fixture
def record(
    operator: Caller, coordinator: Caller, body: Callable[..., dict[str, Any]]
) -> Callable[..., TestResponse]:
    """Makes a request in a state; the last answer, with its id, version and ETag."""
    circulated = ["submit", "authenticate", "circulate"]
    steps = {
        "draft": [],
        "submitted": ["submit"],
        "authenticated": ["submit", "authenticate"],
        "circulated": circulated,
        "closed": [*circulated, "close"],
        "withdrawn": ["submit", "withdraw"],
    }

    def make(status: str = "draft", **members: Any) -> TestResponse:
        answer = operator.post("/v1/requests", body(**members))
        assert answer.status_code == 201, answer.json
        address = answer.headers["Location"]
        for step in steps[status]:
            sent = {"consent": "express"} if step == "circulate" else None
            who = coordinator if step == "authenticate" else operator
            answer = who.post(f"{address}/{step}", sent, answer.headers["ETag"])
            assert answer.status_code == 200, answer.json
        return answer

    return make
