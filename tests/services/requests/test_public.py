"""What everybody may read of requests, and figures in which nothing confidential counts."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.requests.documents import AssistanceRequest
from services.requests.public_figures import request_figures
from shared.events.envelope import COMMITMENT, Event
from shared.events.validation import example
from shared.events.versions import Version
from shared.registers.commitments import apply_commitments
from tests.services.requests.conftest import Caller

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Make = Callable[..., TestResponse]


def line(theme: str, **members: Any) -> dict[str, Any]:
    return {"theme": theme, "kind": "equipment", "quantity": 4, "unit": "machines", **members}


def row(rows: list[dict[str, Any]], code: str) -> dict[str, Any]:
    return next(one for one in rows if one["code"] == code)


@pytest.fixture(autouse=True)
def nothing_else(client: FlaskClient) -> None:
    AssistanceRequest.objects.delete()


def commit(request: str, number: int, amount: int) -> None:
    """A commitment of so many machines of a line."""
    data = example(COMMITMENT)
    taken = {**next(one for one in data["lines"] if one["side"] == "request")}
    taken |= {"record": request, "line": number, "measure": "quantity", "unit": "machines"}
    taken["amount"] = amount * 1000
    rest = [one for one in data["lines"] if one["side"] == "offer"]
    id_ = f"{request}.{number}"
    sent = {**data, "id": id_, "status": "held", "lines": [taken, *rest]}
    apply_commitments(
        [Event(COMMITMENT, "/entraide/matcher", id_, NOW, Version(1, 1), sent)], "request"
    )


def test_it_is_read_without_a_token_and_without_what_is_not_public(
    client: FlaskClient, record: Make
) -> None:
    shown = record(
        "circulated",
        confidentiality="public",
        needs=[
            line("marking", amount=1000, currency="USD"),
            line("tracing", visibility="coordinators", sites=["zqsite"]),
        ],
    ).json["id"]
    record("circulated")
    record("submitted", confidentiality="public")
    listed = client.get("/v1/public/requests")
    assert [one["id"] for one in listed.json["items"]] == [shown]
    assert listed.headers["Cache-Control"] == "public, max-age=60"
    one = client.get(f"/v1/public/requests/{shown}")
    assert one.json == listed.json["items"][0]
    assert [need["theme"] for need in one.json["needs"]] == ["marking"]
    assert not [word for word in ("zqsite", "hidden", "created_by") if word in one.text]


def test_filters_look_at_public_lines_alone(client: FlaskClient, record: Make) -> None:
    needs = [line("marking"), line("tracing", visibility="parties")]
    mali = record("circulated", confidentiality="public", country="MLI", needs=needs).json["id"]
    japan = record("circulated", confidentiality="public", country="JPN").json["id"]

    def found(**query: str) -> set[str]:
        answer = client.get("/v1/public/requests", query_string=query)
        assert answer.status_code == 200, answer.json
        return {one["id"] for one in answer.json["items"]}

    assert found() == {mali, japan}
    assert found(country="MLI") == found(region="Western Africa") == {mali}
    assert found(theme="marking", q="machines") == {mali, japan}
    assert found(theme="tracing") == set()
    assert found(kind="training") == set()
    refused = client.get("/v1/public/requests", query_string={"theme": "no-such", "q": "!"})
    assert {one["field"] for one in refused.json["errors"]} == {"theme"}


def test_figures_add_up_public_lines(operator: Caller, record: Make) -> None:
    needs = [
        line("marking", amount=1000, currency="USD"),
        line("marking"),
        line("tracing", amount=7777, currency="USD", visibility="coordinators"),
    ]
    shown = record("circulated", confidentiality="public", needs=needs).json["id"]
    hidden = record("circulated", country="MLI", needs=needs[:2]).json["id"]
    commit(shown, 1, 1)
    commit(shown, 3, 4)
    commit(hidden, 1, 4)
    found = request_figures(NOW)
    assert (found["requests"], found["needs"], found["open"]) == (1, 2, 2)
    assert [one["code"] for one in found["themes"]] == ["marking"]
    assert row(found["regions"], "Western Africa") == {
        "code": "Western Africa",
        "needs": 2,
        "open": 2,
        "unpriced": 1,
        "asked": 1000,
        "committed": 250,
        "delivered": 0,
    }
    assert found["states"] == [{"country": "SEN", "requests": 1, "open": 2}]
    commit(shown, 2, 4)
    assert request_figures(NOW)["open"] == 1


def test_a_third_of_what_was_asked_for_is_a_third_to_the_cent(record: Make) -> None:
    three = line("marking", quantity=3, amount=144_000, currency="USD")
    shown = record("circulated", confidentiality="public", needs=[three]).json["id"]
    commit(shown, 1, 1)
    assert [one["committed"] for one in request_figures(NOW)["themes"]] == [48_000]


def test_how_long_it_took_is_told_of_requests_without_hidden_lines(record: Make) -> None:
    for hours in (24, 48, 72, 96, 120, 999):
        hidden = [line("tracing", visibility="parties")] if hours == 999 else []
        made = record("circulated", confidentiality="public", needs=[line("marking"), *hidden])
        stored = AssistanceRequest._get_collection().find_one({"_id": made.json["id"]})
        began = datetime(2026, 1, 1)  # noqa: DTZ001 (as the store has it)
        history = [step for step in stored["history"] if step["action"] == "circulate"]
        history[0]["at"] = began
        met = {
            "action": "cover-partly",
            "at": began.fromtimestamp(began.timestamp() + hours * 3600),
        }
        AssistanceRequest._get_collection().update_one(
            {"_id": made.json["id"]}, {"$set": {"history": [history[0], met]}}
        )
    (found,) = request_figures(NOW)["times"]
    assert found == {
        "year": 2026,
        "count": 5,
        "waiting": 0,
        "lower": 2.0,
        "median": 3.0,
        "upper": 4.0,
    }
    AssistanceRequest.objects.limit(1).delete()


def test_a_duplicate_counts_where_both_were_public(
    operator: Caller, coordinator: Caller, record: Make
) -> None:
    priced = line("marking", amount=500, currency="USD")

    def merge(level: str, status: str = "circulated") -> None:
        into = record("circulated", confidentiality=level, needs=[priced]).json["id"]
        twice = record(status, confidentiality=level, needs=[priced])
        answer = coordinator.post(
            f"/v1/requests/{twice.json['id']}/merge", {"into": into}, twice.headers["ETag"]
        )
        assert answer.status_code == 200, answer.json

    merge("restricted")
    merge("public", "submitted")
    assert request_figures(NOW)["duplicates"] == {"count": 0, "value": 0, "unpriced": 0}
    merge("public")
    assert request_figures(NOW)["duplicates"] == {"count": 1, "value": 500, "unpriced": 0}


def test_figures_are_kept_for_a_minute(client: FlaskClient, record: Make) -> None:
    first = client.get("/v1/public/figures")
    assert first.status_code == 200
    record("circulated", confidentiality="public")
    assert client.get("/v1/public/figures").json == first.json
