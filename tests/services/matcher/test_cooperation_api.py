"""What proposals tell of forms of cooperation, and trios, over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.reactions import keep_records
from shared.vocabulary import LANGUAGES
from tests.services.matcher.records import (
    NOW,
    activity_event,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)
from tests.services.matcher.world import Caller, World

COURSE = {"kind": "training", "capacity": 20, "unit": "persons"}
MONEY = {"kind": "funding", "capacity": None, "unit": None}


@pytest.fixture
def told(world: World) -> World:
    world.hears(
        [
            request_event(
                "r1",
                country="BEN",
                needs=[
                    need(1),
                    need(2, kind="training", quantity=10, unit="persons"),
                    need(3, kind="training", quantity=5, unit="persons", confidential=True),
                ],
            ),
            offer_event(
                "near",
                donor_type="state",
                donor_country="TGO",
                organisation="66f0000000000000000000d1",
                provisions=[provision(1, **COURSE)],
            ),
            offer_event(
                "money",
                donor_type="trust-fund",
                donor_country=None,
                organisation="66f0000000000000000000d2",
                provisions=[provision(1, **MONEY)],
            ),
        ]
    )
    return world


@pytest.mark.usefixtures("told")
def test_a_proposal_tells_its_form_and_whether_it_is_a_neighbours_know_how(
    coordinator: Caller,
) -> None:
    found = {one["offer"]: one for one in coordinator.items("/v1/proposals", request="r1")}
    assert (found["near"]["modality"], found["near"]["neighbour"]) == ("south-south", True)
    assert (found["money"]["modality"], found["money"]["neighbour"]) == ("multilateral", False)
    assert "Togo" in found["near"]["cooperation"]
    for language in LANGUAGES:
        (first, *_) = coordinator.items("/v1/proposals", request="r1", language=language)
        assert first["cooperation"]


@pytest.mark.parametrize(
    "done",
    [
        {"country": "TGO", "organisation": None},
        {"country": "MLI", "organisation": "66f0000000000000000000d1"},
    ],
    ids=["in the State", "by its organisation"],
)
def test_a_neighbour_that_completed_such_work_says_so(
    told: World, coordinator: Caller, done: dict[str, Any]
) -> None:
    def proven() -> tuple[bool, bool]:
        one = coordinator.get("/v1/proposals/r1.near").json
        (trio,) = coordinator.get("/v1/proposals/triangular", request="r1").json["items"]
        return one["proven"], trio["proven"]

    keep = keep_records(lambda: NOW)
    assert proven() == (False, False)
    keep([activity_event("a1", status="ongoing", **done)])
    keep([activity_event("a2", status="completed", **(done | {"theme": "ddr"}))])
    elsewhere = {"country": "GHA", "organisation": "66f0000000000000000000d9"}
    keep([activity_event("a3", status="completed", **elsewhere)])
    assert proven() == (False, False)
    before = coordinator.get("/v1/proposals/r1.near").json["cooperation"]
    keep([activity_event("a1", 2, status="completed", **done)])
    assert proven() == (True, True)
    keep([activity_event("a1", 1, status="ongoing", **done)])
    assert proven() == (True, True)
    after = coordinator.get("/v1/proposals/r1.near").json["cooperation"]
    assert after != before
    assert "completed" in after
    assert coordinator.get("/v1/proposals/r1.money").json["proven"] is False
    keep([tombstone(activity_event("a1"))])
    assert proven() == (False, False)


@pytest.mark.usefixtures("told")
def test_trios_for_the_coordinator_and_the_state_itself(
    coordinator: Caller, call: Callable[..., Caller]
) -> None:
    for caller in (coordinator, call("requester", state="BEN")):
        answer = caller.get("/v1/proposals/triangular", request="r1", language="fr")
        assert answer.status_code == 200
        (one,) = answer.json["items"]
        assert one["modality"] == "triangular"
        assert one["neighbour"] is True
        assert one["expertise"]["proposal"] == "r1.near"
        assert one["funder"]["proposal"] == "r1.money"
        assert one["expertise"]["needs"] == [2, 3]
        assert "Togo" in one["sentence"]
    decided = coordinator.decide("r1.near", "reject", reason="not now")
    assert decided.status_code == 200
    assert coordinator.get("/v1/proposals/triangular", request="r1").json["items"] == []


@pytest.mark.usefixtures("told")
def test_who_may_not_see_trios(call: Callable[..., Caller], coordinator: Caller) -> None:
    path = "/v1/proposals/triangular"
    assert call("requester", state="TGO").get(path, request="r1").status_code == 404
    donor = call("donor", organisation="66f0000000000000000000d1")
    assert donor.get(path, request="r1").status_code == 403
    assert coordinator.get(path, request="r9").status_code == 404
    missing = coordinator.get(path)
    assert missing.status_code == 422
    assert missing.json["errors"][0]["field"] == "request"
