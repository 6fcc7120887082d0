"""Requests that any of a donor's offers fits, over HTTP: which, in which order, to whom."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher.documents import Match, RecordView, Shortlist
from services.matcher.proposal_lists import levels_of
from shared.events.envelope import Event
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World
from tests.services.written import reads

UNODA, NGO = "66f0000000000000000000d1", "66f0000000000000000000d2"
PATH = "/v1/fitting-requests"
MARKING = need(1, quantity=4)
SECRET = need(2, theme="border-control", kind="infrastructure", confidential=True, unit=None)
POST = provision(1, theme="border-control", kind="infrastructure", unit=None)
TRAINING = provision(1, theme="record-keeping")


@pytest.fixture
def donor(call: Callable[..., Caller]) -> Caller:
    return call("donor", organisation=UNODA)


def asking(priorities: list[str | None]) -> list[Event]:
    """Requests r00, r01, … of these priorities; each other one is for another theme."""
    themes = ["marking", "record-keeping"]
    return [
        request_event(f"r{n:02}", priority=priority, needs=[need(1, theme=themes[n % 2])])
        for n, priority in enumerate(priorities)
    ]


def offers_of(item: dict[str, Any]) -> list[str]:
    return [one["offer"] for one in (*item["proposals"], *item["others"])]


def pages(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    """All pages of a list that has two to a page."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = caller.get(PATH, limit=2, cursor=cursor, **query).json
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found


def test_each_request_comes_once_best_first_with_all_offers_that_fit_as_their_own_lists_have_them(
    world: World, donor: Caller
) -> None:
    steps = ["low", None, "critical", "medium", "critical", "high", "low", "critical", None]
    offers = [offer_event("o1"), offer_event("o2", provisions=[TRAINING])]
    world.hears([*asking(steps), *offers, offer_event("other", organisation=NGO)])
    items = donor.items(PATH)
    single = {one: donor.items("/v1/proposals", offer=one) for one in ("o1", "o2")}
    expected = {one["id"]: one for listed in single.values() for one in listed}
    shown = [one for item in items for one in item["proposals"]]
    assert {one["id"]: one for one in shown} == expected
    assert len(shown) == len(expected)
    assert {len(item["proposals"]) for item in items} == {2}
    requests = [item["request"] for item in items]
    assert len(requests) == len(set(requests)) == len(steps)
    assert all(one["request"] == item["request"] for item in items for one in item["proposals"])

    priorities = dict(zip((f"r{n:02}" for n in range(len(steps))), steps, strict=True))
    lists = {one.request: one.to_mongo() for one in Shortlist.objects}
    best = {
        request: min(levels_of(lists[request], ("o1", "o2"), priorities[request]).values())
        for request in requests
    }
    assert requests == sorted(requests, key=lambda one: (best[one], one))
    assert requests != sorted(requests)
    assert pages(donor) == items


def test_what_one_offer_fits_comes_in_the_order_of_its_own_list(
    world: World, donor: Caller
) -> None:
    offers = [offer_event("o1"), offer_event("o2", provisions=[TRAINING])]
    world.hears([*asking(["low", None, "critical", "high"]), *offers])
    for offer in ("o1", "o2"):
        items = donor.items(PATH, offer=offer)
        listed = [one["id"] for one in donor.items("/v1/proposals", offer=offer)]
        assert [one["id"] for item in items for one in item["proposals"]] == listed
    assert donor.items(PATH, offer="nobody") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "MLI"}, {"r2": ["o1", "o2"]}),
        ({"region": "Western Africa"}, {"r1": ["o1", "o2"], "r2": ["o1", "o2"]}),
        ({"region": "Western Africa", "state": "SEN"}, {"r1": ["o1", "o2"]}),
        ({"region": "Eastern Africa"}, {}),
        ({"theme": "border-control"}, {"r2": ["o2"]}),
        ({"theme": "border-control", "offer": "o1"}, {}),
    ],
)
def test_filters(
    world: World, donor: Caller, query: dict[str, str], expected: dict[str, list[str]]
) -> None:
    border = need(2, theme="border-control", kind="infrastructure", unit=None)
    world.hears(
        [
            request_event("r1", needs=[MARKING]),
            request_event("r2", country="MLI", needs=[MARKING, border]),
            offer_event("o1"),
            offer_event("o2", provisions=[provision(1), {**POST, "line": 2}]),
        ]
    )
    found = {item["request"]: sorted(offers_of(item)) for item in donor.items(PATH, **query)}
    assert found == expected


