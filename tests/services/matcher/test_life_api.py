"""The life of a proposal over HTTP: consent, delivery, figures, follow-ups, rights, two windows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from services.matcher import clockwork
from services.matcher.commitments import expire
from services.matcher.documents import Commitment, Match
from services.matcher.domain import PROPOSAL
from services.matcher.life_schemas import AssessmentBody
from shared.events.envelope import check
from shared.web.database import current_database
from shared.web.idempotency import COLLECTION
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

DONOR, OTHER = "66f0000000000000000000d1", "66f0000000000000000000d2"
FIRST, SECOND = "1" * 32, "2" * 32
CONDITIONS = [{"kind": "reporting", "hash": FIRST}, {"kind": "procurement", "hash": SECOND}]
LINES = [{"side": side, "line": 1, "quantity": 3} for side in ("request", "offer")]
PAIR = "r.o"
PATH = f"/v1/proposals/{PAIR}"


@pytest.fixture
def known(world: World) -> World:
    """A request, a conditional offer of ten machines and one without conditions."""
    world.hears(
        [
            request_event("r", needs=[need(1, quantity=4)]),
            offer_event("o", conditions=CONDITIONS),
            offer_event("free", conditions=[]),
        ]
    )
    return world


@pytest.fixture
def donor(call: Callable[..., Caller]) -> Caller:
    """The donor of the offers."""
    return call("donor", organisation=DONOR)


@pytest.fixture
def state(call: Callable[..., Caller]) -> Caller:
    """The State of the request."""
    return call("requester", state="SEN")


@pytest.fixture
def endorsed(known: World, coordinator: Caller) -> World:
    """The conditional offer is endorsed."""
    assert coordinator.decide(PAIR, "endorse").status_code == 200
    return known


@pytest.fixture
def committed(endorsed: World, coordinator: Caller) -> str:
    """Three machines of it are committed; the commitment's id."""
    coordinator.consented(PAIR)
    made = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": LINES})
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def code(answer: Any) -> tuple[int, str]:
    """Status and problem of an answer."""
    return answer.status_code, answer.json["type"].rpartition(":")[2]


def fields(answer: Any) -> list[str]:
    """The fields that a problem names."""
    return [error["field"] for error in answer.json["errors"]]


def actions(caller: Caller) -> list[tuple[str, str]]:
    """What was done, and by which role."""
    return [(step["action"], step["role"]) for step in caller.life(PAIR)["history"]]


@pytest.mark.parametrize("says", ["agree", "decline"])
def test_an_answer_after_its_time_is_late_though_no_worker_has_come_by(
    endorsed: World, call: Callable[..., Caller], clock: Clock, says: str
) -> None:
    def answers() -> Any:
        return call("donor", organisation=DONOR, now=clock.now).answer(PAIR, says, reason="So.")

    clock.now += timedelta(days=30)
    assert code(answers()) == (409, "lapsed")
    clock.now -= timedelta(minutes=1)
    assert answers().status_code == 200


