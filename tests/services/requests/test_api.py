"""Every resource's good path: what goes in comes out, step by step through its life."""

import threading
import uuid

import pytest

from tests.services.requests.test_rights import SENT

FULL = {
    "needs": [
        {
            "theme": "marking",
            "kind": "equipment",
            "quantity": 4.5,
            "unit": "machines",
            "amount": 168000.25,
            "currency": "EUR",
            "priority": "critical",
            "window": {"from": "2026-08-01", "to": "2026-12-31"},
            "objectives": [
                {
                    "text": "All service weapons carry a mark",
                    "indicator": "share of weapons marked",
                    "baseline": "20 %",
                    "target": "100 %",
                    "date": "2027-12-31",
                }
            ],
            "sites": ["Central depot", "Northern depot"],
            "confidential": True,
            "visibility": "coordinators",
            "sustainability": ["training", "spare-parts"],
        }
    ],
    "channel": "trust-fund",
    "source_report": {"title": "National report", "url": "https://example.org/r", "year": 2025},
    "action_plan": {"title": "National action plan", "url": None},
    "initiatives": ["ecowas-2026"],
    "partners": ["INTERPOL", "WCO"],
    "objectives": [
        {
            "text": "No diversion from depots",
            "indicator": "weapons lost in a year",
            "baseline": "12",
            "target": "0",
            "date": "2028-12-31",
        }
    ],
    "evidence": [{"text": "Survey of depots", "url": "https://example.org/s"}],
    "gender_marker": "significant",
    "confidentiality": "public",
}


def test_created_request_is_read_as_it_was_written(senegal, body):
    sent = body(**FULL, external_id={"source": "test", "id": uuid.uuid4().hex})
    made = senegal.post("/v1/requests", sent)
    assert made.status_code == 201
    assert made.headers["ETag"] == '"1.1"'
    read = senegal.get(made.headers["Location"])
    assert read.status_code == 200
    assert read.json == made.json
    need = read.json.pop("needs")[0]
    assert {name: read.json[name] for name in sent if name != "needs"} == {
        name: value for name, value in sent.items() if name != "needs"
    }
    nothing = {"quantity": 0, "amount": None, "whole": False}
    assert need == {
        **sent["needs"][0],
        "line": 1,
        **dict.fromkeys(("pledged", "committed", "delivered"), nothing),
        "pledged_otherwise": False,
        "from": None,
    }
    assert read.json["status"] == "draft"
    assert read.json["version"] == "1.1"
    assert read.json["created_by"] == {"role": "requester", "party": "SEN"}
    assert read.json["signature"]["language"] == "en"
    assert {concept["id"] for concept in read.json["signature"]["concepts"]} >= {"marking-machine"}


def test_free_text_only_is_enough(senegal):
    made = senegal.post(
        "/v1/requests",
        {"title": "Ayuda", "description": "Se necesitan máquinas de marcado.", "country": "SEN"},
    )
    assert made.status_code == 201
    assert made.json["needs"] == []
    assert made.json["language"] == "es"


def test_life_of_a_request(senegal, coordinator, body):
    answer = senegal.post("/v1/requests", body())
    address = answer.headers["Location"]
    answer = senegal.post(f"{address}/submit", None, answer.headers["ETag"])
    assert (answer.status_code, answer.json["status"]) == (200, "submitted")
    answer = coordinator.post(f"{address}/authenticate", None, answer.headers["ETag"])
    assert (answer.json["status"], answer.json["consent"]) == ("authenticated", None)
    answer = senegal.post(f"{address}/circulate", {"consent": "express"}, answer.headers["ETag"])
    assert (answer.json["status"], answer.json["consent"]) == ("circulated", "express")
    answer = senegal.put(address, body(title="Another title"), answer.headers["ETag"])
    assert (answer.json["status"], answer.json["title"]) == ("circulated", "Another title")
    ended = {"reason": "met", "text": "Thank you."}
    answer = senegal.post(f"{address}/close", ended, answer.headers["ETag"])
    assert answer.json["status"] == "closed"
    assert answer.headers["ETag"] == '"1.6"'
    steps = answer.json["history"]
    assert [(s["action"], s["role"], s["party"], s["reason"]) for s in steps] == [
        ("submit", "requester", "SEN", None),
        ("authenticate", "coordinator", None, None),
        ("circulate", "requester", "SEN", "express-consent"),
        ("close", "requester", "SEN", "met"),
    ]
    assert {step["subject"] for step in steps} == {"test"}
    remarks = [(one["action"], one["role"], one["text"]) for one in answer.json["remarks"]]
    assert remarks == [("close", "requester", "Thank you.")]


@pytest.mark.parametrize("status", ["draft", "submitted", "authenticated", "circulated"])
def test_withdraw(record, senegal, status):
    made = record(status)
    address = f"/v1/requests/{made.json['id']}"
    answer = senegal.post(f"{address}/withdraw", None, made.headers["ETag"])
    assert (answer.status_code, answer.json["status"]) == (200, "withdrawn")


