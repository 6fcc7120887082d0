"""Bringing rows into services that stumble: a small HTTP server plays them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.cli.goldset import Row
from deploy.cli.loading import bring
from deploy.cli.target import Target
from entraide.client import ProblemError, UnreachableError
from tests.answering import Reply, Service

ROW = Row("request", "R1", "f" * 24, {"title": "x"}, "requests.jsonl", 3)


class Loaded(Service):
    """Tells what was sent to it as loading speaks of it."""

    @property
    def calls(self) -> list[tuple[str, str, str | None]]:
        """Method, path and version of each call."""
        return [(method, path, sent.get("If-Match")) for method, path, sent, _ in self.heard]

    @property
    def roles(self) -> list[str]:
        """Whose tokens came."""
        return [sent["Authorization"].removeprefix("Bearer ") for _, _, sent, _ in self.heard]

    @property
    def bodies(self) -> list[Any]:
        """What was sent; None for nothing."""
        return [json.loads(sent) if sent else None for *_, sent in self.heard]


def target(address: str) -> Target:
    return Target(dict.fromkeys(("requests", "offers", "matcher"), address), lambda role: role)


@pytest.fixture
def service() -> Iterator[Loaded]:
    with Loaded() as made:
        yield made


@pytest.fixture
def client(service: Loaded) -> Client:
    return Client(target(service.url), "operator", patience=5)


def record(status: str, number: int, code: int = 200) -> Reply:
    return code, {"ETag": f'"1.{number}"'}, {"id": "r1", "status": status}


def test_a_request_is_created_submitted_and_authenticated_by_a_coordinator(
    service: Loaded, client: Client
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


def test_a_request_that_waits_for_its_state_is_circulated(service: Loaded, client: Client) -> None:
    service.replies = [(409, {}, {"existing": "r1"}), record("authenticated", 3)]
    service.replies.append(record("circulated", 4))
    assert bring(client, ROW) is False
    assert service.calls[-1] == ("POST", "/v1/requests/r1/circulate", '"1.3"')
    assert service.bodies[-1] == {"consent": "express"}


def test_an_offer_is_created_submitted_and_published(service: Loaded, client: Client) -> None:
    offer = replace(ROW, kind="offer", file="offers.jsonl")
    service.replies = [record("draft", 1, 201), record("submitted", 2), record("published", 3)]
    assert bring(client, offer) is True
    assert service.calls[1:] == [
        ("POST", "/v1/offers/r1/submit", '"1.1"'),
        ("POST", "/v1/offers/r1/publish", '"1.2"'),
    ]
    assert set(service.roles) == {"operator"}


def test_a_row_that_is_there_goes_on_from_where_it_stands(service: Loaded, client: Client) -> None:
    duplicate = (409, {}, {"existing": "r1", "detail": "See /v1/requests/r1."})
    service.replies = [duplicate, record("submitted", 2), record("circulated", 3)]
    assert bring(client, ROW) is False
    assert [path for _, path, _ in service.calls] == [
        "/v1/requests",
        "/v1/requests/r1",
        "/v1/requests/r1/authenticate",
    ]


def test_a_step_that_was_taken_meanwhile_is_not_taken_again(
    service: Loaded, client: Client
) -> None:
    stale = (412, {}, {"detail": "stale"})
    service.replies = [record("draft", 1, 201), stale, record("circulated", 3)]
    assert bring(client, ROW) is True
    assert len(service.calls) == 3


def test_a_closed_record_is_left_as_it_is(service: Loaded, client: Client) -> None:
    service.replies = [(409, {}, {"existing": "r1"}), record("withdrawn", 4)]
    assert bring(client, ROW) is False


def test_a_refusal_names_the_fields(service: Loaded, client: Client) -> None:
    errors = [{"field": "country", "message": "Unknown.", "code": "unknown-code"}]
    service.replies = [(422, {}, {"detail": "country: Unknown.", "errors": errors})]
    with pytest.raises(ProblemError) as caught:
        bring(client, ROW)
    assert caught.value.fields() == [("country", "Unknown.")]


def test_a_service_that_is_away_for_a_moment_is_asked_again(
    service: Loaded, client: Client
) -> None:
    service.replies = [(503, {}, {}), (503, {}, {}), record("circulated", 3, 201)]
    assert bring(client, ROW) is True


def test_a_service_that_stays_away_is_named(service: Loaded) -> None:
    service.replies = [(503, {}, {})] * 50
    client = Client(target(service.url), "operator", patience=0.5)
    with pytest.raises(UnreachableError, match=r"requests service at .* status 503"):
        bring(client, ROW)
    nobody = Client(target("http://127.0.0.1:1"), "operator", patience=0.3)
    with pytest.raises(UnreachableError, match="is not there"):
        bring(nobody, ROW)


def test_all_pages_of_a_list_are_read(service: Loaded, client: Client) -> None:
    service.replies = [
        (200, {}, {"items": [{"id": 1}], "next": "abc"}),
        (200, {}, {"items": [{"id": 2}], "next": None}),
    ]
    found = list(client.items("requests", "/v1/requests", country="SEN", status=None))
    assert found == [{"id": 1}, {"id": 2}]
    assert [path for _, path, _ in service.calls] == [
        "/v1/requests?country=SEN",
        "/v1/requests?country=SEN&cursor=abc",
    ]


def test_an_abandoned_client_does_not_wait() -> None:
    client = Client(target("http://127.0.0.1:1"), "operator", patience=3600)
    client.abandon()
    with pytest.raises(UnreachableError):
        bring(client, ROW)
