"""What if: requests and offers left out or added, what changes for whom, and nothing kept."""

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from services.matcher.allocation_documents import KeptAllocation
from tests.services.matcher.records import call_event, need, offer_event, provision, request_event
from tests.services.matcher.test_allocation_api import allocation, given
from tests.services.matcher.test_embargoes_api import enter
from tests.services.matcher.world import Caller, World

UNPRICED = {"amount_cents": None, "currency": None}
MACHINES = {"theme": "marking", "kind": "equipment", "unit": "machines"}


@pytest.fixture
def known(world: World) -> World:
    """A request for four machines, for two of which there is an offer."""
    world.hears(
        [
            request_event("r1", needs=[need(1, quantity=4, **UNPRICED)]),
            offer_event("o1", provisions=[provision(1, capacity=2, **UNPRICED)]),
        ]
    )
    return world


def what_if(caller: Caller, **body: Any) -> dict[str, Any]:
    """What would be."""
    answer = caller.post("/v1/allocation/what-if", body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def offered(many: int, **more: Any) -> dict[str, Any]:
    """An offer of machines that is only supposed."""
    return {"organisation": "new", "provisions": [{**MACHINES, "capacity": many}], **more}


def asked(many: int, **more: Any) -> dict[str, Any]:
    """A request for machines that is only supposed."""
    return {"country": "SEN", "needs": [{**MACHINES, "quantity": many}], **more}


def stored(database: Database[dict[str, Any]]) -> dict[str, int]:
    """How many documents there are, by collection."""
    names = database.list_collection_names()
    return {name: database[name].count_documents({}) for name in names}


def test_an_offer_added_meets_more(
    known: World, coordinator: Caller, database: Database[dict[str, Any]]
) -> None:
    base = allocation(coordinator)
    before = stored(database)
    found = what_if(coordinator, **{"with": {"offers": [offered(5)]}})
    assert given(found)["r1.supposed-offer-1"][0][2] >= 2
    assert (found["id"], found["unmet"], found["status"]) == (None, 0, "computed")
    assert {one["commitment"] for one in found["first_commitments"]} == {None}
    changes = found["changes"]
    assert changes["base"] == base["id"]
    (line,) = changes["needs"]
    assert (line["request"], line["line"], line["country"]) == ("r1", 1, "SEN")
    assert (line["before"]["quantity"], line["after"]["quantity"]) == (2, 4)
    (mine,) = [one for one in changes["donors"] if one["organisation"] == "new"]
    assert (mine["before"]["quantity"], mine["after"]["unit"]) == (0, "machines")
    assert stored(database) == before
    assert allocation(coordinator) == base


def test_a_request_added_competes_by_its_priority(known: World, coordinator: Caller) -> None:
    found = what_if(coordinator, **{"with": {"requests": [asked(2, priority="critical")]}})
    assert set(given(found)) == {"supposed-request-1.o1"}
    changes = {one["request"]: one for one in found["changes"]["needs"]}
    assert changes["r1"]["after"]["quantity"] == 0
    assert changes["supposed-request-1"]["after"]["quantity"] == 2
    assert found["changes"]["donors"] == []


def test_what_is_added_serves_what_is_added(world: World, coordinator: Caller) -> None:
    found = what_if(coordinator, **{"with": {"requests": [asked(2)], "offers": [offered(1)]}})
    assert given(found) == {
        "supposed-request-1.supposed-offer-1": [("request", 1, 1), ("offer", 1, 1)]
    }


def test_left_out_and_added_at_once(known: World, coordinator: Caller) -> None:
    found = what_if(coordinator, without=["o1"], **{"with": {"offers": [offered(1)]}})
    assert given(found) == {"r1.supposed-offer-1": [("request", 1, 1), ("offer", 1, 1)]}
    assert found["without"] == ["o1"]
    found = what_if(coordinator, without=["o1"])
    assert KeptAllocation.objects(id=found["id"]).count() == 1
    (line,) = found["changes"]["needs"]
    assert (line["before"]["quantity"], line["after"]["quantity"]) == (2, 0)


@pytest.mark.parametrize(
    "more",
    [
        {"eligibility": {"countries": ["FJI"]}},
        {"window": {"from": "2020-01-01", "to": "2020-12-31"}},
        {"provisions": [{"theme": "awareness", "kind": "training", "capacity": 5}]},
        {"ceiling": {"amount": 0.01, "currency": "USD"}, "call": None},
    ],
)
def test_the_same_rules_hold(known: World, coordinator: Caller, more: dict[str, Any]) -> None:
    if "ceiling" in more:
        priced = {**MACHINES, "capacity": 5, "amount": 500, "currency": "USD"}
        more = {**more, "provisions": [priced]}
    found = what_if(coordinator, **{"with": {"offers": [offered(5, **more)]}})
    assert set(given(found)) == {"r1.o1"}


def test_an_embargo_bars_what_is_added_too(known: World, coordinator: Caller) -> None:
    body = {"with": {"offers": [offered(5)], "requests": [asked(1, country="KEN")]}}
    assert "r1.supposed-offer-1" in given(what_if(coordinator, **body))
    enter(coordinator)
    found = given(what_if(coordinator, **body))
    assert "r1.supposed-offer-1" not in found
    assert "supposed-request-1.supposed-offer-1" in found


def test_an_added_offer_under_a_call_draws_from_its_fund(known: World, coordinator: Caller) -> None:
    known.hears([call_event("c", fund_cents=100_000, ceiling_cents=None, ceiling_currency=None)])
    priced = {**MACHINES, "capacity": 5, "amount": 5000, "currency": "USD"}
    found = what_if(
        coordinator, **{"with": {"offers": [offered(5, provisions=[priced], call="c")]}}
    )
    assert given(found)["r1.supposed-offer-1"] == [("request", 1, 1), ("offer", 1, 1)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"with": {"offers": [offered(1, call="none")]}}, "with.offers[0].call"),
        ({"with": {"offers": [{"organisation": "n"}]}}, "with.offers[0].provisions"),
        ({"with": {"requests": [asked(-1)]}}, "with.requests[0].needs[0].quantity"),
        ({"with": {"requests": [asked(1, country="ZZZ")]}}, "with.requests[0].country"),
        ({"with": {"offers": [offered(1, title="x")]}}, "with.offers[0].title"),
        ({"with": {"requests": [asked(1)] * 21}}, "with.requests"),
        ({"with": {"needs": []}}, "with.needs"),
    ],
)
def test_what_is_wrong_is_named(
    known: World, coordinator: Caller, body: dict[str, Any], field: str
) -> None:
    answer = coordinator.post("/v1/allocation/what-if", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_who_may_suppose(known: World, call: Callable[..., Caller]) -> None:
    body = {"with": {"offers": [offered(1)]}}
    for caller in (call("requester", state="SEN"), call("donor", organisation="new")):
        assert caller.post("/v1/allocation/what-if", body).status_code == 403