def test_the_straight_way(
    endorsed: World, coordinator: Caller, donor: Caller, state: Caller, clock: Clock
) -> None:
    assert coordinator.life(PAIR)["waiting_for"] == ["donor", "state"]
    pledge = [{"line": 1, "quantity": 4}]
    said = donor.answer(PAIR, pledges=pledge, reason="From the depot in Dakar.")
    assert (said.status_code, said.json["status"]) == (200, "donor-agreed")
    assert said.json["waiting_for"] == ["state"]
    said = state.answer(PAIR, accepts=[FIRST, SECOND])
    assert (said.status_code, said.json["status"]) == (200, "agreed")
    assert all(one["accepted_at"] for one in said.json["conditions"])
    above = [{**line, "quantity": 5} for line in LINES]
    refused = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": above})
    assert code(refused) == (409, "not-enough-left")
    made = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": LINES})
    assert made.status_code == 201
    assert donor.life(PAIR)["possible"] == ["start"]
    assert donor.step(PAIR, "delivery", {"step": "start"}).json["status"] == "delivering"
    told = {"lines": [{"line": 1, "quantity": 3}], "text": "All shipped."}
    assert donor.step(PAIR, "figures", told).status_code == 200
    told = {"lines": [{"line": 1, "quantity": 2}], "text": "One was missing."}
    shown = state.step(PAIR, "figures", told).json
    assert shown["figures"] == [
        {
            "line": 1,
            "measure": "quantity",
            "unit": "machines",
            "pledged": 4,
            "committed": 3,
            "disbursed": 3,
            "received": 2,
            "difference": 1,
        }
    ]
    assert [(one["side"], one["text"]) for one in shown["reports"]] == [
        ("donor", "All shipped."),
        ("state", "One was missing."),
    ]
    # What is told later counts instead: the third machine came.
    shown = state.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 3}]}).json
    assert shown["figures"][0]["difference"] == 0
    told_of = Match.objects.get(id=PAIR).event().data
    assert [(one["side"], one["amount"]) for one in told_of["pledged"]] == [
        ("offer", 4000),
        ("request", 4000),
    ]
    assert [(one["side"], one["amount"]) for one in told_of["reported"]] == [
        ("donor", 3000),
        ("state", 3000),
    ]
    done = state.step(PAIR, "delivery", {"step": "deliver", "reason": "All is in use."})
    assert done.json["status"] == "delivered"
    early = state.step(PAIR, "follow-ups/3/assessment", SCORES)
    assert code(early) == (409, "not-asked")
    assert code(state.step(PAIR, "follow-ups/4/assessment", SCORES)) == (404, "not-found")

    clockwork.sweep(clock.now + timedelta(days=100))
    assert state.life(PAIR)["status"] == "follow-up"
    reply = {"text": "Spare parts follow."}
    assert code(donor.step(PAIR, "follow-ups/3/reply", reply)) == (409, "not-answered")
    said = state.step(PAIR, "follow-ups/3/assessment", {**SCORES, "text": "No spare parts."})
    assert said.status_code == 200, said.text
    assert code(state.step(PAIR, "follow-ups/3/assessment", SCORES)) == (409, "answered")
    assert donor.life(PAIR)["follow_ups"][0]["text"] == "No spare parts."
    assert donor.step(PAIR, "follow-ups/3/reply", reply).status_code == 200
    assert code(donor.step(PAIR, "follow-ups/3/reply", reply)) == (409, "answered")
    clockwork.sweep(clock.now + timedelta(days=400))
    last = state.step(PAIR, "follow-ups/12/assessment", {**SCORES, **AIMS})
    assert last.status_code == 200
    assert [(one["objectives"], one["objectives_reached"]) for one in last.json["follow_ups"]] == [
        (None, None),
        (3, 2),
    ]
    clockwork.sweep(clock.now + timedelta(days=491))
    assert state.life(PAIR)["status"] == "closed"
    assert actions(coordinator) == [
        ("endorse", "coordinator"),
        ("donor-agree", "donor"),
        ("agree", "requester"),
        ("commit", "coordinator"),
        ("start", "donor"),
        ("report", "donor"),
        ("report", "requester"),
        ("report", "requester"),
        ("deliver", "requester"),
        ("follow-up", "matcher"),
        ("ask", "matcher"),
        ("assess", "requester"),
        ("reply", "donor"),
        ("ask", "matcher"),
        ("assess", "requester"),
        ("close", "matcher"),
    ]
    # Nothing is held any less by it, and nothing more can be done.
    assert Commitment.objects.get(id=made.json["id"]).status == "held"
    assert PROPOSAL.is_final("closed")
    assert code(donor.step(PAIR, "figures", told)) == (409, "illegal-transition")
    assert code(coordinator.post(f"/v1/commitments/{made.json['id']}/release")) == (
        409,
        "delivered",
    )
    # The donor may still answer to the last assessment.
    assert donor.step(PAIR, "follow-ups/12/reply", reply).status_code == 200


SCORES = {"adequate": 4, "effective": 5, "sustainable": 2}
AIMS = {"objectives": 3, "objectives_reached": 2}
SECRETS = "Xyzzy plugh"


