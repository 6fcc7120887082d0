"""Bringing rows into services that stumble: a small HTTP server plays them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.cli.goldset import Row
from deploy.cli.loading import bring
from deploy.cli.target import Target
from entraide.client import ProblemError, UnreachableError

ROW = Row("request", "R1", "f" * 24, {"title": "x"}, "requests.jsonl", 3)
Reply = tuple[int, dict[str, Any], str]


class Service:
    """Answers as told, call by call, and remembers the calls."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.calls: list[tuple[str, str, str | None]] = []
        self.roles: list[str] = []
        self.bodies: list[Any] = []

    def target(self, address: str) -> Target:
        urls = dict.fromkeys(("requests", "offers", "matcher"), address)
        return Target(urls, lambda role: role)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def address(service: Service) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service.bodies.append(json.loads(sent) if sent else None)
            service.roles.append(self.headers["Authorization"].removeprefix("Bearer "))
            service.calls.append((self.command, self.path, self.headers.get("If-Match")))
            status, body, etag = service.replies.pop(0)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(service: Service, address: str) -> Client:
    return Client(service.target(address), "operator", patience=5)


def record(status: str, number: int, code: int = 200) -> Reply:
    return code, {"id": "r1", "status": status}, f'"1.{number}"'


def test_a_request_is_created_submitted_and_authenticated_by_a_coordinator(
    service: Service, client: Client
) -> None:
    service.replies = [record("draft", 1, 201), record("submitted", 2), record("circulated", 3)]
    assert bring(client, ROW) is True
    assert service.calls == [
        ("POST", "/v1/requests", None),
        ("POST", "/v1/requests/r1/submit", '"1.1"'),
        ("POST", "/v1/requests/r1/authenticate", '"1.2"'),
    ]
    assert service.roles == ["operator", "operator", "coordinator"]
    assert service.bodies[1] == {"consent": "express"}


def test_a_request_that_waits_for_its_state_is_circulated(service: Service, client: Client) -> None:
    service.replies = [(409, {"existing": "r1"}, ""), record("authenticated", 3)]
    service.replies.append(record("circulated", 4))
    assert bring(client, ROW) is False
    assert service.calls[-1] == ("POST", "/v1/requests/r1/circulate", '"1.3"')
    assert service.bodies[-1] == {"consent": "express"}


def test_an_offer_is_created_submitted_and_published(service: Service, client: Client) -> None:
    offer = replace(ROW, kind="offer", file="offers.jsonl")
    service.replies = [record("draft", 1, 201), record("submitted", 2), record("published", 3)]
    assert bring(client, offer) is True
    assert service.calls[1:] == [
        ("POST", "/v1/offers/r1/submit", '"1.1"'),
        ("POST", "/v1/offers/r1/publish", '"1.2"'),
    ]
    assert set(service.roles) == {"operator"}


def test_a_row_that_is_there_goes_on_from_where_it_stands(service: Service, client: Client) -> None:
    duplicate = (409, {"existing": "r1", "detail": "See /v1/requests/r1."}, "")
    service.replies = [duplicate, record("submitted", 2), record("circulated", 3)]
    assert bring(client, ROW) is False
    assert [path for _, path, _ in service.calls] == [
        "/v1/requests",
        "/v1/requests/r1",
        "/v1/requests/r1/authenticate",
    ]


def test_a_step_that_was_taken_meanwhile_is_not_taken_again(
    service: Service, client: Client
) -> None:
    stale = (412, {"detail": "stale"}, "")
    service.replies = [record("draft", 1, 201), stale, record("circulated", 3)]
    assert bring(client, ROW) is True
    assert len(service.calls) == 3


def test_a_closed_record_is_left_as_it_is(service: Service, client: Client) -> None:
    service.replies = [(409, {"existing": "r1"}, ""), record("withdrawn", 4)]
    assert bring(client, ROW) is False


def test_a_refusal_names_the_fields(service: Service, client: Client) -> None:
    errors = [{"field": "country", "message": "Unknown.", "code": "unknown-code"}]
    service.replies = [(422, {"detail": "country: Unknown.", "errors": errors}, "")]
    with pytest.raises(ProblemError) as caught:
        bring(client, ROW)
    assert caught.value.fields() == [("country", "Unknown.")]


def test_a_service_that_is_away_for_a_moment_is_asked_again(
    service: Service, client: Client
) -> None:
    service.replies = [(503, {}, ""), (503, {}, ""), record("circulated", 3, 201)]
    assert bring(client, ROW) is True


def test_a_service_that_stays_away_is_named(service: Service, address: str) -> None:
    service.replies = [(503, {}, "")] * 50
    client = Client(service.target(address), "operator", patience=0.5)
    with pytest.raises(UnreachableError, match=r"requests service at .* status 503"):
        bring(client, ROW)
    nobody = Client(service.target("http://127.0.0.1:1"), "operator", patience=0.3)
    with pytest.raises(UnreachableError, match="is not there"):
        bring(nobody, ROW)


def test_all_pages_of_a_list_are_read(service: Service, client: Client) -> None:
    service.replies = [
        (200, {"items": [{"id": 1}], "next": "abc"}, ""),
        (200, {"items": [{"id": 2}], "next": None}, ""),
    ]
    found = list(client.items("requests", "/v1/requests", country="SEN", status=None))
    assert found == [{"id": 1}, {"id": 2}]
    assert [path for _, path, _ in service.calls] == [
        "/v1/requests?country=SEN",
        "/v1/requests?country=SEN&cursor=abc",
    ]


def test_an_abandoned_client_does_not_wait(service: Service) -> None:
    client = Client(service.target("http://127.0.0.1:1"), "operator", patience=3600)
    client.abandon()
    with pytest.raises(UnreachableError):
        bring(client, ROW)
