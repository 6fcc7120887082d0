"""The list of matches: what became of proposals, for their parties, and what waits for whom."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.matcher import clockwork
from tests.services.matcher.conftest import Clock
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

DONOR = "66f0000000000000000000d1"
HASH = "1" * 32
LINES = [{"side": side, "line": 1, "quantity": 3} for side in ("request", "offer")]
SCORES = {"adequate": 4, "effective": 3, "sustainable": 2}

Everybody = Mapping[str, Caller]


@pytest.fixture
def known(world: World) -> World:
    """A request with a line for coordinators alone; a conditional offer and one without."""
    secret = need(2, quantity=2, confidential=True)
    world.hears(
        [
            request_event("r", needs=[need(1, quantity=4), secret]),
            offer_event("o", conditions=[{"kind": "reporting", "hash": HASH}]),
            offer_event("free", conditions=[]),
            offer_event("far", provisions=[provision(1, capacity=1)], conditions=[]),
        ]
    )
    return world


@pytest.fixture
def everybody(call: Callable[..., Caller], coordinator: Caller) -> Everybody:
    """A caller for each side, and those who oversee both."""
    return {
        "donor": call("donor", organisation=DONOR),
        "state": call("requester", state="SEN"),
        "coordinator": coordinator,
        "auditor": call("auditor"),
        "west": call("coordinator", regions=frozenset({"Western Africa"})),
        "east": call("coordinator", regions=frozenset({"Eastern Africa"})),
        "other": call("donor", organisation="somebody-else"),
        "neighbour": call("requester", state="MLI"),
    }


def waits(everybody: Everybody, id_: str = "r.o") -> dict[str, list[str]]:
    """What of a match waits for whom; those for whom nothing does are left out."""
    found = {}
    for name, caller in everybody.items():
        rows = {row["id"]: row["waits"] for row in caller.items("/v1/matches", waiting=True)}
        if id_ in rows:
            assert rows[id_]
            found[name] = rows[id_]
    return found


def test_each_step_waits_for_its_side_and_for_nobody_else(
    known: World, everybody: Everybody, clock: Clock
) -> None:
    coordinator, donor, state = (everybody[name] for name in ("coordinator", "donor", "state"))
    assert waits(everybody) == {}
    coordinator.decide("r.o", "endorse")
    assert waits(everybody) == {"donor": ["answer"], "state": ["answer"]}
    donor.answer("r.o")
    assert waits(everybody) == {"state": ["answer"]}
    state.answer("r.o", accepts=[HASH])
    assert waits(everybody) == {"coordinator": ["commit"], "west": ["commit"]}
    coordinator.post("/v1/commitments", {"proposal": "r.o", "lines": LINES})
    assert waits(everybody) == {"donor": ["start"]}
    # Its conditions are others by now: the State is asked for them, whatever was begun.
    other = [{"kind": "policy", "hash": "2" * 32}]
    known.hears([offer_event("o", 2, conditions=other)])
    assert waits(everybody)["state"] == ["conditions"]
    state.answer("r.o", accepts=["2" * 32])
    donor.step("r.o", "delivery", {"step": "start"})
    assert waits(everybody) == {"donor": ["report", "deliver"], "state": ["report"]}
    told = {"lines": [{"line": 1, "quantity": 3}]}
    donor.step("r.o", "figures", told)
    state.step("r.o", "delivery", {"step": "deliver"})
    assert waits(everybody) == {"state": ["report"]}
    state.step("r.o", "figures", told)
    assert waits(everybody) == {}
    (row,) = state.items("/v1/matches")
    assert row["asks_at"] is not None
    clockwork.sweep(clock.now + timedelta(days=100))
    assert waits(everybody) == {"state": ["assess"]}
    state.step("r.o", "follow-ups/3/assessment", SCORES)
    assert waits(everybody) == {"donor": ["reply"]}
    donor.step("r.o", "follow-ups/3/reply", {"text": "Noted."})
    assert waits(everybody) == {}


def test_matches_are_listed_for_their_parties_and_those_who_oversee_them(
    known: World, everybody: Everybody
) -> None:
    for offer in ("o", "free"):
        everybody["coordinator"].decide(f"r.{offer}", "endorse")
    everybody["coordinator"].decide("r.far", "reject", reason="Too small.")
    listed: dict[str, Any] = {
        name: caller.items("/v1/matches") for name, caller in everybody.items()
    }
    both = {"r.o", "r.free"}  # nobody was asked about what was rejected at once
    for name in ("donor", "state", "coordinator", "auditor", "west"):
        assert {row["id"] for row in listed[name]} == both, name
    for name in ("other", "neighbour", "east"):
        assert listed[name] == [], name
    assert {one["need"] for row in listed["donor"] for one in row["serves"]} == {1}
    assert {one["need"] for row in listed["state"] for one in row["serves"]} == {1, 2}


def test_filters_and_pages(known: World, everybody: Everybody) -> None:
    state = everybody["state"]
    for offer in ("o", "free"):
        everybody["coordinator"].decide(f"r.{offer}", "endorse")
    state.answer("r.free", "decline", reason="Our plan has changed.")

    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in state.items("/v1/matches", **query)]

    assert ids(status="declined") == ["r.free"]
    assert ids(offer="o") == ids(waiting=True) == ["r.o"]
    assert ids(request="unknown") == []
    assert ids(status="closed") == ids(status="declined", waiting=True) == []
    first = state.get("/v1/matches", limit=1).json
    second = state.get("/v1/matches", limit=1, cursor=first["next"]).json
    shown = [row["id"] for row in first["items"] + second["items"]]
    assert (sorted(shown), second["next"]) == (["r.free", "r.o"], None)
    assert state.get("/v1/matches", status="lost").status_code == 422


def test_what_waits_longest_comes_first_and_much_that_does_not_wait_hides_none(
    known: World, everybody: Everybody, clock: Clock
) -> None:
    state, donor = everybody["state"], everybody["donor"]
    for offer in ("o", "free", "far"):
        clock.now += timedelta(minutes=1)
        everybody["coordinator"].decide(f"r.{offer}", "endorse")
    rows = state.items("/v1/matches", waiting=True)
    assert [row["id"] for row in rows] == ["r.o", "r.free", "r.far"]
    first = state.get("/v1/matches", limit=2, waiting=True).json
    rest = state.get("/v1/matches", limit=2, waiting=True, cursor=first["next"]).json
    assert [row["id"] for row in rest["items"]] == ["r.far"]
    assert rest["next"] is None
    # In the state in which something may wait, but not of the donor, who has agreed.
    for offer in ("o", "free"):
        state.answer(f"r.{offer}", **({"accepts": [HASH]} if offer == "o" else {}))
        donor.answer(f"r.{offer}")
        lines = [{**line, "quantity": 1} for line in LINES]
        everybody["coordinator"].post("/v1/commitments", {"proposal": f"r.{offer}", "lines": lines})
        donor.step(f"r.{offer}", "delivery", {"step": "start"})
        donor.step(f"r.{offer}", "figures", {"lines": [{"line": 1, "quantity": 1}]})
        donor.step(f"r.{offer}", "delivery", {"step": "deliver"})
    answer = donor.get("/v1/matches", limit=1, waiting=True).json
    assert [row["id"] for row in answer["items"]] == ["r.far"]