def test_no_word_that_was_said_is_in_the_event(
    committed: str, donor: Caller, state: Caller, clock: Clock
) -> None:
    donor.step(PAIR, "delivery", {"step": "start", "reason": SECRETS})
    donor.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 3}], "text": SECRETS})
    donor.step(PAIR, "delivery", {"step": "deliver", "reason": SECRETS})
    clockwork.sweep(clock.now + timedelta(days=100))
    state.step(PAIR, "follow-ups/3/assessment", {**SCORES, "text": SECRETS})
    donor.step(PAIR, "follow-ups/3/reply", {"text": SECRETS})
    event = Match.objects.get(id=PAIR).event()
    check(event)
    assert SECRETS not in str(event)
    asked, _ = event.data["follow_ups"]
    assert {name: asked[name] for name in SCORES} == SCORES
    assert [one["hash"] for one in event.data["accepted"]] == [FIRST, SECOND]
    assert str(donor.life(PAIR)).count(SECRETS) == 5


@pytest.mark.parametrize("who", ["donor", "state"])
@pytest.mark.parametrize("after", [(), ("donor",), ("state",), ("donor", "state")])
def test_either_may_decline_until_something_is_committed(
    endorsed: World,
    coordinator: Caller,
    donor: Caller,
    state: Caller,
    who: str,
    after: tuple[str, ...],
) -> None:
    callers = {"donor": donor, "state": state}
    for one in after:
        accepts = [FIRST, SECOND] if one == "state" else []
        assert callers[one].answer(PAIR, accepts=accepts).status_code == 200
    assert fields(callers[who].answer(PAIR, "decline")) == ["reason"]
    said = callers[who].answer(PAIR, "decline", reason="The plan has changed.")
    assert (said.status_code, said.json["status"]) == (200, "declined")
    for reader in (donor, state, coordinator):
        assert reader.life(PAIR)["history"][-1]["said"] == "The plan has changed."
    assert code(coordinator.decide(PAIR, "endorse")) == (409, "illegal-transition")
    for one in (donor, state):
        assert code(one.answer(PAIR, "decline", reason="No.")) == (409, "illegal-transition")
    endorsed.hears_itself()
    assert PAIR not in [one["id"] for one in coordinator.items("/v1/proposals", request="r")]


def test_a_declined_pair_comes_back_when_a_side_changes(
    endorsed: World, coordinator: Caller, state: Caller
) -> None:
    # What was changed before the no does not bring it back, for the no was said to that.
    endorsed.hears([request_event("r", 2, needs=[need(1, quantity=5)])])
    state.answer(PAIR, "decline", reason="We have some.")
    endorsed.hears_itself()
    assert state.life(PAIR)["status"] == "declined"
    endorsed.hears([request_event("r", 3, needs=[need(1, quantity=9)])])
    assert state.life(PAIR)["status"] == "proposed"
    shown = state.get(PATH).json
    assert shown["came_back"]["sides"] == ["request"]


