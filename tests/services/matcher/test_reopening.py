"""A declined pair comes back when one side changed materially, whatever is written first."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.documents import Match
from services.matcher.reactions import keep_records
from services.matcher.reopening import reopen_of_records, reopen_pairs
from shared.events.envelope import Event, check
from shared.language import signature
from tests.services.matcher.records import NOW, need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

REASON = "The State already has such machines."
keep = keep_records(lambda: NOW)


def titled(title: str) -> dict[str, Any]:
    """The signature of a request with this title."""
    text = {"title": title, "description": "Machines to mark the weapons of the police with."}
    return signature(text, "en", b"key", "request")


@pytest.fixture
def declined(world: World, coordinator: Caller) -> World:
    """A request and two offers; the pair r.o1 was declined."""
    world.hears([request_event("r", signature=titled("Marking machines"))])
    world.hears([offer_event("o1", conditions=[]), offer_event("o2")])
    assert coordinator.decide("r.o1", "reject", reason=REASON).status_code == 200
    world.hears_itself()
    return world


def listed(caller: Caller) -> list[str]:
    """The offers proposed for the request."""
    return [item["offer"] for item in caller.items("/v1/proposals", request="r")]


MATERIAL: list[Callable[[], Event]] = [
    lambda: request_event("r", 2, signature=titled("Marking machines"), needs=[need(quantity=6)]),
    lambda: request_event("r", 2, signature=titled("Marking machines"), country="MLI"),
    lambda: offer_event("o1", 2, conditions=[], provisions=[provision(capacity=2)]),
    lambda: offer_event("o1", 2, conditions=[], window={"from": "2026-09-01", "to": "2027-12-31"}),
    lambda: offer_event("o1", 2, conditions=[{"kind": "reporting"}]),
]


@pytest.mark.parametrize("change", MATERIAL)
def test_a_material_change_brings_it_back(
    declined: World, coordinator: Caller, change: Callable[[], Event]
) -> None:
    assert listed(coordinator) == ["o2"]
    declined.hears([change()])
    declined.hears_itself()
    assert sorted(listed(coordinator)) == ["o1", "o2"]
    shown = coordinator.get("/v1/proposals/r.o1").json
    assert shown["status"] == "proposed"
    assert [(step["action"], step["role"]) for step in shown["history"]] == [
        ("reject", "coordinator"),
        ("reopen", "matcher"),
    ]
    match = Match.objects.get(id="r.o1")
    check(match.event())
    side = "request" if change().type.endswith("request.v1") else "offer"
    assert match.reopened_by == [side]


def test_an_immaterial_change_does_not(declined: World, coordinator: Caller) -> None:
    typo = titled("Markng machines, please")
    declined.hears(
        [
            request_event("r", 2, signature=typo, priority="low", partners=["UNODC"]),
            offer_event("o1", 2, conditions=[], partners=["UNODC"]),
        ]
    )
    declined.hears_itself()
    assert listed(coordinator) == ["o2"]
    assert Match.objects.get(id="r.o1").status == "rejected"


def test_it_can_be_declined_again_and_stays_so(declined: World, coordinator: Caller) -> None:
    declined.hears([offer_event("o1", 2, conditions=[], provisions=[provision(capacity=2)])])
    declined.hears_itself()
    assert coordinator.decide("r.o1", "reject", reason=REASON).status_code == 200
    declined.hears_itself()
    assert listed(coordinator) == ["o2"]
    # What it was at the second decision counts, not at the first.
    declined.hears([offer_event("o1", 3, conditions=[])])
    declined.hears_itself()
    assert sorted(listed(coordinator)) == ["o1", "o2"]


def test_there_and_back_again_is_no_change(declined: World, coordinator: Caller) -> None:
    both = [
        offer_event("o1", 2, conditions=[], provisions=[provision(capacity=2)]),
        offer_event("o1", 3, conditions=[]),
    ]
    declined.hears(both)
    declined.hears_itself()
    assert listed(coordinator) == ["o2"]


def test_the_decision_may_be_stored_after_the_change(world: World, coordinator: Caller) -> None:
    """The coordinator decided on what was seen; the offer changed in that moment."""
    world.hears([request_event("r"), offer_event("o1", conditions=[])])
    coordinator.decide("r.o1", "reject", reason=REASON)
    before = Match.objects.get(id="r.o1")
    Match.objects.delete()
    keep([offer_event("o1", 2, provisions=[provision(capacity=1)])])
    before.save(force_insert=True)
    assert Match.objects.get(id="r.o1").status == "rejected"
    keep([before.event()])  # the rejection's own event comes round
    assert Match.objects.get(id="r.o1").status == "proposed"


def test_looking_again_changes_nothing(declined: World) -> None:
    keep([offer_event("o1", 2, conditions=[{"kind": "reporting"}])])
    version = Match.objects.get(id="r.o1").version
    assert reopen_pairs(["r.o1"], NOW) == reopen_of_records({("offer", "o1")}, NOW) == 0
    assert Match.objects.get(id="r.o1").version == version


def test_a_rejection_from_before_digests_stays(declined: World) -> None:
    Match._get_collection().update_many({}, {"$unset": {"offer_material": ""}})
    keep([offer_event("o1", 2, provisions=[provision(capacity=1)])])
    assert Match.objects.get(id="r.o1").status == "rejected"


def test_the_order_of_arrival_changes_nothing(declined: World) -> None:
    """To the index a rejection and what lifts it come as two versions of one proposal."""
    change = offer_event("o1", 2, conditions=[], provisions=[provision(capacity=2)])
    rejected = Match.objects.get(id="r.o1").event()
    keep([change])
    lifted = Match.objects.get(id="r.o1").event()
    known = [request_event("r"), offer_event("o2")]
    seen = set()
    for order in itertools.permutations([rejected, lifted, change]):
        other = World()
        other.hears([*known, *order])
        seen.add(tuple(entry.offer for entry in other.feed.entries("r")))
    assert len(seen) == 1
    assert set(seen.pop()) == {"o1", "o2"}
