"""Cases of records that seem to be the same, over HTTP: who sees what, and decisions."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from pymongo.database import Database

from services.matcher.duplicate_documents import DuplicateCase, duplicate_id
from services.matcher.reactions import keep_records
from shared.vocabulary import LANGUAGES
from tests.services.matcher.alike import Finder, Worker
from tests.services.matcher.records import NOW, need, offer_event, request_event
from tests.services.matcher.world import Caller

Call = Callable[..., Caller]
ID = duplicate_id("request", "a", "b")
PATH = f"/v1/duplicates/{ID}"
OWN, OTHER = "66f0000000000000000000d1", "other-agency"


@pytest.fixture
def found(database: Database[dict[str, Any]]) -> Worker:
    """Two pairs of requests, one of them of two States, and two of offers, one of two donors."""
    finder = Finder()
    finder.alike = {
        ("request", "a", "b"): 0.9,
        ("request", "a", "c"): 0.6,
        ("offer", "o", "p"): 0.8,
        ("offer", "o", "q"): 0.7,
    }
    worker = Worker(finder)
    worker.hears(
        request_event("a"),
        request_event("b"),
        request_event("c", country="MLI"),
        offer_event("o"),
        offer_event("p"),
        offer_event("q", organisation=OTHER),
    )
    return worker


def pairs(caller: Caller, **query: Any) -> set[str]:
    """The pairs of a list, as `left-right`."""
    items = caller.items("/v1/duplicates", **query)
    return {f"{item['left']['id']}-{item['right']['id']}" for item in items}


@pytest.mark.parametrize(
    ("role", "bound", "seen"),
    [
        ("coordinator", {}, {"a-b", "a-c", "o-p", "o-q"}),
        ("auditor", {}, {"a-b", "a-c", "o-p", "o-q"}),
        ("operator", {}, {"a-b", "a-c", "o-p", "o-q"}),
        ("requester", {"state": "SEN"}, {"a-b"}),
        ("requester", {"state": "MLI"}, set()),
        ("donor", {"organisation": OWN}, {"o-p"}),
        ("donor", {"organisation": OTHER}, set()),
    ],
)
def test_owners_see_pairs_of_which_both_are_theirs(
    call: Call, found: Worker, role: str, bound: dict[str, str], seen: set[str]
) -> None:
    caller = call(role, **bound)
    assert pairs(caller) == seen
    for case in DuplicateCase.objects:
        answer = caller.get(f"/v1/duplicates/{case.id}")
        assert answer.status_code == (200 if f"{case.left}-{case.right}" in seen else 404)


def test_readers_are_told_what_they_may_decide(call: Call, found: Worker) -> None:
    def possible(caller: Caller) -> dict[str, list[str]]:
        items = caller.items("/v1/duplicates")
        return {f"{one['left']['id']}-{one['right']['id']}": one["possible"] for one in items}

    every, no_merge = ["merge", "link", "dismiss"], ["link", "dismiss"]
    coordinator = call("coordinator")
    assert possible(coordinator) == {"a-b": every, "a-c": no_merge, "o-p": every, "o-q": no_merge}
    assert not any(possible(call("auditor")).values())
    case = coordinator.get(PATH)
    body = {"decision": "link", "reason": "Two sites"}
    linked = coordinator.post(f"{PATH}/decision", body, etag=case.headers["ETag"])
    assert linked.json["possible"] == ["merge", "dismiss"]
    found.hears(request_event("b", 2, status="withdrawn"))
    assert "merge" not in coordinator.get(PATH).json["possible"]


def test_nobody_decides_on_what_is_not_known_yet(database: object, coordinator: Caller) -> None:
    """Else what was material could not be kept with the decision, and nothing would bring the pair
    back: the worker hears of a record before the projection that decisions are made by."""
    finder, body = Finder(), {"decision": "dismiss", "reason": "Two sites"}
    worker = Worker(finder)
    finder.alike = {("request", "a", "b"): 0.9}
    first, second = request_event("a"), request_event("b")
    worker.hears(first, second, kept=False)

    def refused() -> bool:
        case = coordinator.get(PATH)
        answer = coordinator.post(f"{PATH}/decision", body, etag=case.headers["ETag"])
        return answer.status_code == 409 and answer.json["type"].endswith("not-read-yet")

    assert refused()
    keep_records(lambda: NOW)([first])
    assert refused()
    keep_records(lambda: NOW)([second])
    finder.alike = {("request", "a", "b"): 0.8}
    changed = request_event("b", 2, needs=[need(quantity=5)])
    worker.hears(changed, kept=False)
    assert refused()  # what is known of it is not what the case tells of
    keep_records(lambda: NOW)([changed])
    assert not refused()
    assert DuplicateCase.objects.get(id=ID).status == "dismissed"
    worker.hears(request_event("b", 3, needs=[need(quantity=7)]))
    assert DuplicateCase.objects.get(id=ID).status == "open"


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"side": "request"}, {"a-b", "a-c"}),
        ({"side": "offer"}, {"o-p", "o-q"}),
        ({"record": "b"}, {"a-b"}),
        ({"record": "a", "side": "offer"}, set()),
        ({"status": "open"}, {"a-b", "a-c", "o-p", "o-q"}),
        ({"status": "dismissed"}, set()),
    ],
)
def test_filters(coordinator: Caller, found: Worker, query: dict[str, str], seen: set[str]) -> None:
    assert pairs(coordinator, **query) == seen


def test_a_filter_by_the_other_side_shows_an_owner_nothing(call: Call, found: Worker) -> None:
    assert pairs(call("requester", state="SEN"), side="offer") == set()
    assert pairs(call("requester", state="SEN"), side="request") == {"a-b"}


def test_pages(coordinator: Caller, found: Worker) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        answer = coordinator.get("/v1/duplicates", **query).json
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert len(seen) == len(set(seen)) == 4


def test_the_likeliest_come_first_for_who_asks_so(coordinator: Caller, found: Worker) -> None:
    def seen(**query: Any) -> list[float]:
        scores: list[float] = []
        while True:
            answer = coordinator.get("/v1/duplicates", limit=1, **query).json
            scores += [item["score"] for item in answer["items"]]
            if answer["next"] is None:
                return scores
            query["cursor"] = answer["next"]

    assert seen(sort="likeliest") == [0.9, 0.8, 0.7, 0.6]
    first = coordinator.get("/v1/duplicates", limit=1, sort="likeliest").json["next"]
    refused = coordinator.get("/v1/duplicates", cursor=first)
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "cursor")


def test_both_orders_of_the_open_ones_have_an_index(coordinator: Caller, found: Worker) -> None:
    kept = DuplicateCase._get_collection().index_information().values()
    keys = [[tuple(one) for one in index["key"]] for index in kept]
    assert [("status", 1), ("created_at", -1), ("_id", 1)] in keys
    assert [("status", 1), ("score", -1), ("created_at", -1), ("_id", 1)] in keys


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "best"}, "sort"),
        ({"side": "activity"}, "side"),
        ({"status": "new"}, "status"),
        ({"record": ""}, "record"),
        ({"language": "de"}, "language"),
        ({"cursor": "x"}, "cursor"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_queries_that_say_nothing(
    coordinator: Caller, found: Worker, query: dict[str, str], field: str
) -> None:
    answer = coordinator.get("/v1/duplicates", **query)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_a_case_is_shown_side_by_side(coordinator: Caller, found: Worker) -> None:
    shown = coordinator.get(PATH).json
    assert shown["left"] == {
        "id": "a",
        "owner": "SEN",
        "status": "circulated",
        "version": "1.1",
        "read_version": "1.1",
    }
    assert (shown["status"], shown["score"], shown["side"]) == ("open", 0.9, "request")
    (evidence,) = shown["evidence"]
    assert (evidence["kind"], evidence["weight"]) == ("meaning", 0.9)


def test_evidence_is_told_in_the_readers_language(coordinator: Caller, found: Worker) -> None:
    told = {
        coordinator.get(PATH, language=language).json["evidence"][0]["sentence"]
        for language in LANGUAGES
    }
    assert len(told) == len(LANGUAGES)


def test_reading_a_case_of_confidential_lines_is_logged(coordinator: Caller, found: Worker) -> None:
    found.hears(request_event("b", 2, needs=[need(confidential=True)]))
    with structlog.testing.capture_logs() as logs:
        coordinator.get(PATH)
    (entry,) = [entry for entry in logs if entry["event"] == "confidential record read"]
    assert entry["id"] == ID


def decide(caller: Caller, etag: str | None = None, **body: Any) -> Any:
    """Decide on the pair of requests, as it is now unless an ETag is given."""
    seen = etag or caller.get(PATH).headers["ETag"]
    return caller.post(f"{PATH}/decision", body, etag=seen)


@pytest.mark.parametrize(("decision", "status"), [("dismiss", "dismissed"), ("link", "linked")])
def test_a_decision_takes_the_pair_off_the_list(
    call: Call, coordinator: Caller, found: Worker, decision: str, status: str
) -> None:
    answer = decide(coordinator, decision=decision, reason="Two sites")
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["reason"]) == (status, "Two sites")
    assert answer.json["history"][-1]["role"] == "coordinator"
    assert answer.headers["ETag"] == coordinator.get(PATH).headers["ETag"]
    assert pairs(coordinator, side="request") == {"a-c"}
    assert pairs(coordinator, record="b") == {"a-b"}
    assert pairs(coordinator, status=status) == {"a-b"}
    assert call("requester", state="SEN").get(PATH).json["reason"] is None
    (pending,) = DuplicateCase.objects.get(id=ID).pending_events
    assert pending["data"]["status"] == status
    assert "Two sites" not in str(pending)


def test_a_decision_can_be_changed_and_not_repeated(coordinator: Caller, found: Worker) -> None:
    decide(coordinator, decision="dismiss", reason="why")
    assert decide(coordinator, decision="dismiss", reason="again").status_code == 409
    assert decide(coordinator, decision="link", reason="related").json["status"] == "linked"


def test_a_decision_on_what_has_changed_is_refused(coordinator: Caller, found: Worker) -> None:
    seen = coordinator.get(PATH).headers["ETag"]
    keep_records(lambda: NOW)([request_event("b", 2)])
    answer = decide(coordinator, seen, decision="dismiss", reason="why")
    assert answer.status_code == 412
    assert answer.headers["ETag"] == coordinator.get(PATH).headers["ETag"] != seen


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "dismiss"}, "reason"),
        ({"decision": "dismiss", "reason": "  "}, "reason"),
        ({"decision": "merge", "reason": "why"}, "decision"),
        ({"reason": "why"}, "decision"),
        ({"decision": "link", "reason": "why", "into": "a"}, "into"),
    ],
)
def test_decisions_that_cannot_be_read(
    coordinator: Caller, found: Worker, body: dict[str, str], field: str
) -> None:
    answer = decide(coordinator, **body)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_only_coordinators_decide_and_say_what_they_saw(
    call: Call, coordinator: Caller, found: Worker
) -> None:
    body = {"decision": "dismiss", "reason": "why"}
    for role, bound in (("auditor", {}), ("operator", {}), ("requester", {"state": "SEN"})):
        answer = call(role, **bound).post(f"{PATH}/decision", body, etag='"1.1"')
        assert answer.status_code == 403
    assert coordinator.post(f"{PATH}/decision", body).status_code == 428
    missing = coordinator.post("/v1/duplicates/none/decision", body, etag='"1.1"')
    assert missing.status_code == 404
