"""Donors' track records: kept from matches, told to whom they may be told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.matcher.documents import Match
from services.matcher.engine.track_records import Outcome
from services.matcher.life_documents import Delivered, FollowUp
from services.matcher.track_records import DonorRecord, keep_track_records
from shared.events.envelope import Event
from shared.events.outbox import Transition, create
from tests.services.matcher.records import DONOR, NOW, offer_event, request_event, tombstone
from tests.services.matcher.world import Caller, World

OTHER = "66f0000000000000000000d2"
PAIR = "r.o"

pytestmark = pytest.mark.usefixtures("database")


def answered(country: str, *scores: int, known: Delivered | None = None) -> Event:
    """A stored proposal that a State judged so, in order of SCORES; its event."""
    names = ("adequate", "effective", "sustainable")
    match = Match(
        id=f"before-{country}.o",
        request=f"before-{country}",
        offer="o",
        country=country,
        organisation=DONOR,
        status="follow-up",
        request_version="1.1",
        offer_version="1.1",
        outcome=known,
        history=[
            Transition(
                source="delivered", target="follow-up", action="follow-up", at=NOW, role="matcher"
            )
        ],
        follow_ups=[
            FollowUp(
                months=3,
                due_at=NOW,
                asked_at=NOW,
                answered_at=NOW,
                **dict(zip(names, scores, strict=True)),
            )
        ],
    )
    create(match, NOW)
    event = match.event()
    assert event is not None
    return Event(event.type, event.source, match.id, NOW, match.version, event.data)


def kept() -> dict[str, Any]:
    """The donor's record."""
    found = DonorRecord.objects.get(id=DONOR)
    return {
        name: getattr(found, name) for name in ("states", "helped", "judged", "in_time", "received")
    }


def test_a_record_follows_from_the_matches_however_often_it_is_told() -> None:
    first = answered("SEN", 5, 4, 3, known=Delivered(in_time=True, received=0.5))
    keep_track_records([first])
    expected = {"states": 1, "helped": 1, "judged": 4.0, "in_time": 1.0, "received": 0.5}
    assert kept() == expected
    keep_track_records([first, first])
    assert DonorRecord.objects.get(id=DONOR).number == 1
    second = answered("MLI", 1, 1, 1, known=Delivered(in_time=False))
    keep_track_records([second])
    both = {"states": 2, "helped": 2, "judged": 2.5, "in_time": 0.5, "received": 0.5}
    assert kept() == both
    # All over again, in another order.
    DonorRecord.objects.delete()
    keep_track_records([second, first])
    assert kept() == both


def test_a_proposal_that_vanished_counts_no_more(world: World) -> None:
    world.hears([offer_event("o")])
    event = answered("SEN", 5, 4, 3)
    keep_track_records([event])
    Match.objects.delete()
    keep_track_records([tombstone(event)])
    assert kept()["states"] == 0


def test_nothing_is_written_of_a_donor_without_answers() -> None:
    event = answered("SEN", 5, 4, 3)
    Match.objects.delete()
    keep_track_records([event])
    assert DonorRecord.objects.count() == 0


def test_several_at_once_leave_what_all_of_them_know() -> None:
    events = [answered(country, 4, 4, 4) for country in ("SEN", "MLI", "KEN", "GHA")]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda event: keep_track_records([event]), events))
    assert kept()["states"] == 4


def test_the_document_and_the_event_tell_the_same() -> None:
    known = Delivered(theme="marking", in_time=False, received=0.25)
    event = answered("SEN", 5, 4, 3, known=known)
    assert Outcome.of_event(event.data) == Outcome("SEN", "marking", (5, 4, 3), False, 0.25)


@pytest.fixture
def ranked(world: World) -> World:
    """A request and two offers of two donors."""
    world.hears(
        [
            request_event("r"),
            offer_event("o", conditions=[]),
            offer_event("other", organisation=OTHER, conditions=[]),
        ]
    )
    return world


def track_record(caller: Caller) -> dict[str, Any] | None:
    """What a reader is told of the donor's record."""
    found: dict[str, Any] | None = caller.get(f"/v1/proposals/{PAIR}").json["track_record"]
    return found


def test_who_is_told_what(ranked: World, coordinator: Caller, call: Callable[..., Caller]) -> None:
    donor, state = call("donor", organisation=DONOR), call("requester", state="SEN")
    regional = call("coordinator", regions=["Western Africa"])
    everyone = (coordinator, call("auditor"), donor, state, regional)
    assert [track_record(one) for one in everyone] == [None] * 5
    ranked.hears(
        [answered("KEN", 5, 4, 4), answered("PER", 2, 2, 2, known=Delivered(in_time=True))]
    )
    whole = track_record(coordinator)
    assert whole is not None
    assert (whole["states"], whole["helped"], whole["in_time"]) == (2, 2, 1.0)
    assert whole["judged"] == pytest.approx(3.1667, abs=1e-4)
    assert whole["sentence"] == (
        "Earlier help by this donor was judged 3.2 of 5 by 2 States. Delivered in time: 100%."
    )
    assert track_record(donor) == track_record(call("auditor")) == whole
    # Two States' answers are given away to nobody else.
    assert track_record(state) is None
    assert track_record(regional) is None
    ranked.hears([answered("FJI", 2, 2, 1)])
    told = track_record(state)
    assert told == {
        "states": 3,
        "judged": 2.5,
        "helped": None,
        "in_time": None,
        "received": None,
        "sentence": "Earlier help by this donor was judged 2.5 of 5 by 3 States.",
    }
    assert track_record(regional) == told
    russian = state.get(f"/v1/proposals/{PAIR}", language="ru").json["track_record"]["sentence"]
    assert "2,5 из 5 по ответам 3 государств" in russian


def test_a_record_orders_equal_offers_and_says_so(
    ranked: World, call: Callable[..., Caller]
) -> None:
    state = call("requester", state="SEN")

    def listed() -> list[str]:
        return [one["offer"] for one in state.items("/v1/proposals", request="r")]

    assert listed() == ["o", "other"]
    ranked.hears([answered(country, 1, 1, 1) for country in ("KEN", "PER", "FJI", "GHA")])
    assert listed() == ["other", "o"]
    assert Match.objects(id=PAIR).first() is None


def test_what_was_delivered_is_noted_with_it(
    ranked: World, coordinator: Caller, call: Callable[..., Caller]
) -> None:
    coordinator.decide(PAIR, "endorse")
    coordinator.consented(PAIR)
    lines = [{"side": side, "line": 1, "quantity": 4} for side in ("request", "offer")]
    assert (
        coordinator.post("/v1/commitments", {"proposal": PAIR, "lines": lines}).status_code == 201
    )
    donor, state = coordinator.parties(PAIR)
    donor.step(PAIR, "delivery", {"step": "start"})
    state.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 2}]})
    assert Match.objects.get(id=PAIR).outcome is None
    donor.step(PAIR, "delivery", {"step": "deliver"})
    found = Match.objects.get(id=PAIR).outcome.data()
    assert (found["in_time"], found["received"]) == (True, 0.5)
    assert found["theme"] in {
        one["theme"] for one in state.get(f"/v1/proposals/{PAIR}").json["serves"]
    }
    state.step(PAIR, "figures", {"lines": [{"line": 1, "quantity": 4}]})
    assert Match.objects.get(id=PAIR).outcome.received == 1.0
    event = Match.objects.get(id=PAIR).event()
    assert event.data["outcome"] == {**found, "received": 1.0}