def test_after_a_commitment_nobody_declines_but_both_may_release(
    committed: str, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    for one in (donor, state):
        assert code(one.answer(PAIR, "decline", reason="No.")) == (409, "illegal-transition")
    path = f"/v1/commitments/{committed}/release"
    assert fields(donor.post(path)) == ["reason"]
    given = donor.post(path, {"reason": "The depot burnt down."})
    assert (given.status_code, given.json["status"]) == (200, "released")
    for reader in (donor, state, coordinator):
        told = reader.get(f"/v1/commitments/{committed}").json
        assert told["reason"] == "The depot burnt down."
    assert state.life(PAIR)["status"] == "released"
    told = coordinator.life(PAIR)["history"][-2:]
    assert [(one["action"], one["role"], one["party"]) for one in told] == [
        ("commit", "coordinator", None),
        ("release", "donor", DONOR),
    ]
    assert all(one["subject"] for one in told)
    assert not any(one["subject"] for one in state.life(PAIR)["history"])
    assert state.answer(PAIR, "decline", reason="Too late then.").json["status"] == "declined"


def test_a_condition_has_to_be_accepted_by_its_text(
    endorsed: World, state: Caller, donor: Caller
) -> None:
    for accepts in ([], [FIRST], [SECOND]):
        answer = state.answer(PAIR, accepts=accepts)
        assert (answer.status_code, set(fields(answer))) == (422, {"accepts"})
    assert len(fields(state.answer(PAIR, accepts=[]))) == 2
    assert fields(state.answer(PAIR, accepts=[FIRST, SECOND, "3" * 32])) == ["accepts"]
    assert fields(state.answer(PAIR, accepts=["reporting"])) == ["accepts[0]"]
    assert fields(donor.answer(PAIR, accepts=[FIRST])) == ["accepts"]
    assert fields(state.answer(PAIR, refuses=[FIRST])) == ["refuses"]
    assert fields(state.answer(PAIR, "decline", reason="x", refuses=["4" * 32])) == ["refuses"]
    assert fields(state.answer(PAIR, pledges=[{"line": 1, "quantity": 1}])) == ["pledges"]
    assert state.life(PAIR)["status"] == "endorsed"


@pytest.mark.parametrize("unit", ["machines", "persons"])
def test_of_what_is_counted_whole_no_part_is_pledged_or_reported(
    known: World, coordinator: Caller, donor: Caller, state: Caller, unit: str
) -> None:
    known.hears(
        [
            request_event("r2", needs=[need(1, quantity=4, unit=unit)]),
            offer_event("o2", conditions=[], provisions=[provision(1, capacity=4.5, unit=unit)]),
        ]
    )
    coordinator.decide("r2.o2", "endorse")
    refused = donor.answer("r2.o2", pledges=[{"line": 1, "quantity": 2.5}])
    assert (refused.status_code, fields(refused)) == (422, ["pledges[0].quantity"])
    assert refused.json["errors"][0]["code"] == "part-of-one"
    # All of a line that states a part itself can be told.
    assert donor.answer("r2.o2", pledges=[{"line": 1, "quantity": 4.5}]).status_code == 200
    assert state.answer("r2.o2").status_code == 200
    made = coordinator.post("/v1/commitments", {"proposal": "r2.o2", "lines": LINES})
    assert made.status_code == 201
    donor.step("r2.o2", "delivery", {"step": "start"})
    for side in (donor, state):
        told = [{"line": 1, "quantity": 2.5}]
        refused = side.step("r2.o2", "figures", {"lines": told})
        assert (refused.status_code, fields(refused)) == (422, ["lines[0].quantity"])
        for whole in (0, 2):
            told = [{"line": 1, "quantity": whole}]
            assert side.step("r2.o2", "figures", {"lines": told}).status_code == 200


def test_of_what_is_counted_whole_no_part_is_committed(
    known: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    known.hears(
        [
            request_event("r2", needs=[need(1, quantity=9, unit="machines")]),
            offer_event("o2", conditions=[], provisions=[provision(1, capacity=4.5)]),
        ]
    )
    coordinator.decide("r2.o2", "endorse")
    donor.answer("r2.o2")
    state.answer("r2.o2")

    def commit(needed: float, given: float) -> Any:
        both = (("request", needed), ("offer", given))
        lines = [{"side": side, "line": 1, "quantity": much} for side, much in both]
        return coordinator.post("/v1/commitments", {"proposal": "r2.o2", "lines": lines})

    refused = commit(2.5, 2.5)
    assert fields(refused) == ["lines[0].quantity", "lines[1].quantity"]
    assert {error["code"] for error in refused.json["errors"]} == {"part-of-one"}
    assert fields(commit(4, 3.5)) == ["lines[1].quantity"]
    assert coordinator.items("/v1/commitments", proposal="r2.o2") == []
    assert commit(2, 2).status_code == 201
    assert fields(commit(1.5, 2.5)) == ["lines[0].quantity"]
    # All that is left of the offer's line, which states a part itself; just so much is met by it.
    assert commit(2.5, 2.5).status_code == 201


@pytest.mark.parametrize("unit", ["kilograms", "person-months", None])
def test_of_what_has_parts_a_part_is_pledged_and_committed(
    known: World, coordinator: Caller, donor: Caller, state: Caller, unit: str | None
) -> None:
    known.hears(
        [
            request_event("r2", needs=[need(1, quantity=4, unit=unit)]),
            offer_event("o2", conditions=[], provisions=[provision(1, capacity=9, unit=unit)]),
        ]
    )
    coordinator.decide("r2.o2", "endorse")
    assert donor.answer("r2.o2", pledges=[{"line": 1, "quantity": 2.5}]).status_code == 200
    assert state.answer("r2.o2").status_code == 200
    part = [{**line, "quantity": 1.5} for line in LINES]
    made = coordinator.post("/v1/commitments", {"proposal": "r2.o2", "lines": part})
    assert made.status_code == 201


def test_a_pledge_in_another_unit_is_told_of_the_need_and_committed_as_it_is_told(
    known: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    worth = {"amount_cents": 14_400_000, "currency": "USD"}
    other = {"unit": "devices", "amount_cents": 18_800_000, "currency": "USD"}
    known.hears(
        [
            request_event("r2", needs=[need(1, quantity=3, **worth)]),
            offer_event("o2", conditions=[], provisions=[provision(1, capacity=4, **other)]),
        ]
    )
    coordinator.decide("r2.o2", "endorse")
    assert donor.answer("r2.o2", pledges=[{"line": 1, "quantity": 3}]).status_code == 200
    assert state.answer("r2.o2").status_code == 200
    told = Match.objects.get(id="r2.o2").event().data["pledged"]
    assert [(one["side"], one["unit"], one["amount"]) for one in told] == [
        ("offer", "devices", 3000),
        ("request", "machines", 3000),
    ]
    promised = coordinator.get("/v1/proposals/r2.o2").json["promised"]
    lines = [{"side": one["side"], "line": 1, "quantity": one["pledged"]} for one in promised]
    made = coordinator.post("/v1/commitments", {"proposal": "r2.o2", "lines": lines})
    assert made.status_code == 201, made.text


def test_a_pledge_in_another_unit_without_worth_is_told_of_the_need_as_such(
    known: World, coordinator: Caller, donor: Caller
) -> None:
    known.hears(
        [
            request_event("r2", needs=[need(1, quantity=3)]),
            offer_event(
                "o2",
                conditions=[],
                provisions=[
                    provision(
                        1,
                        kind="funding",
                        capacity=None,
                        unit=None,
                        amount_cents=900_000,
                        currency="USD",
                    )
                ],
            ),
        ]
    )
    coordinator.decide("r2.o2", "endorse")
    answer = donor.answer("r2.o2", pledges=[{"line": 1, "amount": 5000, "currency": "USD"}])
    assert answer.status_code == 200, answer.json
    told = Match.objects.get(id="r2.o2").event().data
    assert [one["side"] for one in told["pledged"]] == ["offer"]
    assert told["pledged_otherwise"] == [1]


def test_no_more_is_pledged_than_is_left_of_the_line(
    known: World, coordinator: Caller, donor: Caller
) -> None:
    coordinator.agreed("r.free")
    lines = [{**line, "quantity": 3} for line in LINES]
    other = {"proposal": "r.free", "lines": lines}
    assert coordinator.post("/v1/commitments", other).status_code == 201
    known.hears([request_event("r2", needs=[need(1, quantity=20)])])
    coordinator.decide("r2.free", "endorse")
    refused = donor.answer("r2.free", pledges=[{"line": 1, "quantity": 8}])
    assert (refused.status_code, fields(refused)) == (422, ["pledges[0].quantity"])
    (error,) = refused.json["errors"]
    assert (error["code"], "7 machines are left" in error["message"]) == ("more-than-left", True)
    assert donor.life("r2.free")["status"] == "endorsed"
    assert donor.answer("r2.free", pledges=[{"line": 1, "quantity": 7}]).status_code == 200


def test_refusing_a_condition_ends_it(endorsed: World, state: Caller, donor: Caller) -> None:
    said = state.answer(PAIR, "decline", refuses=[SECOND], reason="We buy where we want.")
    assert said.json["status"] == "declined"
    last = donor.life(PAIR)["history"][-1]
    assert (last["reason"], last["said"]) == ("conditions-refused", "We buy where we want.")


@pytest.mark.parametrize("first", ["donor", "state"])
def test_a_changed_condition_takes_the_states_yes_back(
    endorsed: World, donor: Caller, state: Caller, clock: Clock, first: str
) -> None:
    if first == "donor":
        donor.answer(PAIR)
    state.answer(PAIR, accepts=[FIRST, SECOND])
    changed = [CONDITIONS[0], {"kind": "procurement", "hash": "3" * 32}]
    endorsed.hears([offer_event("o", 2, conditions=changed)])
    shown = state.life(PAIR)
    assert shown["status"] == ("donor-agreed" if first == "donor" else "endorsed")
    assert shown["history"][-1]["reason"] == "conditions-changed"
    assert [(c["hash"], c["current"], bool(c["accepted_at"])) for c in shown["conditions"]] == [
        (FIRST, True, True),
        ("3" * 32, True, False),
        (SECOND, False, True),
    ]
    # The world heard of the change on its records' day; the API asks for the answer today.
    Match.objects(id=PAIR).update(set__answer_by=clock.now + timedelta(days=30))
    assert fields(state.answer(PAIR)) == ["accepts"]
    assert state.answer(PAIR, accepts=["3" * 32]).status_code == 200


def test_what_is_committed_stays_under_the_conditions_that_were_accepted(
    committed: str, known: World, coordinator: Caller, state: Caller
) -> None:
    known.hears([offer_event("o", 2, conditions=[{"kind": "policy", "hash": "3" * 32}])])
    assert state.life(PAIR)["status"] == "committed"
    one = [{**line, "quantity": 1} for line in LINES]
    more = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": one})
    assert code(more) == (409, "conditions-changed")
    assert state.answer(PAIR, accepts=["3" * 32]).json["status"] == "committed"
    assert code(state.answer(PAIR, accepts=["3" * 32])) == (409, "illegal-transition")
    more = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": one})
    assert more.status_code == 201, more.text


def test_a_condition_without_a_hash_cannot_be_accepted(
    known: World, coordinator: Caller, state: Caller
) -> None:
    known.hears([offer_event("old", conditions=[{"kind": "reporting"}])])
    coordinator.decide("r.old", "endorse")
    assert code(state.answer("r.old")) == (409, "conditions-unread")


def test_an_offer_without_conditions_needs_none_accepted(
    known: World, coordinator: Caller, state: Caller
) -> None:
    coordinator.decide("r.free", "endorse")
    assert state.answer("r.free").json["status"] == "state-agreed"


def test_nobody_agrees_to_what_an_embargo_bars_by_now_but_either_may_decline(
    endorsed: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    entered = coordinator.post(
        "/v1/embargoes",
        {
            "country": "SEN",
            "resolution": "S/RES/0000 (2020)",
            "from": "2020-01-01",
            "source": "made up for the tests",
            "stated_on": "2026-01-01",
            "reason": "The tests need one.",
        },
    )
    assert entered.status_code == 201, entered.text
    assert code(donor.answer(PAIR)) == (409, "embargo")
    assert code(state.answer(PAIR, accepts=[FIRST, SECOND])) == (409, "embargo")
    assert state.answer(PAIR, "decline", reason="Barred.").json["status"] == "declined"


def test_who_may_take_which_step(
    committed: str,
    coordinator: Caller,
    donor: Caller,
    state: Caller,
    call: Callable[..., Caller],
) -> None:
    strangers = (call("donor", organisation=OTHER), call("requester", state="MLI"))
    start = {"step": "start"}
    for one in strangers:
        assert one.get(f"{PATH}/life").status_code == 404
        for path, body in (("answer", {"answer": "agree"}), ("delivery", start)):
            assert one.post(f"{PATH}/{path}", body, etag='"1.1"').status_code == 404
        assert one.post(f"/v1/commitments/{committed}/release").status_code == 404
    for role in ("auditor", "operator"):
        assert call(role).life(PAIR)["status"] == "committed"
        assert call(role).step(PAIR, "answer", {"answer": "agree"}).status_code == 403
        assert call(role).step(PAIR, "delivery", start).status_code == 403
    assert coordinator.step(PAIR, "answer", {"answer": "agree"}).status_code == 403
    assert coordinator.step(PAIR, "figures", {"lines": []}).status_code == 403
    assert state.step(PAIR, "delivery", start).status_code == 403
    assert donor.step(PAIR, "delivery", {"step": "close"}).status_code == 403
    assert donor.step(PAIR, "follow-ups/3/assessment", SCORES).status_code == 403
    assert state.step(PAIR, "follow-ups/3/reply", {"text": "x"}).status_code == 403
    assert state.life(PAIR)["status"] == "committed"


def test_what_a_coordinator_said_and_whose_account_it_was_is_for_those_who_oversee(
    known: World, coordinator: Caller, donor: Caller
) -> None:
    coordinator.decide(PAIR, "reject", reason="The State has enough.")
    full, reduced = (one.life(PAIR)["history"][0] for one in (coordinator, donor))
    assert (full["said"], full["subject"] is not None) == ("The State has enough.", True)
    assert (reduced["said"], reduced["subject"]) == (None, None)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answer", {"answer": "agree", "accepts": [FIRST, SECOND]}),
        ("answer", {"answer": "decline", "reason": "No."}),
    ],
)
def test_two_windows_take_a_step_once(
    endorsed: World, state: Caller, path: str, body: dict[str, Any]
) -> None:
    etag = state.get(f"{PATH}/life").headers["ETag"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: state.post(f"{PATH}/{path}", body, etag=etag).status_code, range(4))
        )
    assert sorted(answers) == [200, 412, 412, 412]
    assert len(Match.objects.get(id=PAIR).history) == 2
    assert state.post(f"{PATH}/{path}", body).status_code == 428


def test_both_sides_agree_at_once(endorsed: World, donor: Caller, state: Caller) -> None:
    etag = state.get(f"{PATH}/life").headers["ETag"]
    bodies = [
        (donor, {"answer": "agree"}),
        (state, {"answer": "agree", "accepts": [FIRST, SECOND]}),
    ]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda one: one[0].post(f"{PATH}/answer", one[1], etag=etag), bodies)
        )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (late,) = [
        one for one, answer in zip(bodies, answers, strict=True) if answer.status_code == 412
    ]
    again = late[0].post(
        f"{PATH}/answer", late[1], etag=late[0].get(f"{PATH}/life").headers["ETag"]
    )
    assert again.json["status"] == "agreed"


