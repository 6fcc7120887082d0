"""Cases of coverage over HTTP: who sees them, what they say, what may be decided."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.matcher.coverage_documents import coverage_id
from services.matcher.coverage_holds import sweep
from services.matcher.documents import Commitment, Shortlist
from services.matcher.domain import Take
from services.matcher.ledger import release, reserve
from services.matcher.ledger_documents import LedgerLine
from services.matcher.reactions import keep_records
from shared.events import validation
from shared.events.envelope import REQUEST, check
from shared.vocabulary import LANGUAGES
from tests.services.matcher.covered import Worker, case
from tests.services.matcher.engine.sentences import check_sentence
from tests.services.matcher.records import (
    NOW,
    activity_event,
    need,
    offer_event,
    provision,
    request_event,
)
from tests.services.matcher.world import Caller, World

PATH = f"/v1/coverage/{coverage_id('r1', 1, 'a1')}"
HIDDEN = f"/v1/coverage/{coverage_id('r1', 2, 'a1')}"
UNTOLD = {"signature": None}
WHY = "It is for another town."


@pytest.fixture
def worker(world: World) -> Worker:
    """A worker that has found what covers a line that all may see, and a confidential one."""
    found = Worker()
    needs = [need(), need(2, confidential=True)]
    found.hears(request_event("r1", needs=needs, **UNTOLD), activity_event("a1"))
    return found


def decide(caller: Caller, path: str = PATH, key: str | None = None, **body: Any) -> TestResponse:
    etag = caller.get(path).headers["ETag"]
    return caller.post(f"{path}/decision", body, etag=etag, key=key)


def held(line: int = 1) -> int:
    return int(LedgerLine.objects.get(id=f"request:r1:{line}:quantity:machines").held)


def test_a_case_is_told_in_the_readers_language(worker: Worker, coordinator: Caller) -> None:
    said = {}
    for language in LANGUAGES:
        shown = coordinator.get(PATH, language=language).json
        said[language] = tuple(one["sentence"] for one in shown["evidence"])
        assert [one["code"] for one in shown["evidence"]][:3] == ["theme", "kind", "quantity"]
        assert all("{" not in sentence for sentence in said[language])
    assert len(set(said.values())) == len(LANGUAGES)
    assert "4 of the 4 machines" in " ".join(said["en"])
    shown = coordinator.get(PATH).json
    assert (shown["status"], shown["basis"], shown["part"]) == ("open", "quantity", 1.0)
    assert (shown["quantity"], shown["commitment"], shown["unit"]) == (None, None, "machines")


@pytest.mark.parametrize(
    "decision", [{"decision": "confirm"}, {"decision": "dismiss", "reason": WHY}]
)
def test_nobody_decides_on_a_request_that_is_not_known_yet(
    world: World, coordinator: Caller, decision: dict[str, str]
) -> None:
    """The worker hears of it before the projection that decisions are made by."""
    found, asked = Worker(), request_event("r1", needs=[need()], **UNTOLD)
    found.hears(asked, activity_event("a1"), kept=False)
    refused = decide(coordinator, key="once", **decision)
    assert refused.status_code == 409
    assert refused.json["type"].endswith("not-read-yet")
    keep_records(lambda: NOW)([asked])
    changed = request_event("r1", 2, needs=[need(amount_cents=16_500_000)], **UNTOLD)
    found.hears(changed, kept=False)
    assert decide(coordinator, key="once", **decision).status_code == 409
    keep_records(lambda: NOW)([changed])
    assert decide(coordinator, key="once", **decision).status_code == 200
    found.hears(request_event("r1", 3, needs=[need(amount_cents=15_000_000)], **UNTOLD))
    assert (coordinator.get(PATH).json["status"] == "open") == ("reason" in decision)


def test_lists_are_filtered(worker: Worker, coordinator: Caller) -> None:
    worker.hears(activity_event("a2"))
    assert len(coordinator.items("/v1/coverage")) == 4
    assert len(coordinator.items("/v1/coverage", activity="a2")) == 2
    decide(coordinator, decision="dismiss", reason=WHY)
    assert len(coordinator.items("/v1/coverage")) == 3
    assert len(coordinator.items("/v1/coverage", request="r1")) == 4
    (one,) = coordinator.items("/v1/coverage", request="r1", status="dismissed")
    assert one["reason"] == WHY
    others = coordinator.items("/v1/coverage", activity="a2")
    named = [one["id"], others[0]["id"], "none"]
    assert {case["id"] for case in coordinator.items("/v1/coverage", id=named)} == {*named[:2]}
    assert coordinator.items("/v1/coverage", id=named, status="dismissed") == [one]
    assert coordinator.items("/v1/coverage", request="r2") == []


def test_who_sees_what(worker: Worker, call: Callable[..., Caller]) -> None:
    for role in ("coordinator", "auditor", "operator"):
        assert len(call(role).items("/v1/coverage")) == 2
        assert call(role).get(HIDDEN).status_code == 200
    own, other = call("requester", state="SEN"), call("requester", state="MLI")
    assert len(own.items("/v1/coverage")) == 2
    assert own.get(HIDDEN).status_code == 200
    assert other.items("/v1/coverage", request="r1") == []
    assert other.get(PATH).status_code == 404
    donor = call("donor", organisation="66f0000000000000000000d1")
    assert donor.get("/v1/coverage").status_code == 403
    assert donor.get(PATH).status_code == 403


def test_only_the_coordinator_decides(worker: Worker, call: Callable[..., Caller]) -> None:
    for role, bound in (("auditor", {}), ("operator", {}), ("requester", {"state": "SEN"})):
        answer = decide(call(role, **bound), decision="dismiss", reason=WHY)
        assert answer.status_code == 403
    state = call("requester", state="SEN")
    decide(call("coordinator"), decision="dismiss", reason=WHY)
    assert state.get(PATH).json["reason"] is None


def test_readers_are_told_what_they_may_decide(worker: Worker, call: Callable[..., Caller]) -> None:
    coordinator, state = call("coordinator"), call("requester", state="SEN")
    assert coordinator.get(PATH).json["possible"] == ["confirm", "dismiss"]
    assert state.get(PATH).json["possible"] == []
    for decision, left in (
        ({"decision": "dismiss", "reason": WHY}, ["confirm"]),
        ({}, ["dismiss"]),
    ):
        decided = decide(coordinator, **{"decision": "confirm", **decision})
        assert decided.json["possible"] == left
    keep_records(lambda: NOW)([request_event("r1", 3, needs=[need(2)], **UNTOLD)])
    assert coordinator.get(PATH).json["possible"] == ["dismiss"]


def test_confirmed_it_lowers_the_open_need(
    worker: Worker, world: World, coordinator: Caller
) -> None:
    needs = [need()]
    events = [request_event("r1", needs=needs, **UNTOLD), offer_event("o1")]
    world.hears(events)
    (proposal,) = coordinator.items("/v1/proposals", request="r1")
    assert proposal["serves"][0]["of"] == 4
    answer = decide(coordinator, decision="confirm", quantity=3)
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["quantity"]) == ("confirmed", 3)
    world.hears_itself()
    (proposal,) = coordinator.items("/v1/proposals", request="r1")
    assert proposal["serves"][0]["of"] == 1
    decide(coordinator, decision="dismiss", reason=WHY)
    decide(coordinator, decision="confirm")
    world.hears_itself()
    (proposal,) = coordinator.items("/v1/proposals", request="r1")
    assert proposal["status"] == "superseded"
    worker.hears(activity_event("a1", 2, status="cancelled"))
    world.hears_itself()
    (proposal,) = coordinator.items("/v1/proposals", request="r1")
    assert proposal["serves"][0]["of"] == 4


def test_a_proposal_that_vanishes_says_what_covers_its_need(
    worker: Worker, world: World, call: Callable[..., Caller], coordinator: Caller
) -> None:
    machines = provision(1, capacity=9)
    world.hears(
        [
            request_event("r1", needs=[need(), need(2, confidential=True)], **UNTOLD),
            offer_event("o1", provisions=[machines], signature=None),
        ]
    )
    decide(coordinator, HIDDEN, decision="confirm", quantity=1)
    decide(coordinator, decision="confirm", quantity=3)
    world.hears_itself()
    (shrunk,) = coordinator.items("/v1/proposals", request="r1")
    assert (shrunk["status"], shrunk["displaced"]["lessened"]) == ("proposed", [1, 2])
    decide(coordinator, decision="dismiss", reason=WHY)
    decide(coordinator, decision="confirm")
    decide(coordinator, HIDDEN, decision="dismiss", reason=WHY)
    decide(coordinator, HIDDEN, decision="confirm")
    world.hears_itself()
    sentences = set()
    for language in LANGUAGES:
        shown = coordinator.get("/v1/proposals/r1.o1", language=language).json
        check_sentence(shown["displaced"]["sentence"], language)
        sentences.add(shown["displaced"]["sentence"])
    assert len(sentences) == len(LANGUAGES)
    assert (shown["status"], shown["displaced"]["code"]) == ("superseded", "superseded")
    assert {(one["activity"], one["by"]) for one in shown["displaced"]["rivals"]} == {
        ("a1", "coverage")
    }
    assert {one["coverage"] for one in shown["displaced"]["rivals"]} == {
        coverage_id("r1", line, "a1") for line in (1, 2)
    }
    assert {one["proposal"] for one in shown["displaced"]["rivals"]} == {None}
    event = Shortlist.objects.get(request="r1").event()
    check(event)
    (entry,) = event.data["entries"]
    assert {"coverage": coverage_id("r1", 1, "a1"), "by": "coverage"} in entry["displaced"]["by"]
    donor = call("donor", organisation=shown["organisation"]).get("/v1/proposals/r1.o1").json
    assert (donor["status"], donor["displaced"]["needs"]) == ("superseded", [1])
    assert donor["displaced"]["rivals"] == []
    state = call("requester", state="SEN").get("/v1/proposals/r1.o1").json
    assert len(state["displaced"]["rivals"]) == 2


def test_its_commitment_can_be_read_and_is_given_back_by_the_case_alone(
    worker: Worker, coordinator: Caller
) -> None:
    shown = decide(coordinator, decision="confirm").json
    path = f"/v1/commitments/{shown['commitment']}"
    commitment = coordinator.get(path).json
    assert (commitment["coverage"], commitment["offer"]) == (shown["id"], None)
    answer = coordinator.post(f"{path}/release")
    assert answer.status_code == 409
    assert answer.json["type"].endswith("coverage")
    assert held() == 4000


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"decision": "dismiss"}, "reason"),
        ({"decision": "dismiss", "reason": WHY, "quantity": 1}, "decision"),
        ({"decision": "confirm", "amount": 5, "currency": "USD"}, "quantity"),
        ({"decision": "confirm", "quantity": 0}, "quantity"),
        ({"decision": "confirm", "quantity": -1}, "quantity"),
        ({"decision": "confirm", "amount": 5}, "currency"),
        ({"decision": "think"}, "decision"),
        ({}, "decision"),
    ],
)
def test_what_cannot_be_decided_names_the_field(
    worker: Worker, coordinator: Caller, body: dict[str, Any], field: str
) -> None:
    answer = decide(coordinator, **body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert held() == 0


def test_more_than_is_needed_takes_the_need(worker: Worker, coordinator: Caller) -> None:
    answer = decide(coordinator, decision="confirm", quantity=100)
    assert answer.json["quantity"] == 4
    assert held() == 4000


def fault(answer: TestResponse) -> tuple[int, list[tuple[str, str]]]:
    errors = answer.json["errors"]
    return answer.status_code, [(error["field"], error["code"]) for error in errors]


PART = (422, [("quantity", "part-of-one")])


def test_of_what_is_counted_whole_no_part_is_covered(worker: Worker, coordinator: Caller) -> None:
    for parts in (1.5, 0.001, 10.5):  # above what is needed too
        assert fault(decide(coordinator, decision="confirm", quantity=parts)) == PART
    assert (case().status, held()) == ("open", 0)
    assert decide(coordinator, decision="confirm", quantity=3).json["quantity"] == 3


def finds(needs: list[dict[str, Any]], **given: Any) -> None:
    """Let a worker find what an activity, whose text is that of the request, covers of needs."""
    signature = validation.example(REQUEST)["signature"]
    activity = activity_event("a1", signature=signature, **given)
    Worker().hears(request_event("r1", needs=needs), activity)


@pytest.mark.parametrize("unit", ["kilograms", "person-months", None])
def test_of_what_has_parts_a_part_is_covered(
    world: World, coordinator: Caller, unit: str | None
) -> None:
    needs = [need(quantity=4, unit=unit)]
    finds(needs, unit=unit)
    assert decide(coordinator, decision="confirm", quantity=1.5).json["quantity"] == 1.5


def test_a_part_that_a_record_states_is_covered(world: World, coordinator: Caller) -> None:
    needs = [need(quantity=4.5), need(2, quantity=6)]
    finds(needs, quantity=2.5)
    second = f"/v1/coverage/{coverage_id('r1', 2, 'a1')}"
    for path in (PATH, second):
        assert fault(decide(coordinator, path, decision="confirm", quantity=1.5)) == PART
        # As much as the activity states, whether it is said or not.
        for said in ({"quantity": 2.5}, {}):
            confirmed = decide(coordinator, path, decision="confirm", **said)
            assert confirmed.json["quantity"] == 2.5
            decide(coordinator, path, decision="dismiss", reason=WHY)
    assert fault(decide(coordinator, second, decision="confirm", quantity=4.5)) == PART
    assert decide(coordinator, decision="confirm", quantity=4.5).json["quantity"] == 4.5
    decide(coordinator, decision="dismiss", reason=WHY)
    # All that is left of the need line, which states a part itself.
    reserve(Take("request", "r1", 1, "quantity", "machines", 3000), "another")
    assert decide(coordinator, decision="confirm", quantity=1.5).json["quantity"] == 1.5


def test_a_share_that_is_no_whole_number_has_to_be_said(world: World, coordinator: Caller) -> None:
    money = {"amount_cents": 1_000_000, "currency": "USD"}
    half = {**money, "amount_cents": 500_000, "quantity": None, "unit": None}
    needs = [need(quantity=3, **money), need(2, quantity=4, **money)]
    finds(needs, **half)
    assert (case().basis, case().part) == ("share", 0.5)
    assert fault(decide(coordinator, decision="confirm")) == PART
    assert decide(coordinator, decision="confirm", quantity=2).json["quantity"] == 2
    assert decide(coordinator, HIDDEN, decision="confirm").json["quantity"] == 2


def test_what_an_activity_gives_is_counted_to_the_thousandth(
    world: World, coordinator: Caller
) -> None:
    needs = [need(quantity=30_000)]
    finds(needs, quantity=10_000)
    assert decide(coordinator, decision="confirm").json["quantity"] == 10_000


def noted(shown: dict[str, Any]) -> dict[str, Any]:
    return {note["code"]: (note["quantity"], note["unit"]) for note in shown["notes"]}


def told(caller: Caller) -> set[str]:
    """What the notes say, in every language."""
    said = set()
    for language in LANGUAGES:
        for note in caller.get(PATH, language=language).json["notes"]:
            assert "{" not in note["sentence"]
            said.add(note["sentence"])
    return said


def test_of_an_activity_larger_than_the_need_the_rest_is_told(
    worker: Worker, coordinator: Caller
) -> None:
    worker.hears(activity_event("a1", 2, quantity=10))
    assert noted(coordinator.get(PATH).json) == {"beyond": (6, "machines")}
    shown = decide(coordinator, decision="confirm").json
    assert (shown["quantity"], noted(shown)) == (4, {"beyond": (6, "machines")})
    assert "6 machines beyond what need line 1 asks for" in " ".join(told(coordinator))
    assert len(told(coordinator)) == len(LANGUAGES)
    decide(coordinator, decision="dismiss", reason=WHY)
    shown = decide(coordinator, decision="confirm", quantity=100).json
    assert (shown["quantity"], noted(shown)) == (4, {"beyond": (96, "machines")})
    assert held() == 4000


def test_what_a_confirmed_case_waits_for_is_told(worker: Worker, coordinator: Caller) -> None:
    line = Take("request", "r1", 1, "quantity", "machines", 3000)
    reserve(line, "another")
    shown = decide(coordinator, decision="confirm").json
    assert (shown["quantity"], noted(shown)) == (1, {"waiting": (3, "machines")})
    assert len(told(coordinator)) == len(LANGUAGES)
    release(line, "another")
    sweep(NOW)
    shown = coordinator.get(PATH).json
    assert (shown["quantity"], noted(shown)) == (4, {})
    assert len(shown["commitments"]) == 2
    assert shown["commitment"] == shown["commitments"][0]


def test_that_an_activity_has_ended_is_told(worker: Worker, coordinator: Caller) -> None:
    decide(coordinator, decision="confirm")
    window = {"from": "2026-01-01", "to": "2099-12-31"}
    worker.hears(activity_event("a1", 2, window=window))
    worker.works(date(2100, 1, 1))
    shown = coordinator.get(PATH).json
    assert (shown["status"], shown["commitment"], held()) == ("ended", None, 0)
    assert noted(shown) == {"ended": (None, None)}
    assert "31 December 2099" in " ".join(told(coordinator))
    assert len(told(coordinator)) == len(LANGUAGES)
    (listed,) = coordinator.items("/v1/coverage", status="ended")
    assert listed["id"] == shown["id"]


def test_what_was_seen_has_to_be_what_is_there(worker: Worker, coordinator: Caller) -> None:
    etag = coordinator.get(PATH).headers["ETag"]
    body = {"decision": "confirm"}
    assert coordinator.post(f"{PATH}/decision", body).status_code == 428
    worker.hears(activity_event("a1", 2, quantity=5))
    assert coordinator.post(f"{PATH}/decision", body, etag=etag).status_code == 412


@pytest.mark.parametrize("body", [{"decision": "confirm"}, {"decision": "dismiss", "reason": WHY}])
def test_nobody_decides_on_a_need_that_has_changed_since_it_was_read(
    worker: Worker, coordinator: Caller, body: dict[str, str]
) -> None:
    """The projection has heard of it, and the worker has yet to compare it."""
    etag = coordinator.get(PATH).headers["ETag"]
    keep_records(lambda: NOW)([request_event("r1", 2, needs=[need(quantity=40)], **UNTOLD)])
    answer = coordinator.post(f"{PATH}/decision", body, etag=etag)
    assert answer.status_code == 412
    assert case().status == "open"
    (listed,) = coordinator.items("/v1/coverage", request="r1", id=case().id)
    assert f'"{listed["version"]}"' == coordinator.get(PATH).headers["ETag"] != etag
    assert decide(coordinator, **body).status_code == 200


def test_deciding_twice_with_one_key_decides_once(worker: Worker, coordinator: Caller) -> None:
    etag = coordinator.get(PATH).headers["ETag"]
    body = {"decision": "confirm"}
    first = coordinator.post(f"{PATH}/decision", body, etag=etag, key="k")
    again = coordinator.post(f"{PATH}/decision", body, etag=etag, key="k")
    assert first.json == again.json
    assert len(Commitment.objects) == 1
    answer = decide(coordinator, decision="confirm")
    assert answer.status_code == 409  # it is confirmed already


def test_what_is_open_no_more_is_not_confirmed(worker: Worker, coordinator: Caller) -> None:
    etag = coordinator.get(PATH).headers["ETag"]
    closed = request_event("r1", 2, status="closed", **UNTOLD)
    keep_records(lambda: NOW)([closed])
    answer = coordinator.post(f"{PATH}/decision", {"decision": "confirm"}, etag=etag)
    assert answer.status_code == 409
    assert answer.json["type"].endswith("not-open")
    assert case().status == "open"


def test_there_is_no_such_case(coordinator: Caller) -> None:
    assert coordinator.get("/v1/coverage/none").status_code == 404
