"""What proposals tell of forms of cooperation, and trios, over HTTP."""

from collections.abc import Callable

import pytest

from shared.vocabulary import LANGUAGES
from tests.services.matcher.records import need, offer_event, provision, request_event
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
