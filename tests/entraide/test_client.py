"""The client, against a server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from entraide.client import Client, Exchange, File, ProblemError, UnreachableError
from tests.answering import Service


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        yield made


@pytest.fixture
def client(service: Service) -> Client:
    return Client({"requests": f"{service.url}/"}, "a token")


def test_a_query_leaves_out_what_is_none_and_repeats_a_list(
    service: Service, client: Client
) -> None:
    service.says(200, {"id": "1"}, ETag='"1.2"')
    found = client.get("requests", "/v1/requests/1", state="SEN", limit=2, q=None, theme=["a", "b"])
    assert (found.body, found.etag, found.status) == ({"id": "1"}, '"1.2"', 200)
    ((method, path, headers, _),) = service.heard
    assert (method, path) == ("GET", "/v1/requests/1?state=SEN&limit=2&theme=a&theme=b")
    assert headers["Authorization"] == "Bearer a token"


def test_all_pages_of_a_list_are_read(service: Service, client: Client) -> None:
    service.says(200, {"items": [{"id": "1"}], "next": "c"})
    service.says(200, {"items": [{"id": "2"}], "next": None})
    assert [one["id"] for one in client.items("requests", "/v1/requests", state="SEN")] == [
        "1",
        "2",
    ]
    assert service.heard[1][1] == "/v1/requests?state=SEN&cursor=c"


def test_what_is_made_carries_one_key_however_often_it_is_sent(
    service: Service, client: Client
) -> None:
    for status in (503, 429, 201, 201):
        service.says(status, {"id": "1"})
    assert client.create("requests", "/v1/requests", {"country": "SEN"}).status == 201
    client.create("requests", "/v1/requests", {"country": "SEN"})
    keys = [headers["Idempotency-Key"] for _, _, headers, _ in service.heard]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]
    assert {json.loads(sent)["country"] for *_, sent in service.heard} == {"SEN"}


def test_a_step_names_the_version_that_it_was_decided_on(service: Service, client: Client) -> None:
    service.says(200)
    client.post("requests", "/v1/requests/1/submit", if_match='"1.2"', token=lambda: "another")
    ((_, _, headers, sent),) = service.heard
    assert (headers["If-Match"], headers["Authorization"], sent) == ('"1.2"', "Bearer another", b"")
    assert "Idempotency-Key" not in headers


def test_a_file_is_sent_as_it_is_under_its_name(service: Service, client: Client) -> None:
    service.says(200)
    client.post_file("requests", "/v1/files", File(b"a,b", "text/csv", "a/б.csv"), preview="true")
    ((_, path, headers, sent),) = service.heard
    assert (path, headers["Content-Type"], sent) == ("/v1/files?preview=true", "text/csv", b"a,b")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%2F%D0%B1.csv"


def test_a_refusal_names_its_fields_and_is_not_sent_again(service: Service, client: Client) -> None:
    told = {"title": "Stale", "errors": [{"field": "needs[0].kind", "message": "No such kind."}]}
    service.says(412, told)
    with pytest.raises(ProblemError, match="Stale") as raised:
        client.put("requests", "/v1/requests/1", {}, if_match='"1.1"')
    assert raised.value.fields() == [("needs[0].kind", "No such kind.")]
    assert raised.value.stale
    assert len(service.heard) == 1


@pytest.mark.parametrize("body", [b"<html>", [1]])
def test_what_is_no_object_is_a_problem(service: Service, client: Client, body: Any) -> None:
    service.says(200, body)
    with pytest.raises(ProblemError, match="no JSON object"):
        client.get("requests", "/v1/requests")


def test_who_is_to_wait_longer_than_it_has_patience_gives_up_at_once(
    service: Service, client: Client
) -> None:
    service.says(503, Retry_After="3600")
    with pytest.raises(UnreachableError, match="status 503"):
        client.get("requests", "/v1/requests")
    assert len(service.heard) == 1


def test_who_calls_too_often_waits_for_its_turn_however_little_patience_it_has(
    service: Service,
) -> None:
    service.says(429, Retry_After="1")
    service.says(200)
    Client({"requests": service.url}, patience=0.5).get("requests", "/v1/requests")
    assert len(service.heard) == 2


def test_nobody_waits_for_its_turn_for_ever(service: Service, client: Client) -> None:
    service.says(429, Retry_After="86400")
    with pytest.raises(UnreachableError, match="status 429"):
        client.get("requests", "/v1/requests")


def test_who_waits_may_be_told_to_wait_no_more(client: Client, service: Service) -> None:
    service.says(503, Retry_After="40")
    threading.Timer(0.05, client.abandon).start()
    with pytest.raises(UnreachableError):
        client.get("requests", "/v1/requests")


def test_nobody_there_is_told_by_address() -> None:
    client = Client({"requests": "http://127.0.0.1:9"}, patience=0)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9/v1/requests is not there"):
        client.get("requests", "/v1/requests")


def test_an_api_token_is_exchanged_again_when_what_it_gave_ends(service: Service) -> None:
    for seconds, token in ((300, "first"), (20, "second"), (300, "third")):
        service.says(200, {"access_token": token, "expires_in": seconds})
    held = Exchange(service.url, "entraide_a")
    assert [held(), held()] == ["first", "first"]
    short = Exchange(service.url, "entraide_b")
    assert [short(), short(), short()] == ["second", "third", "third"]
    assert [json.loads(sent) for *_, sent in service.heard] == [
        {"token": "entraide_a"},
        {"token": "entraide_b"},
        {"token": "entraide_b"},
    ]
    assert "Authorization" not in service.heard[0][2]
