"""Allocations over HTTP: found, explained, accepted whole, once, or not at all."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from deploy.local.servers import wait_until
from services.matcher import acceptance, allocations, clockwork, commitments, settling
from services.matcher.acceptance import recover
from services.matcher.allocation_documents import KeptAllocation
from services.matcher.documents import Commitment, Match
from services.matcher.ledger_documents import LedgerLine
from shared.web.awaited import Awaited
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import call_event, need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

NGO = "66f0000000000000000000d2"
LINES = [{"side": side, "line": 1, "quantity": 1} for side in ("request", "offer")]
MONEY = {"capacity": None, "unit": None, "amount_cents": 5_000_000, "currency": "USD"}


@pytest.fixture
def known(world: World) -> World:
    """Two requests for machines, one of them urgent; five machines, and money, are offered."""
    unpriced = {"amount_cents": None, "currency": None}
    world.hears(
        [
            request_event("r1", priority="low", needs=[need(1, quantity=4, **unpriced)]),
            request_event("r2", priority="critical", needs=[need(1, quantity=4, **unpriced)]),
            offer_event("o1", provisions=[provision(1, capacity=5)]),
        ]
    )
    return world


def allocation(caller: Caller, **query: Any) -> dict[str, Any]:
    """The allocation now."""
    answer = caller.get("/v1/allocation", **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def given(found: dict[str, Any]) -> dict[str, list[tuple[str, int, float]]]:
    """What each proposal commits: side, line, and how much."""
    return {
        one["proposal"]: [
            (line["side"], line["line"], line["quantity"] or line["amount"])
            for line in one["lines"]
        ]
        for one in found["first_commitments"]
    }


@pytest.mark.usefixtures("repeated_inserts")
def test_an_allocation_whose_inserts_the_driver_repeats_is_found(
    known: World, coordinator: Caller
) -> None:
    assert set(given(allocation(coordinator))) == {"r1.o1", "r2.o1"}


def test_one_that_takes_long_to_find_is_found_once_for_all_who_ask(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    del known
    found, may_go_on = allocations.find, threading.Event()

    def late(*asked: Any) -> str:
        may_go_on.wait(60)
        return found(*asked)

    monkeypatch.setattr(allocations, "find", late)
    monkeypatch.setattr("shared.web.awaited.SOON", 0.0)
    monkeypatch.setattr("services.matcher.api.allocation._FINDING", Awaited(0.05))
    for _ in range(2):
        refused = coordinator.get("/v1/allocation")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "20")
        assert refused.json["type"].endswith("being-found")
    may_go_on.set()
    wait_until(lambda: coordinator.get("/v1/allocation").status_code == 200, 60, "an allocation")


def test_the_more_urgent_need_is_met_first(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    assert given(found) == {
        "r1.o1": [("request", 1, 1), ("offer", 1, 1)],
        "r2.o1": [("request", 1, 4), ("offer", 1, 4)],
    }
    assert [one["priority"] for one in found["first_commitments"]] == ["critical", "low"]
    assert (found["status"], found["gap"], found["solvers"]) == ("computed", 0.0, {"flow": 1})
    assert found["value"] >= found["greedy_value"] > 0
    (donor,) = found["donors"]
    assert donor["asked"] == [{"unit": "machines", "quantity": 5, "amount": None}]
    assert {line["theme"] for one in found["first_commitments"] for line in one["lines"]} == {
        "marking"
    }
    (left,) = found["first_unmet"]
    assert (left["request"], left["theme"], left["unmet"]["quantity"]) == ("r1", "marking", 3)
    assert (left["reason"], left["offers"]) == ("used-up", ["o1"])
    assert allocation(coordinator)["id"] == found["id"]


def test_what_is_met_is_told_in_sum(known: World, coordinator: Caller) -> None:
    """Of eight machines five: all of the four that count eightfold, and one of the other four."""
    found = allocation(coordinator)
    share = pytest.approx((8 + 0.25) / 9, abs=1e-5)
    met = {"lines": 2, "whole": 1, "part": 1, "share": share}
    assert found["needs"] == met
    assert found["themes"] == [{"theme": "marking", **met}]
    assert [one["share"] for one in found["donors"]] == [share]


def test_pages_tell_all_of_it(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    path = f"/v1/allocations/{found['id']}"
    first = coordinator.get(f"{path}/commitments", limit=1).json
    second = coordinator.get(f"{path}/commitments", limit=1, cursor=first["next"]).json
    assert [*first["items"], *second["items"]] == found["first_commitments"]
    (left,) = coordinator.items(f"{path}/unmet", language="fr")
    assert left["sentence"].startswith("Ce qui pourrait y répondre")
    assert coordinator.get(path).json == found
    assert coordinator.get("/v1/allocations/none").status_code == 404


def test_money_pays_for_machines_up_to_the_ceiling(world: World, coordinator: Caller) -> None:
    """Of 42,000 dollars a machine, 100,000 pay for two."""
    funding = provision(1, kind="funding", **{**MONEY, "amount_cents": 30_000_000})
    world.hears(
        [
            request_event("r1", needs=[need(1, quantity=4, amount_cents=16_800_000)]),
            offer_event(
                "o1", provisions=[funding], ceiling_cents=10_000_000, ceiling_currency="USD"
            ),
        ]
    )
    found = allocation(coordinator)
    assert given(found) == {"r1.o1": [("request", 1, 2), ("offer", 1, 84_000)]}
    assert [one["reason"] for one in found["first_unmet"]] == ["ceiling"]
    accepted = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted")


def test_offers_under_a_call_share_its_fund_and_its_ceiling(
    world: World, coordinator: Caller
) -> None:
    """A machine is 1,000 dollars: the call has five of them, and three for one project."""
    priced = provision(1, capacity=10, amount_cents=1_000_000, currency="USD")
    world.hears(
        [
            call_event("c", fund_cents=500_000, ceiling_cents=300_000),
            request_event("r1", priority="critical", needs=[need(1, quantity=8)]),
            request_event("r2", priority="low", needs=[need(1, quantity=8)]),
            *(offer_event(one, provisions=[priced], call="c") for one in ("o1", "o2")),
        ]
    )
    found = allocation(coordinator)
    met = {"r1": 0.0, "r2": 0.0}
    for proposal, lines in given(found).items():
        met[proposal[:2]] += lines[0][2]
    assert (met, found["gap"]) == ({"r1": 3, "r2": 2}, 0.0)
    assert {one["reason"] for one in found["first_unmet"]} == {"fund"}
    accepted = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted")
    drawn = {line.record: line.held for line in LedgerLine.objects(side__in=["call", "project"])}
    assert drawn == {"c": 500_000, "c.r1": 300_000, "c.r2": 200_000}
    world.hears_itself()
    after = allocation(coordinator)
    assert (after["first_commitments"], len(after["first_unmet"])) == ([], 2)


@pytest.mark.parametrize("closed", [None, {"status": "removed"}])
def test_a_call_that_is_not_open_gives_nothing(
    world: World, coordinator: Caller, closed: dict[str, Any] | None
) -> None:
    calls = [] if closed is None else [call_event("c", fund_cents=500_000, **closed)]
    unpriced = {"amount_cents": None, "currency": None}
    world.hears([*calls, request_event("r1"), offer_event("o1", call="c")])
    assert allocation(coordinator)["first_commitments"] == []
    world.hears([call_event("c", 2, fund_cents=500_000)])
    world.hears([offer_event("o1", 2, call="c", provisions=[provision(1, **unpriced)])])
    found = allocation(coordinator)
    assert [one["reason"] for one in found["first_unmet"]] == ["unit-mismatch"]


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ({}, "unit-mismatch"),
        ({"window": {"from": "2020-01-01", "to": "2021-01-01"}}, "out-of-time"),
        ({"eligibility": {"countries": ["FJI"], "regions": [], "groups": []}}, "not-eligible"),
        ({"provisions": [provision(1, theme="awareness", kind="training")]}, "no-offer"),
        (None, "no-offer"),
    ],
)
def test_why_a_need_is_not_met(
    world: World, coordinator: Caller, offer: dict[str, Any] | None, reason: str
) -> None:
    unpriced = {"amount_cents": None, "currency": None}
    events = [request_event("r1", needs=[need(1, **unpriced)])]
    if offer is not None:
        money = {"provisions": [provision(1, kind="funding", **MONEY)], **offer}
        events.append(offer_event("o1", **money))
    world.hears(events)
    found = allocation(coordinator)
    assert [one["reason"] for one in found["first_unmet"]] == [reason]
    assert found["first_commitments"] == []


def test_what_if(known: World, coordinator: Caller) -> None:
    base = allocation(coordinator)
    for found in (
        allocation(coordinator, without="r2"),
        coordinator.post("/v1/allocation/what-if", {"without": ["r2"]}).json,
    ):
        assert given(found) == {"r1.o1": [("request", 1, 4), ("offer", 1, 4)]}
        assert (found["without"], found["id"] != base["id"]) == (["r2"], True)
    assert allocation(coordinator, without="o1")["first_commitments"] == []
    assert coordinator.post("/v1/allocation/what-if", {"without": [7]}).status_code == 422


def test_accepting_makes_exactly_its_endorsements_and_holds(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    found = allocation(coordinator)
    until = clock.now + timedelta(days=7)
    body = {"id": found["id"], "expires_at": until.isoformat()}
    for _ in range(2):
        answer = coordinator.post("/v1/allocation/accept", body)
        assert answer.status_code == 200, answer.text
        assert (answer.json["status"], answer.json["held"]) == ("accepted", 2)
    held = {one.match: one for one in Commitment.objects}
    assert {one.id for one in held.values()} == {
        one["commitment"] for one in found["first_commitments"]
    }
    for one in found["first_commitments"]:
        commitment = held[one["proposal"]]
        assert (commitment.status, commitment.expires_at) == ("held", until)
        assert [(line.side, line.line, line.amount / 1000) for line in commitment.lines] == given(
            found
        )[one["proposal"]]
    assert {match.id: match.status for match in Match.objects} == dict.fromkeys(held, "endorsed")
    assert {match.answer_by for match in Match.objects} == {until}
    assert LedgerLine.objects.get(record="o1").free == 0
    clock.now = until
    assert commitments.expire(clock.now) == 2
    assert LedgerLine.objects.get(record="o1").free == 5000


def test_what_both_sides_agree_to_stays_held_and_the_rest_is_given_back(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    found = allocation(coordinator)
    assert coordinator.post("/v1/allocation/accept", {"id": found["id"]}).status_code == 200
    (one,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert (one["status"], one["provisional"], one["expires_at"] is None) == ("held", True, False)
    refused = coordinator.post("/v1/commitments", {"proposal": "r1.o1", "lines": LINES})
    assert (refused.status_code, refused.json["type"].rpartition(":")[2]) == (409, "not-agreed")
    coordinator.consented("r1.o1")
    (one,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert (one["status"], one["provisional"], one["expires_at"]) == ("held", False, None)
    steps = coordinator.life("r1.o1")["history"]
    assert [step["action"] for step in steps] == ["endorse", "donor-agree", "agree", "commit"]
    assert steps[-1]["at"] == steps[-2]["at"]  # by which the match's page tells what it followed
    later = clock.now + timedelta(days=40)
    commitments.expire(later)
    clockwork.sweep(later)
    assert {m.id: m.status for m in Match.objects} == {"r1.o1": "committed", "r2.o1": "lapsed"}
    assert LedgerLine.objects.get(record="o1").held == 1000


@pytest.mark.parametrize("says", ["decline", "reject"])
def test_what_is_held_of_a_pair_that_somebody_declines_is_given_back(
    known: World, coordinator: Caller, says: str
) -> None:
    found = allocation(coordinator)
    coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    _, state = coordinator.parties("r2.o1")
    if says == "decline":
        assert state.answer("r2.o1", "decline", reason="We have some.").status_code == 200
    else:
        coordinator.decide("r2.o1", "reject", reason="They have some.")
    assert LedgerLine.objects.get(record="o1").held == 1000
    assert Match.objects.get(id="r2.o1").holds == []
    assert Match.objects.get(id="r2.o1").owes is None


def test_a_hold_is_not_given_back_by_a_sweep_that_comes_between_agreeing_and_keeping(
    known: World, coordinator: Caller, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    coordinator.post("/v1/allocation/accept", {"id": allocation(coordinator)["id"]})
    donor, state = coordinator.parties("r1.o1")
    donor.answer("r1.o1")

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    accepts = [one["hash"] for one in state.life("r1.o1")["conditions"]]
    with monkeypatch.context() as patch:
        patch.setattr(settling, "_keep", dies)
        assert state.answer("r1.o1", accepts=accepts).status_code == 500
    later = clock.now + timedelta(days=40)
    assert commitments.expire(later) == 1  # the other pair's
    assert settling.sweep(later) == 1
    (one,) = coordinator.items("/v1/commitments", proposal="r1.o1")
    assert (one["status"], one["expires_at"]) == ("held", None)


def test_what_is_held_for_the_proposal_itself_is_left_for_its_pledge(
    known: World, coordinator: Caller
) -> None:
    assert given(allocation(coordinator))["r2.o1"] == [("request", 1, 4), ("offer", 1, 4)]
    coordinator.post("/v1/allocation/accept", {"id": allocation(coordinator)["id"]})
    donor, _ = coordinator.parties("r2.o1")
    found = {
        pledge: donor.answer("r2.o1", pledges=[{"line": 1, "quantity": pledge}])
        for pledge in (3, 5, 4)
    }
    assert [found[pledge].status_code for pledge in found] == [422, 422, 200]
    named = [(one["field"], one["code"]) for n in (3, 5) for one in found[n].json["errors"]]
    assert named == [("pledges", "too_small"), ("pledges[0].quantity", "more-than-left")]


def test_what_the_donor_has_pledged_for_is_left_out(known: World, coordinator: Caller) -> None:
    coordinator.decide("r2.o1", "endorse")
    donor, _ = coordinator.parties("r2.o1")
    donor.answer("r2.o1", pledges=[{"line": 1, "quantity": 3}])
    assert list(given(allocation(coordinator))) == ["r1.o1"]


def test_two_who_accept_at_once_make_it_once(known: World, call: Callable[..., Caller]) -> None:
    callers = [call("coordinator") for _ in range(4)]
    id_ = allocation(callers[0])["id"]
    with ThreadPoolExecutor(len(callers)) as pool:
        answers = list(
            pool.map(lambda one: one.post("/v1/allocation/accept", {"id": id_}), callers)
        )
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert KeptAllocation.objects.get(id=id_).status == "accepted"
    assert Commitment.objects(status="held").count() == Commitment.objects.count() == 2
    assert LedgerLine.objects.get(record="o1").held == 5000


def test_who_accepts_by_a_subject_that_is_an_address_is_kept_by_its_digest(
    known: World, call: Callable[..., Caller]
) -> None:
    caller = call("coordinator", subject="qzvexor@state.example")
    id_ = allocation(caller)["id"]
    assert caller.post("/v1/allocation/accept", {"id": id_}).json["status"] == "accepted"
    digest = KeptAllocation.objects.get(id=id_).subject
    assert digest.startswith("sha256:")
    steps = [step for match in Match.objects for step in match.history]
    assert {step.subject for step in steps if step.role == "coordinator"} == {digest}


def test_what_changed_meanwhile_is_not_accepted(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    known.hears([offer_event("o1", 2, provisions=[provision(1, capacity=3)])])
    answer = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
    assert (answer.status_code, answer.json["type"]) == (409, "urn:entraide:problem:changed")
    assert Commitment.objects.count() == Match.objects.count() == 0
    assert allocation(coordinator)["id"] != found["id"]


def test_if_one_is_refused_all_are_given_back(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody takes the machines between the look at what is open and the last commitment."""
    found = allocation(coordinator)
    real = commitments.begin

    def begin(id_: str, match: Match, *rest: Any, **more: Any) -> Commitment:
        if match.request == "r1":
            LedgerLine.objects(record="o1").update(dec__free=1000, inc__held=1000)
        return real(id_, match, *rest, **more)

    monkeypatch.setattr(commitments, "begin", begin)
    for _ in range(2):
        answer = coordinator.post("/v1/allocation/accept", {"id": found["id"]})
        assert (answer.status_code, answer.json["type"]) == (409, "urn:entraide:problem:refused")
        assert "r1.o1" in answer.json["detail"]
        refused = answer.json["refused"]
        assert (refused["proposal"], refused["code"]) == ("r1.o1", "not-enough-left")
        assert refused["shortage"]["side"] == "offer"
    assert Commitment.objects(status="held").count() == 0
    assert LedgerLine.objects.get(record="r2").held == 0


