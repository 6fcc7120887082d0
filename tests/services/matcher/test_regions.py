"""A coordinator of some regions decides on what concerns their States, and on nothing else."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.actors import MATCHER, transition
from services.matcher.alliance_documents import Alliance, AllianceMember
from services.matcher.duplicate_documents import duplicate_id
from shared.events.outbox import create
from tests.services.matcher.alike import Finder
from tests.services.matcher.alike import Worker as Comparing
from tests.services.matcher.records import NOW, need, offer_event, request_event
from tests.services.matcher.world import Caller, World

WEST = frozenset({"Western Africa"})
EAST = frozenset({"Eastern Africa"})
OPEN, SECRET = need(1, quantity=4), need(2, quantity=2, confidential=True)


@pytest.fixture
def known(world: World) -> World:
    world.hears([request_event("r1", needs=[OPEN, SECRET]), offer_event("o1", conditions=[])])
    return world


@pytest.fixture
def west(call: Callable[..., Caller]) -> Caller:
    return call("coordinator", regions=WEST)


@pytest.fixture
def east(call: Callable[..., Caller]) -> Caller:
    return call("coordinator", regions=EAST)


def commitment() -> dict[str, Any]:
    lines = [{"side": side, "line": 1, "quantity": 1} for side in ("request", "offer")]
    return {"proposal": "r1.o1", "lines": lines}


def test_decisions_and_commitments_are_for_ones_own_regions(
    known: World, west: Caller, east: Caller
) -> None:
    assert east.decide("r1.o1", "endorse").status_code == 403
    assert west.decide("r1.o1", "endorse").status_code == 200
    west.consented("r1.o1")
    assert east.post("/v1/commitments", commitment()).status_code == 403
    made = west.post("/v1/commitments", commitment())
    assert made.status_code == 201, made.json
    address = made.headers["Location"]
    assert east.post(f"{address}/release").status_code == 403
    for caller, status in ((east, 403), (west, 409)):
        assert caller.step("r1.o1", "delivery", {"step": "close"}).status_code == status
    assert west.post(f"{address}/release").status_code == 200


def test_what_was_said_and_by_whose_account_is_for_ones_own_regions(
    known: World, west: Caller, east: Caller
) -> None:
    west.decide("r1.o1", "reject", reason="The State has enough.")
    seen = [caller.life("r1.o1")["history"][0] for caller in (west, east)]
    assert [step["said"] for step in seen] == ["The State has enough.", None]
    assert [step["subject"] is None for step in seen] == [False, True]


def test_confidential_lines_of_other_regions_are_not_shown(
    known: World, west: Caller, east: Caller
) -> None:
    def needs(caller: Caller) -> set[int]:
        (item,) = caller.items("/v1/proposals", request="r1")
        return {served["need"] for served in item["serves"]}

    assert needs(west) == {1, 2}
    assert needs(east) == {1}


def test_what_concerns_all_states_is_for_coordinators_of_all_regions(
    known: World, west: Caller, coordinator: Caller
) -> None:
    found = coordinator.get("/v1/allocation")
    assert found.status_code == 200
    body = {"id": found.get_json()["id"]}
    assert west.post("/v1/allocation/accept", body).status_code == 403


def test_a_case_of_two_states_is_for_who_coordinates_both(
    world: World, west: Caller, call: Callable[..., Caller]
) -> None:
    finder = Finder()
    finder.alike = {("request", "a", "b"): 0.9}
    Comparing(finder).hears(request_event("a"), request_event("b", country="KEN"))
    path = f"/v1/duplicates/{duplicate_id('request', 'a', 'b')}"
    both = call("coordinator", regions=WEST | EAST)
    etag = both.get(path).headers["ETag"]
    body = {"decision": "dismiss", "reason": "They are two."}
    assert west.items("/v1/duplicates") == []
    assert west.get(path).status_code == 404
    assert west.post(f"{path}/decision", body, etag=etag).status_code == 404
    assert both.post(f"{path}/decision", body, etag=etag).status_code == 200


def test_an_alliance_is_seen_by_who_coordinates_one_of_its_states_and_decided_on_by_who_does_all(
    world: World, west: Caller, east: Caller, call: Callable[..., Caller]
) -> None:
    members = [
        AllianceMember(request=request, country=country, standing="proposed", since=NOW)
        for request, country in (("a", "SEN"), ("b", "CMR"))
    ]
    made = Alliance(id="joint", anchor="a", status="proposed", states=["CMR", "SEN"])
    made.members, made.history = members, [transition("propose", None, "proposed", MATCHER, NOW)]
    create(made, NOW)
    path, both = "/v1/alliances/joint", call("coordinator", regions=WEST | {"Middle Africa"})
    etag = both.get(path).headers["ETag"]
    body = {"decision": "dismiss", "reason": "They are two."}
    for caller, read, decided in ((east, 404, 404), (west, 200, 403), (both, 200, 200)):
        assert len(caller.items("/v1/alliances")) == (read == 200)
        assert caller.get(path).status_code == read
        assert caller.post(f"{path}/decision", body, etag=etag).status_code == decided