def test_an_answer_that_was_lost_is_not_given_again(endorsed: World, donor: Caller) -> None:
    etag, body = donor.get(f"{PATH}/life").headers["ETag"], {"answer": "agree"}
    first = donor.post(f"{PATH}/answer", body, etag=etag, key="lost")
    lost = {"answer": None, "lease_until": datetime.now(UTC) - timedelta(hours=1)}
    current_database()[COLLECTION].update_many({}, {"$set": lost})
    again = donor.post(f"{PATH}/answer", body, etag=etag, key="lost")
    assert (again.status_code, again.json) == (200, first.json)
    replayed = donor.post(f"{PATH}/answer", body, etag=etag, key="lost")
    assert replayed.headers["Idempotency-Replayed"] == "true"


def test_steps_out_of_order(
    endorsed: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    for step in ("start", "deliver"):
        assert code(donor.step(PAIR, "delivery", {"step": step})) == (409, "illegal-transition")
    assert code(coordinator.step(PAIR, "delivery", {"step": "close"})) == (
        409,
        "illegal-transition",
    )
    assert code(donor.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 1}]})) == (
        409,
        "illegal-transition",
    )
    assert donor.answer(PAIR).status_code == 200
    assert code(donor.answer(PAIR)) == (409, "illegal-transition")
    assert code(coordinator.decide(PAIR, "endorse")) == (409, "illegal-transition")