def test_what_is_closed_declined_or_anothers_is_not_there(
    world: World, donor: Caller, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    world.hears(
        [
            request_event("r1", needs=[MARKING]),
            offer_event("o1"),
            offer_event("o2"),
            offer_event("other", organisation=NGO),
        ]
    )
    assert [sorted(offers_of(item)) for item in donor.items(PATH)] == [["o1", "o2"]]
    assert donor.items(PATH, offer="other") == []
    assert coordinator.decide("r1.o2", "reject", reason="Too far away.").status_code == 200
    assert [offers_of(item) for item in donor.items(PATH)] == [["o1"]]
    RecordView.objects(record="o1").update(set__status="closed")
    assert donor.items(PATH) == []
    assert call("donor", organisation="66f0000000000000000000d3").items(PATH) == []


def test_what_was_acted_on_and_is_listed_no_more_comes_last(
    world: World, donor: Caller, coordinator: Caller
) -> None:
    world.hears(
        [*asking(["critical", "low"]), offer_event("o1"), offer_event("o2", provisions=[TRAINING])]
    )
    assert [item["request"] for item in donor.items(PATH, offer="o1")] == ["r00", "r01"]
    assert coordinator.decide("r00.o1", "endorse").status_code == 200
    Shortlist.objects(request="r00").update(set__offers=[], set__suits=[], set__entries="[]")
    assert [item["request"] for item in donor.items(PATH, offer="o1")] == ["r01", "r00"]
    last = donor.items(PATH)[-1]
    assert (last["request"], last["proposals"][0]["status"]) == ("r00", "endorsed")
    assert donor.items(PATH, theme="marking", offer="o1")[-1]["request"] == "r00"


def test_what_a_donor_may_not_know_of_is_not_shown_and_moves_nothing_up(
    world: World, donor: Caller
) -> None:
    """o2 suits r1 best, but for a need that is hidden from the donor."""
    partly = offer_event("o1", signature=None)
    border = offer_event("o2", provisions=[POST], signature=None)
    world.hears(
        [
            request_event("r0", needs=[MARKING], signature=None),
            request_event("r1", needs=[{**MARKING, "quantity": 400}, SECRET], signature=None),
            partly,
            border,
        ]
    )
    Shortlist.objects(request="r0").update(set__suits=[1.0])
    listed = Shortlist.objects.get(request="r1")
    assert set(listed.offers) == {"o1", "o2"}
    suits = [{"o1": 0.0, "o2": 5.0}[offer] for offer in listed.offers]
    Shortlist.objects(request="r1").update(set__suits=suits)
    items = donor.items(PATH)
    assert [(item["request"], offers_of(item)) for item in items] == [
        ("r0", ["o1"]),
        ("r1", ["o1"]),
    ]
    assert items[1]["proposals"][0]["hidden_lines"] == 1
    assert donor.items(PATH, theme="border-control") == []
    assert not Match.objects


def test_only_donors_have_such_a_list(
    world: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    for caller in (coordinator, call("requester", state="SEN"), call("auditor")):
        assert caller.get(PATH).status_code == 403


def test_a_cursor_of_another_list_is_refused(world: World, donor: Caller) -> None:
    world.hears([*asking(["low", "high"]), offer_event("o1")])
    by_request = donor.get("/v1/proposals", status="proposed", limit=1).json["next"]
    assert by_request is not None
    assert donor.get(PATH, cursor=by_request).status_code == 422


def test_thirty_offers_are_asked_for_with_no_more_reads_than_two(
    world: World, donor: Caller
) -> None:
    world.hears([*asking(["low", "high"]), *(offer_event(f"o{n:02}") for n in range(2))])
    with reads() as few:
        assert len(donor.items(PATH)) == 2
    world.hears([offer_event(f"o{n:02}") for n in range(2, 30)])
    with reads() as many:
        assert [len(offers_of(item)) for item in donor.items(PATH)] == [30, 30]
    assert few
    assert few == many


def test_all_is_told_of_the_best_three_and_of_the_others_how_they_stand(
    world: World, donor: Caller
) -> None:
    offers = [offer_event(f"o{n}", provisions=[provision(1, capacity=n)]) for n in range(1, 6)]
    world.hears([request_event("r1", needs=[need(1, quantity=9)]), *offers])
    (item,) = donor.items(PATH)
    listed = donor.items("/v1/proposals", request="r1")
    assert item["proposals"] == listed[:3]
    assert len(listed) == 5
    told = ("id", "offer", "rank", "score", "status")
    assert item["others"] == [{name: one[name] for name in told} for one in listed[3:]]
    # Of a single offer it is all, however far down that stands.
    (item,) = donor.items(PATH, offer=listed[4]["offer"])
    assert (item["proposals"], item["others"]) == ([listed[4]], [])