@pytest.mark.parametrize("died_at", [1, 2])
def test_what_died_half_way_is_finished_by_its_repeat_or_the_sweep(
    known: World,
    coordinator: Caller,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    died_at: int,
) -> None:
    found = allocation(coordinator)
    real, calls = commitments.finish, 0

    def dies(*arguments: Any) -> Commitment:
        nonlocal calls
        calls += 1
        if calls == died_at:
            raise RuntimeError("killed")
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(commitments, "finish", dies)
        body = {"id": found["id"]}
        assert coordinator.post("/v1/allocation/accept", body).status_code == 500
    if died_at == 1:
        assert coordinator.post("/v1/allocation/accept", body).json["status"] == "accepted"
    else:
        assert recover(clock.now) == 0
        assert recover(clock.now + acceptance.GRACE) == 1
    assert KeptAllocation.objects.get(id=found["id"]).status == "accepted"
    assert Commitment.objects(status="held").count() == Commitment.objects.count() == 2


def choose(caller: Caller, found: dict[str, Any], *proposals: str) -> dict[str, Any]:
    """What comes of accepting some."""
    path = f"/v1/allocations/{found['id']}/accept"
    answer = caller.post(path, {"proposals": list(proposals)})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json
    return body


def test_some_are_accepted_each_for_itself(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    for _ in range(2):
        chosen = choose(coordinator, found, "r1.o1")
        assert chosen == {"held": ["r1.o1"], "refused": [], "left": []}
    assert Commitment.objects.get().id == found["first_commitments"][1]["commitment"]
    assert Match.objects.get().status == "endorsed"
    path = "/v1/allocation/accept"
    assert coordinator.post(path, {"id": found["id"]}).json["type"].endswith(":changed")
    assert choose(coordinator, found, "r2.o1")["held"] == ["r2.o1"]
    assert Commitment.objects(status="held").count() == 2


def test_one_that_is_refused_takes_none_with_it(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    assert coordinator.decide("r2.o1", "reject", reason="not now").status_code == 200
    chosen = choose(coordinator, found, "r2.o1", "r1.o1")
    assert chosen["held"] == ["r1.o1"]
    assert [(one["proposal"], one["code"]) for one in chosen["refused"]] == [("r2.o1", "declined")]


def test_of_what_was_taken_meanwhile_nothing_is_held(known: World, coordinator: Caller) -> None:
    found = allocation(coordinator)
    known.hears([request_event("r3", needs=[need(1, quantity=5)])])
    coordinator.agreed("r3.o1")
    lines = [{**line, "quantity": 5} for line in LINES]
    made = coordinator.post("/v1/commitments", {"proposal": "r3.o1", "lines": lines})
    assert made.status_code == 201, made.text
    chosen = choose(coordinator, found, "r2.o1")
    (refused,) = chosen["refused"]
    assert (chosen["held"], refused["code"]) == ([], "not-enough-left")
    assert refused["shortage"]["left"] < refused["shortage"]["asked"]
    # As whoever commits it by itself is told.
    coordinator.consented("r2.o1")
    lines = [{**line, "quantity": refused["shortage"]["asked"]} for line in LINES]
    alone = coordinator.post("/v1/commitments", {"proposal": "r2.o1", "lines": lines})
    assert (alone.status_code, alone.json["type"].rpartition(":")[2]) == (409, refused["code"])
    assert alone.json["shortage"] == refused["shortage"]
    assert Commitment.objects(status="held").count() == 1


def test_choosing_what_is_not_there_or_in_the_past_is_refused(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    found = allocation(coordinator)
    path = f"/v1/allocations/{found['id']}/accept"
    past = {"proposals": ["r1.o1"], "expires_at": clock.now.isoformat()}
    for body, field in (
        ({"proposals": []}, "proposals"),
        ({"proposals": ["r9.o1"]}, "proposals[0]"),
        (past, "expires_at"),
    ):
        answer = coordinator.post(path, body)
        assert answer.status_code == 422, answer.text
        assert [one["field"] for one in answer.json["errors"]] == [field]
    assert Commitment.objects.count() == 0


def test_what_takes_long_is_done_in_turns(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"id": allocation(coordinator)["id"]}
    with monkeypatch.context() as patch:
        patch.setattr(acceptance.go_on, "__defaults__", (0.0,))
        answer = coordinator.post("/v1/allocation/accept", body)
        assert (answer.status_code, answer.json["status"]) == (200, "accepting")
    assert coordinator.post("/v1/allocation/accept", body).json["status"] == "accepted"


def test_endorsed_and_rejected_proposals_are_respected(known: World, coordinator: Caller) -> None:
    assert coordinator.decide("r2.o1", "reject", reason="not now").status_code == 200
    known.hears_itself()
    found = allocation(coordinator)
    assert given(found) == {"r1.o1": [("request", 1, 4), ("offer", 1, 4)]}
    assert len(found["first_unmet"]) == 1


def test_who_may(known: World, call: Callable[..., Caller], coordinator: Caller) -> None:
    body = {"id": allocation(coordinator)["id"]}
    for role in ("auditor", "operator"):
        assert call(role).get("/v1/allocation").status_code == 200
        assert call(role).post("/v1/allocation/accept", body).status_code == 403
    for caller in (call("requester", state="SEN"), call("donor", organisation=NGO)):
        assert caller.get("/v1/allocation").status_code == 403
        assert caller.get(f"/v1/allocations/{body['id']}/unmet").status_code == 403


def test_bad_acceptances_are_refused(known: World, coordinator: Caller, clock: Clock) -> None:
    past = {"id": allocation(coordinator)["id"], "expires_at": clock.now.isoformat()}
    assert coordinator.post("/v1/allocation/accept", past).status_code == 422
    assert coordinator.post("/v1/allocation/accept", {"id": "none"}).status_code == 404
    assert coordinator.post("/v1/allocation/accept", {}).status_code == 422