def test_nobody_answers_what_nobody_endorsed(known: World, donor: Caller) -> None:
    assert code(donor.answer(PAIR)) == (409, "not-endorsed")
    assert code(donor.step(PAIR, "delivery", {"step": "start"})) == (409, "not-endorsed")
    assert donor.life(PAIR)["history"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"line": 2, "quantity": 1}]}, "lines[0].line"),
        ({"lines": [{"line": 1, "quantity": 1}] * 2}, "lines[1].line"),
        ({"lines": [{"line": 1, "amount": 5, "currency": "USD"}]}, "lines[0].quantity"),
        (
            {"lines": [{"line": 1, "quantity": 0, "amount": 0, "currency": "USD"}]},
            "lines[0].quantity",
        ),
        ({"lines": [{"line": 1, "quantity": -1}]}, "lines[0].quantity"),
        ({"lines": [{"line": 1, "quantity": 1}], "up_to": "2100-01-01"}, "up_to"),
        ({"lines": [{"line": 1, "quantity": 1}], "side": "state"}, "side"),
    ],
)
def test_figures_that_cannot_be_told(
    committed: str, donor: Caller, body: dict[str, Any], field: str
) -> None:
    donor.step(PAIR, "delivery", {"step": "start"})
    answer = donor.step(PAIR, "figures", body)
    assert (answer.status_code, fields(answer)) == (422, [field]), answer.text
    assert donor.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 0}]}).status_code == 200


