"""Idempotency keys in a register: whose work is resumed, and that steps are answered once."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import AutoReconnect

from services.requests.documents import AssistanceRequest
from shared.registers import writing
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION


@pytest.fixture
def key():
    return uuid.uuid4().hex


@pytest.fixture
def external():
    return {"source": "idempotency", "id": uuid.uuid4().hex}


def lose_answers():
    """As processes leave it that die between their write and the keeping of their answer."""
    lost = {"answer": None, "lease_until": datetime.now(UTC) - timedelta(seconds=1)}
    current_database()[COLLECTION].update_many({}, {"$set": lost})


def test_what_another_registered_meanwhile_is_not_resumed(
    caller, senegal, body, key, external, monkeypatch
):
    sent = body(external_id=external)

    def fail(*_):
        raise AutoReconnect("the database has gone away")

    with monkeypatch.context() as patched:
        patched.setattr(writing, "create", fail)
        assert senegal.post("/v1/requests", sent, Idempotency_Key=key).status_code == 503
    other = caller("operator").post("/v1/requests", body(external_id=external, title="Another"))
    assert other.status_code == 201
    again = senegal.post("/v1/requests", sent, Idempotency_Key=key)
    assert (again.status_code, again.json["existing"]) == (409, other.json["id"])


def test_what_was_registered_before_its_answer_was_lost_is_resumed(senegal, body, key, external):
    sent = body(external_id=external)
    made = senegal.post("/v1/requests", sent, Idempotency_Key=key)
    lose_answers()
    again = senegal.post("/v1/requests", sent, Idempotency_Key=key)
    assert (again.status_code, again.json) == (201, made.json)
    assert "Idempotency-Replayed" not in again.headers


STEPS = [
    ("submit", "draft", None, "submitted"),
    ("circulate", "authenticated", {"consent": "express"}, "circulated"),
    ("object", "authenticated", {"reason": "content"}, "draft"),
    ("withdraw", "submitted", None, "withdrawn"),
    ("close", "circulated", {}, "closed"),
]


@pytest.mark.parametrize(("action", "start", "sent", "end"), STEPS)
def test_a_step_sent_again_gets_its_first_answer(record, senegal, key, action, start, sent, end):
    made = record(start)
    address, etag = f"/v1/requests/{made.json['id']}/{action}", made.headers["ETag"]
    first = senegal.post(address, sent, etag, Idempotency_Key=key)
    assert (first.status_code, first.json["status"]) == (200, end)
    again = senegal.post(address, sent, etag, Idempotency_Key=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert senegal.post(address, sent, etag).status_code == 412


@pytest.mark.parametrize(("action", "start", "sent", "end"), STEPS)
def test_a_step_whose_answer_was_lost_is_not_taken_again(
    record, senegal, key, action, start, sent, end
):
    made = record(start)
    address, etag = f"/v1/requests/{made.json['id']}/{action}", made.headers["ETag"]
    first = senegal.post(address, sent, etag, Idempotency_Key=key)
    lose_answers()
    again = senegal.post(address, sent, etag, Idempotency_Key=key)
    assert (again.status_code, again.json) == (200, first.json)
    stored = AssistanceRequest.objects(id=made.json["id"]).first()
    assert [step.action for step in stored.history].count(action) == 1


def test_a_key_does_not_take_a_step_that_others_were_faster_with(record, senegal, operator, key):
    made = record("submitted")
    address, etag = f"/v1/requests/{made.json['id']}", made.headers["ETag"]
    assert operator.post(f"{address}/withdraw", None, etag).status_code == 200
    refused = senegal.post(f"{address}/withdraw", None, etag, Idempotency_Key=key)
    assert refused.status_code == 412
