"""What a process keeps of what it has read tells the same as reading all of it anew."""

import pytest

from services.matcher import allocating
from services.matcher.allocating import Situation, situation
from services.matcher.documents import Match
from services.matcher.reading import KeptLinks, Reading
from tests.services.matcher.records import (
    NOW,
    call_event,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)
from tests.services.matcher.world import Caller, World

PRICED = provision(1, capacity=10, amount_cents=1_000_000, currency="USD")
CEILING = {"ceiling_cents": 500_000, "ceiling_currency": "USD"}


def anew() -> Situation:
    """What a process finds that has read nothing yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocating, "READING", Reading())
        return situation(NOW.date())


def same() -> Situation:
    """What this process finds; it has to be what another finds."""
    found, other = situation(NOW.date()), anew()
    assert found.digest(()) == other.digest(())
    assert set(found.links) == set(other.links)
    assert found.linked.keys() == other.linked.keys()
    for name in ("ceilings", "mismatched", "spoken_for", "declined"):
        for request, linked in found.linked.items():
            assert getattr(linked, name) == getattr(other.linked[request], name), name
    return found


@pytest.fixture
def known(world: World) -> World:
    """Two requests, one of them for machines without a price; an offer alone, one under a call."""
    world.hears(
        [
            call_event("c", fund_cents=500_000, ceiling_cents=300_000),
            request_event("r1", needs=[need(1, quantity=8)]),
            request_event("r2", needs=[need(1, quantity=8, amount_cents=None, currency=None)]),
            offer_event("o1", provisions=[PRICED], **CEILING),
            offer_event("o2", provisions=[PRICED], call="c"),
        ]
    )
    return world


def test_whatever_changes_is_read_anew(known: World, coordinator: Caller) -> None:
    assert {link.provision[0] for link in same().links} == {"o1", "o2"}
    known.hears([offer_event("o1", 2, provisions=[provision(1, capacity=3)])])
    assert same().ceilings == []
    known.hears([offer_event("o1", 3, provisions=[PRICED], **{**CEILING, "ceiling_cents": 9})])
    assert {one.limit for one in same().ceilings} == {9}
    coordinator.agreed("r1.o1")
    same()
    coordinator.decide("r2.o1", "reject", reason="no")
    assert same().linked["r2"].declined == {("r2", 1): {"o1"}}
    known.hears_itself()
    same()
    known.hears([call_event("c", 2, fund_cents=None, fund_currency=None)])
    same()
    bare = provision(1, capacity=3, amount_cents=None, currency=None)
    known.hears([offer_event("o2", 2, provisions=[bare], call="c")])
    assert "o2" in same().linked["r2"].mismatched[("r2", 1)]
    nothing = {"ceiling_cents": None, "ceiling_currency": None}
    known.hears([call_event("c", 3, fund_cents=None, fund_currency=None, **nothing)])
    assert ("o2", 1) in {link.provision for link in same().links}
    known.hears([call_event("c", 4, status="removed")])
    assert same().offers.keys() == {"o1"}
    known.hears([request_event("r1", 2, status="withdrawn"), tombstone(offer_event("o1", 3))])
    assert same().linked.keys() == {"r2"}
    known.hears([request_event("r1", 3, needs=[need(2, quantity=2)]), offer_event("o3")])
    assert {link.need for link in same().links} >= {("r1", 2)}


def test_what_does_not_change_stays_the_same_object(known: World) -> None:
    before = situation(NOW.date())
    known.hears([request_event("r2", 2, needs=[need(1, quantity=2)])])
    after = situation(NOW.date())
    assert after.requests["r1"] is before.requests["r1"]
    assert after.linked["r1"] is before.linked["r1"]
    assert after.linked["r2"] is not before.linked["r2"]
    assert situation(NOW.date(), without=["o1"]).linked["r1"].links.every != (
        before.linked["r1"].links.every
    )
    assert situation(NOW.date()).linked["r1"] is before.linked["r1"]


def test_two_proposals_with_one_id_are_told_apart(known: World, coordinator: Caller) -> None:
    """Documents count as equal where their ids are; what was decided since must be seen."""
    coordinator.agreed("r1.o1")
    before = situation(NOW.date())
    Match.objects(id="r1.o1").update(set__status="declined", inc__number=1)
    assert situation(NOW.date()).linked["r1"].declined == {("r1", 1): {"o1"}}
    assert before.linked["r1"].declined == {}


def test_another_day_and_another_register_are_read_anew(known: World) -> None:
    first = KeptLinks()
    state = situation(NOW.date())
    around = state.around
    found = first.current(state.requests, around, {}, keep=True)
    assert first.current(state.requests, around, {}, keep=True)["r1"] is found["r1"]
    later = type(around)(NOW.date().replace(year=NOW.year + 1), *list(vars(around).values())[1:])
    assert first.current(state.requests, later, {}, keep=True)["r1"] is not found["r1"]


def test_too_many_are_not_kept(known: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.matcher.reading.MOST_DOCUMENTS", 1)
    monkeypatch.setattr("services.matcher.reading.MOST_LINKS", 1)
    views = Reading().views
    assert views.current()["offer:o1"] is not views.current()["offer:o1"]
    links, state = KeptLinks(), situation(NOW.date())
    found = [links.current(state.requests, state.around, {}, keep=True)["r1"] for _ in range(2)]
    assert found[0] is not found[1]
    assert found[0] == found[1]