def test_money_is_told_in_any_currency_and_reckoned_in_the_lines(
    known: World, coordinator: Caller, donor: Caller, state: Caller
) -> None:
    money = provision(
        1, kind="funding", capacity=None, unit=None, amount_cents=5_000_000, currency="USD"
    )
    known.hears([offer_event("money", conditions=[], provisions=[money])])
    coordinator.agreed("r.money")
    lines = [LINES[0], {"side": "offer", "line": 1, "amount": 20_000, "currency": "USD"}]
    coordinator.post("/v1/commitments", {"proposal": "r.money", "lines": lines})
    donor.step("r.money", "delivery", {"step": "start"})
    told = [{"line": 1, "amount": 10_000, "currency": "EUR"}]
    donor.step("r.money", "figures", {"lines": told, "up_to": "2024-09-02"})
    shown = state.step("r.money", "figures", {"lines": [{**told[0], "currency": "USD"}]}).json
    (figures,) = shown["figures"]
    assert (figures["unit"], figures["pledged"], figures["committed"]) == ("USD", None, 20_000)
    assert figures["received"] == 10_000
    assert figures["difference"] == figures["disbursed"] - 10_000 > 0
    (line,) = shown["reports"][0]["lines"]
    assert (line["given_amount"], line["given_currency"]) == (10_000, "EUR")
    assert line["rate_date"] == "2024-09-02"