@pytest.mark.parametrize(
    ("status", "action"),
    [
        ("draft", "circulate"),
        ("draft", "object"),
        ("draft", "close"),
        ("submitted", "submit"),
        ("submitted", "circulate"),
        ("submitted", "object"),
        ("submitted", "close"),
        ("authenticated", "submit"),
        ("authenticated", "authenticate"),
        ("authenticated", "close"),
        ("circulated", "submit"),
        ("circulated", "authenticate"),
        ("circulated", "circulate"),
        ("circulated", "object"),
        ("circulated", "return"),
        ("closed", "withdraw"),
        ("closed", "circulate"),
        ("withdrawn", "submit"),
        ("withdrawn", "close"),
    ],
)
def test_steps_that_the_state_does_not_allow(record, operator, coordinator, status, action):
    made = record(status)
    who = coordinator if action in {"authenticate", "return"} else operator
    answer = who.post(
        f"/v1/requests/{made.json['id']}/{action}", SENT.get(action), made.headers["ETag"]
    )
    assert answer.status_code == 409
    assert answer.json["type"].endswith("illegal-transition")
    assert action in answer.json["detail"]
    assert operator.get(f"/v1/requests/{made.json['id']}").json["status"] == status


@pytest.mark.parametrize("status", ["closed", "withdrawn"])
def test_finished_request_cannot_be_changed(record, operator, body, status):
    made = record(status)
    answer = operator.put(f"/v1/requests/{made.json['id']}", body(), made.headers["ETag"])
    assert answer.status_code == 409
    assert answer.json["type"].endswith("finished")


def test_lines_keep_their_numbers_and_none_is_given_out_again(senegal, body):
    need = {"theme": "tracing", "kind": "training"}
    made = senegal.post("/v1/requests", body(needs=[need, need, need]))
    assert [line["line"] for line in made.json["needs"]] == [1, 2, 3]
    address = made.headers["Location"]
    kept = [{**need, "line": 2, "quantity": 7}, need]
    changed = senegal.put(address, body(needs=kept), made.headers["ETag"])
    assert [(n["line"], n["quantity"]) for n in changed.json["needs"]] == [(2, 7), (4, None)]
    again = senegal.put(address, body(needs=[{**need, "line": 4}, need]), changed.headers["ETag"])
    assert [line["line"] for line in again.json["needs"]] == [4, 5]


def test_the_same_change_twice_makes_one_version(senegal, body):
    made = senegal.post("/v1/requests", body())
    sent = body(needs=[{**body()["needs"][0], "line": 1}])
    answer = senegal.put(made.headers["Location"], sent, made.headers["ETag"])
    assert answer.headers["ETag"] == made.headers["ETag"]


def test_external_id_is_taken_once(senegal, body):
    external = {"source": "national report", "id": "7"}
    answer = senegal.post("/v1/requests", body(external_id=external))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "external_id.source"
    external = {"source": "national-report", "id": "7"}
    made = senegal.post("/v1/requests", body(external_id=external))
    again = senegal.post("/v1/requests", body(external_id=external, title="Another"))
    assert again.status_code == 409
    assert again.json["errors"][0]["field"] == "external_id"
    assert again.json["existing"] == made.json["id"]
    assert again.headers["Location"] == made.headers["Location"]
    assert senegal.get(made.headers["Location"]).json["title"] == body()["title"]


def test_another_owner_may_have_the_same_external_id(operator, body):
    external = {"source": "report", "id": "shared"}
    first = operator.post("/v1/requests", body(external_id=external))
    second = operator.post("/v1/requests", body(external_id=external, country="MLI"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] != second.json["id"]


def test_idempotency_key_makes_one_record(senegal, body):
    key = uuid.uuid4().hex
    first = senegal.post("/v1/requests", body(), Idempotency_Key=key)
    second = senegal.post("/v1/requests", body(), Idempotency_Key=key)
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    other = senegal.post("/v1/requests", body(title="Another"), Idempotency_Key=key)
    assert other.status_code == 422


def test_the_same_post_twice_without_a_key_makes_two_drafts(senegal, body):
    first, second = (senegal.post("/v1/requests", body()) for _ in range(2))
    assert first.json["id"] != second.json["id"]


def test_operator_is_remembered_as_the_one_who_wrote(operator, body):
    made = operator.post("/v1/requests", body())
    assert made.json["created_by"] == {"role": "operator", "party": None}
    answer = operator.post(f"{made.headers['Location']}/submit", None, made.headers["ETag"])
    assert answer.json["history"][0]["role"] == "operator"


def test_two_changes_of_one_version_make_one(senegal, client, body):
    made = senegal.post("/v1/requests", body())
    answers = []
    start = threading.Barrier(2)

    def change(title):
        other = type(senegal)(client.application.test_client(), senegal.headers)
        start.wait()
        answers.append(other.put(made.headers["Location"], body(title=title), '"1.1"'))

    threads = [threading.Thread(target=change, args=(f"Title {n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    refused = next(answer for answer in answers if answer.status_code == 412)
    kept = next(answer for answer in answers if answer.status_code == 200)
    assert refused.headers["ETag"] == kept.headers["ETag"] == '"1.2"'
    assert senegal.get(made.headers["Location"]).json["title"] == kept.json["title"]


def test_many_posts_of_one_external_id_at_once_make_one(senegal, client, body):
    external = {"source": "race", "id": uuid.uuid4().hex}
    statuses = []

    def create():
        other = type(senegal)(client.application.test_client(), senegal.headers)
        statuses.append(other.post("/v1/requests", body(external_id=external)).status_code)

    threads = [threading.Thread(target=create) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409, 409]
