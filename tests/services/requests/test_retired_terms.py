"""A term that was retired: refused where it is new, kept where it was."""

from datetime import UTC, datetime

import pytest

from services.requests.documents import AssistanceRequest
from services.requests.domain import new_request
from services.requests.schemas import RequestBody
from shared.events.outbox import create
from shared.web.identity import Identity

RETIRED = "marking-and-record-keeping"
OLD = {"theme": RETIRED, "kind": "training"}
THEN = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.fixture
def old(client, body, register_settings):
    """The address of a request that was registered before the term was retired."""
    payload = RequestBody().load(body(needs=[OLD]))
    identity = Identity("test", "requester", state="SEN")
    request = new_request(payload, identity, THEN, register_settings.term_key)
    create(request, THEN)
    yield f"/v1/requests/{request.id}"
    AssistanceRequest.objects(id=request.id).delete()


def test_new_record_is_told_the_replacement(senegal, body):
    answer = senegal.post("/v1/requests", body(needs=[OLD]))
    assert answer.status_code == 422
    (error,) = answer.json["errors"]
    assert (error["field"], error["code"]) == ("needs[0].theme", "retired-code")
    assert "'marking'" in error["message"]


def test_old_record_goes_through_its_life(senegal, coordinator, old):
    answer = senegal.get(old)
    assert answer.json["needs"][0]["theme"] == RETIRED
    steps = ((senegal, "submit"), (coordinator, "authenticate"), (senegal, "withdraw"))
    for who, step in steps:
        answer = who.post(f"{old}/{step}", None, answer.headers["ETag"])
        assert answer.status_code == 200


def test_old_record_changes_where_the_line_does_not(senegal, body, old):
    needs = [{**OLD, "line": 1}, {"theme": "marking", "kind": "training"}]
    answer = senegal.put(old, body(title="New title", needs=needs), '"1.1"')
    assert answer.status_code == 200
    assert [need["theme"] for need in answer.json["needs"]] == [RETIRED, "marking"]


@pytest.mark.parametrize("line", [{**OLD, "line": 1, "quantity": 3}, OLD])
def test_changed_or_new_line_needs_the_replacement(senegal, body, old, line):
    answer = senegal.put(old, body(needs=[line]), '"1.1"')
    assert answer.status_code == 422
    assert answer.json["errors"][0]["code"] == "retired-code"
    assert senegal.get(old).json["version"] == "1.1"


def test_retired_term_can_still_be_searched_for(senegal, old):
    answer = senegal.get("/v1/requests", query_string={"theme": RETIRED})
    assert f"/v1/requests/{answer.json['items'][0]['id']}" == old