def test_nothing_expires_once_delivery_has_begun(
    endorsed: World, coordinator: Caller, donor: Caller, clock: Clock
) -> None:
    coordinator.consented(PAIR)
    soon = clock.now + timedelta(hours=1)
    body = {"proposal": PAIR, "lines": LINES, "expires_at": soon.isoformat()}
    id_ = coordinator.post("/v1/commitments", body).json["id"]
    assert donor.step(PAIR, "delivery", {"step": "start"}).status_code == 200
    assert coordinator.get(f"/v1/commitments/{id_}").json["expires_at"] is None
    assert expire(soon) == 0


def test_until_when_to_answer_is_the_coordinators_to_say(
    known: World, coordinator: Caller, clock: Clock
) -> None:
    past = coordinator.decide(PAIR, "endorse", answer_by=clock.now.isoformat())
    assert fields(past) == ["answer_by"]
    until = clock.now + timedelta(days=5)
    none = coordinator.decide(PAIR, "reject", reason="x", answer_by=until.isoformat())
    assert fields(none) == ["answer_by"]
    assert coordinator.decide(PAIR, "endorse", answer_by=until.isoformat()).status_code == 200
    assert datetime.fromisoformat(coordinator.life(PAIR)["answer_by"]) == until
    assert len(Match.objects.get(id=PAIR).reminders) == 1


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"objectives": 3}, "objectives_reached"),
        ({"objectives_reached": 3}, "objectives"),
        ({"objectives": 2, "objectives_reached": 3}, "objectives_reached"),
        ({"objectives": 0, "objectives_reached": 0}, "objectives"),
        ({"objectives": 2, "objectives_reached": "1"}, "objectives_reached"),
    ],
)
def test_objectives_that_cannot_have_been_reached(told: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AssessmentBody().load({**SCORES, **told})
    assert set(refused.value.normalized_messages()) == {field}
