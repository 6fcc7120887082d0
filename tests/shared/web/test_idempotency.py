"""The same POST twice: one after the other, at once, after a crash, after a day."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from shared.web.bodies import MAX_BODY_BYTES
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION, KEPT, LEASE, idempotent_id
from shared.web.identity import Identity

BODY = {"title": "once"}


def notes() -> int:
    return current_database()["sample_note"].count_documents({})


def stored() -> list[dict[str, Any]]:
    return list(current_database()[COLLECTION].find())


def test_the_same_post_twice_is_done_once_and_answered_alike(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "a key of mine"}
    first = client.post("/v1/notes", json=BODY, headers=headers)
    again = client.post("/v1/notes", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert notes() == 1
    caller = Identity("test", "requester", state="SEN")
    assert first.get_json()["id"] == idempotent_id(caller, "a key of mine")


@pytest.mark.usefixtures("repeated_inserts")
def test_inserts_that_the_driver_repeats_are_answered_as_if_it_had_not(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    for headers in (requester, {**requester, "Idempotency-Key": "k"}):
        answer = client.post("/v1/notes", json=BODY, headers=headers)
        assert answer.status_code == 201, answer.text
    assert notes() == 2
    again = client.post("/v1/notes", json=BODY, headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert notes() == 2


def test_the_order_of_a_bodys_members_does_not_matter(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "k", "Content-Type": "application/json"}
    client.post("/v1/notes", data='{"title": "x", "country": "SEN"}', headers=headers)
    again = client.post("/v1/notes", data='{"country":"SEN","title":"x"}', headers=headers)
    assert again.headers["Idempotency-Replayed"] == "true"


def test_without_a_key_every_post_counts(client: FlaskClient, requester: dict[str, str]) -> None:
    for _ in range(2):
        assert client.post("/v1/notes", json=BODY, headers=requester).status_code == 201
    assert notes() == 2
    assert stored() == []


def test_a_key_that_was_used_for_something_else_is_a_422(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    client.post("/v1/notes", json=BODY, headers=headers)
    for body, more in (({"title": "twice"}, {}), (BODY, {"If-Match": '"1.1"'})):
        answer = client.post("/v1/notes", json=body, headers={**headers, **more})
        assert answer.status_code == 422
        assert answer.get_json()["type"].endswith(":idempotency-key-reused")
    assert notes() == 1


def test_keys_belong_to_who_calls_and_whom_it_speaks_for(
    client: FlaskClient, token: Callable[..., dict[str, str]]
) -> None:
    callers = [
        token("operator", subject="one"),
        token("operator", subject="two"),
        token("requester", subject="one", state="SEN"),
        token("requester", subject="one", state="MLI"),
    ]
    for caller in callers:
        headers = {**caller, "Idempotency-Key": "k"}
        assert client.post("/v1/notes", json=BODY, headers=headers).status_code == 201
    assert notes() == len(callers)


def test_keys_are_not_those_of_who_coordinates_other_regions() -> None:
    bound = (None, frozenset({"Western Africa"}), frozenset({"Western Africa", "Caribbean"}))
    identities = [Identity("me", "coordinator", regions=regions) for regions in bound]
    assert len({idempotent_id(one, "a key of mine") for one in identities}) == len(bound)


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "tab\tkey", " k", "schl\u00fcssel", "\x7f"])
def test_a_key_that_cannot_be_used_is_a_400(
    client: FlaskClient, requester: dict[str, str], key: str
) -> None:
    headers = {**requester, "Idempotency-Key": key}
    answer = client.post("/v1/notes", json=BODY, headers=headers)
    assert answer.status_code == 400
    assert answer.get_json()["type"].endswith(":idempotency-key-malformed")


@pytest.mark.parametrize(("body", "status"), [({}, 422), ({"title": "teapot"}, 500)])
def test_a_refusal_frees_the_key_and_a_failure_keeps_it(
    client: FlaskClient, requester: dict[str, str], body: dict[str, Any], status: int
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    assert client.post("/v1/notes", json=body, headers=headers).status_code == status
    second = client.post("/v1/notes", json=BODY, headers=headers)
    assert second.status_code == (201 if status == 422 else 422)


def test_a_failure_after_the_write_is_resumed_not_repeated(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    body = {"title": "crash after"}
    assert client.post("/v1/notes", json=body, headers=headers).status_code == 500
    assert notes() == 1
    # The next attempt meets its own note, goes past it, and fails at the same place.
    assert client.post("/v1/notes", json=body, headers=headers).status_code == 500
    assert notes() == 1


def test_who_died_holding_a_key_is_taken_over_when_the_lease_is_up(
    client: FlaskClient, requester: dict[str, str], moving_clock: Any
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    made = client.post("/v1/notes", json=BODY, headers=headers)
    # As a process leaves it that dies between its write and the keeping of its answer.
    until = {"$set": {"answer": None, "lease_until": datetime.now(UTC) + LEASE}}
    current_database()[COLLECTION].update_one({}, until)
    waiting = client.post("/v1/notes", json=BODY, headers=headers)
    assert waiting.status_code == 409
    assert waiting.headers["Retry-After"] == "1"
    moving_clock.ahead = LEASE
    resumed = client.post("/v1/notes", json=BODY, headers=headers)
    assert resumed.status_code == 201
    assert resumed.get_json() == made.get_json()
    assert notes() == 1
    replayed = client.post("/v1/notes", json=BODY, headers=headers)
    assert replayed.headers["Idempotency-Replayed"] == "true"


def test_a_key_that_a_clock_ahead_holds_is_taken_over_at_once(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    made = client.post("/v1/notes", json=BODY, headers=headers)
    until = {"$set": {"answer": None, "lease_until": datetime.now(UTC) + timedelta(hours=1)}}
    current_database()[COLLECTION].update_one({}, until)
    assert client.post("/v1/notes", json=BODY, headers=headers).get_json() == made.get_json()
    assert notes() == 1


def test_after_a_day_a_key_is_forgotten_but_its_record_is_not_made_again(
    client: FlaskClient,
    requester: dict[str, str],
    token: Callable[..., dict[str, str]],
    moving_clock: Any,
) -> None:
    headers = {**requester, "Idempotency-Key": "k"}
    client.post("/v1/notes", json=BODY, headers=headers)
    moving_clock.ahead = KEPT + timedelta(seconds=1)
    tomorrow = token("requester", state="SEN", now=moving_clock())
    answer = client.post("/v1/notes", json=BODY, headers={**headers, **tomorrow})
    assert answer.status_code == 409
    assert answer.get_json()["type"].endswith(":duplicate")
    assert notes() == 1


def test_the_database_forgets_answers_by_itself(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    client.post("/v1/notes", json=BODY, headers={**requester, "Idempotency-Key": "k"})
    indexes = current_database()[COLLECTION].index_information()
    assert indexes["created_at_1"]["expireAfterSeconds"] == 24 * 60 * 60


@pytest.fixture
def gunicorn(serve_sample: Callable[..., str]) -> str:
    """The sample service, with threads in two processes; handlers take 0.4 s."""
    return serve_sample(workers=2, threads=4, SAMPLE_DELAY="0.4")


def test_two_at_the_same_moment_through_real_servers(
    gunicorn: str, app: Flask, requester: dict[str, str]
) -> None:
    headers = {**requester, "Idempotency-Key": "at once"}
    barrier = threading.Barrier(6)

    def post(_: int) -> requests.Response:
        barrier.wait()
        return requests.post(f"{gunicorn}/v1/notes", json=BODY, headers=headers, timeout=60)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}, statuses
    fresh = [
        answer
        for answer in answers
        if answer.status_code == 201 and "Idempotency-Replayed" not in answer.headers
    ]
    assert len(fresh) == 1
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 409)
    assert notes() == 1

    again = requests.post(f"{gunicorn}/v1/notes", json=BODY, headers=headers, timeout=60)
    assert (again.status_code, again.json()) == (201, fresh[0].json())

    # While here: bodies whose length nobody announces, and an answer that arrives although the
    # client was still sending.
    plain = {**requester, "Content-Type": "application/json"}
    for body, status in (
        (iter([b'{"title": ', b'"chunked"}']), 201),
        (iter([b" " * 65536] * (MAX_BODY_BYTES // 65536 + 1)), 413),
        (b" " * 1_000_000, 413),
        (iter([b" " * 65536] * 32), 413),
    ):
        answer = requests.post(f"{gunicorn}/v1/notes", data=body, headers=plain, timeout=60)
        assert answer.status_code == status
        assert status == 201 or answer.json()["type"].endswith(":body-too-large")
