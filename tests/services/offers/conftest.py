"""The register of offers, and those who call it. A module's tests share one database."""

import uuid
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import mongoengine
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.offers.app import create_app
from shared.settings import Settings
from shared.web.tokens import KeyPair
from tests.services.described import described_client

ORGANISATION = {"name": "Agency of the tests", "type": "state", "country": "JPN"}
PROVISION = {"theme": "marking", "kind": "equipment", "capacity": 10, "unit": "machines"}
BODY = {
    "title": "Marking machines on loan",
    "description": "Ten portable machines, and a course for their operators.",
    "language": "en",
    "organisation": "org-1",
    "provisions": [PROVISION],
    "eligibility": {"countries": ["SEN"], "regions": [], "groups": ["LDC"]},
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

    def delete(self, path: str, etag: str | None = None) -> TestResponse:
        return self._send(self.client.delete, path, None, etag, {})

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
        service="offers",
        kafka="127.0.0.1:9",
        mongodb=mongodb,
        database=f"test_offers_{uuid.uuid4().hex[:12]}",
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
def donor(caller: Callable[..., Caller], organisations: None) -> Caller:
    return caller("donor", organisation="org-1")


@pytest.fixture
def organisations(caller: Callable[..., Caller]) -> None:
    """The organisations org-1 and org-2."""
    operator = caller("operator")
    for identifier in ("org-1", "org-2"):
        if operator.get(f"/v1/organisations/{identifier}").status_code == 404:
            operator.put(f"/v1/organisations/{identifier}", ORGANISATION)


@pytest.fixture
def operator(caller: Callable[..., Caller], organisations: None) -> Caller:
    return caller("operator")


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """A body that is fine, with the given members changed."""

    def make(**members: Any) -> dict[str, Any]:
        return {**deepcopy(BODY), **members}

    return make


@pytest.fixture
def record(operator: Caller, body: Callable[..., dict[str, Any]]) -> Callable[..., TestResponse]:
    """Makes an offer in a state; the last answer, with its id, version and ETag."""
    steps = {
        "draft": [],
        "submitted": ["submit"],
        "published": ["submit", "publish"],
        "closed": ["submit", "publish", "close"],
        "withdrawn": ["submit", "withdraw"],
    }

    def make(status: str = "draft", **members: Any) -> TestResponse:
        answer = operator.post("/v1/offers", body(**members))
        assert answer.status_code == 201, answer.json
        address = answer.headers["Location"]
        for step in steps[status]:
            answer = operator.post(f"{address}/{step}", None, answer.headers["ETag"])
            assert answer.status_code == 200, answer.json
        return answer

    return make
