"""What a proposal tells of what is promised, beside what it may still serve."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

DONOR = "66f0000000000000000000d1"
PAIR = "r.o"
TRAINING = {"kind": "training", "unit": "persons", "amount_cents": None, "currency": None}


def taken(line: int, quantity: float) -> list[dict[str, Any]]:
    """So much of the line of either side."""
    return [{"side": side, "line": line, "quantity": quantity} for side in ("request", "offer")]


def promised(caller: Caller) -> dict[tuple[str, int], tuple[Any, ...]]:
    """What is told of each line: theme, kind, unit, pledged, committed."""
    shown = caller.get(f"/v1/proposals/{PAIR}").json["promised"]
    names = ("theme", "kind", "unit", "pledged", "committed")
    return {(one["side"], one["line"]): tuple(one[name] for name in names) for one in shown}


@pytest.fixture
def known(world: World, coordinator: Caller) -> World:
    """Ten machines and training, offered as they are asked for; the machines are for parties."""
    world.hears(
        [
            request_event(
                "r",
                needs=[need(1, quantity=10), need(2, quantity=40, **TRAINING)],
            ),
            offer_event(
                "o",
                conditions=[],
                provisions=[
                    provision(1, capacity=10),
                    provision(2, capacity=40, **TRAINING),
                ],
            ),
        ]
    )
    assert coordinator.decide(PAIR, "endorse").status_code == 200
    return world


def test_what_is_committed_wholly_is_told_though_it_is_served_no_more(
    known: World, coordinator: Caller
) -> None:
    assert promised(coordinator) == {}
    coordinator.consented(PAIR)
    made = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": taken(1, 10)})
    assert made.status_code == 201, made.text
    known.hears_itself()
    shown = coordinator.get(f"/v1/proposals/{PAIR}").json
    assert [one["need"] for one in shown["serves"]] == [2]
    machines = ("marking", "equipment", "machines", None, 10)
    both = {("request", 1): machines, ("offer", 1): machines}
    assert promised(coordinator) == both
    for party in coordinator.parties(PAIR):
        assert promised(party) == both
    (listed,) = coordinator.items("/v1/proposals", request="r")
    assert listed["promised"] == shown["promised"]
    given_back = {"reason": "The depot burnt down."}
    coordinator.post(f"/v1/commitments/{made.json['id']}/release", given_back)
    assert promised(coordinator) == {}


def test_pledges_are_told_of_both_sides(known: World, coordinator: Caller) -> None:
    donor, state = coordinator.parties(PAIR)
    donor.answer(PAIR, pledges=[{"line": 1, "quantity": 5}])
    state.answer(PAIR)
    assert (
        coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": taken(1, 2)}).status_code
        == 201
    )
    machines = ("marking", "equipment", "machines", 5, 2)
    assert promised(donor) == {("request", 1): machines, ("offer", 1): machines}


def test_need_lines_that_a_reader_may_not_see_are_not_told(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    needs = [need(1, quantity=10, confidential=True), need(2, quantity=4)]
    world.hears([request_event("r", needs=needs), offer_event("o", conditions=[])])
    coordinator.agreed(PAIR)
    lines = [*taken(1, 3)[:1], {**taken(2, 2)[0]}, *taken(1, 5)[1:]]
    made = coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": lines})
    assert made.status_code == 201, made.text
    assert set(promised(coordinator)) == {("request", 1), ("request", 2), ("offer", 1)}
    assert set(promised(call("donor", organisation=DONOR))) == {("request", 2), ("offer", 1)}
