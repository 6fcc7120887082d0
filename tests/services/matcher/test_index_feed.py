"""Events into the engine: the same shortlists whatever the order, repeats and late arrivals."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.matcher.index_feed import Cause, IndexFeed
from services.matcher.metrics import NOT_INDEXED
from shared.events import validation
from shared.events.envelope import COMMITMENT, MATCH, Event
from shared.events.versions import Version
from tests.services.matcher.records import (
    NOW,
    followed_up,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)
from tests.services.matcher.world import new_feed, received


def acted(type_: str, id_: str, number: int, **fields: Any) -> Event:
    """A match or commitment event at a version."""
    data = {**validation.example(type_), **fields, "id": id_}
    assert validation.problem(type_, data) is None
    return Event(type_, "/entraide/matcher", id_, NOW, Version(1, number), data)


def taken(side: str, record: str, amount: int) -> dict[str, Any]:
    """A line of a commitment."""
    line = {"side": side, "record": record, "line": 1, "measure": "quantity"}
    return {**line, "amount": amount, "unit": "machines"}


def story() -> list[Event]:
    """Three requests and four offers, with changes, decisions and commitments."""
    half = [taken("request", "r1", 2_000), taken("offer", "offer-2", 2_000)]
    rest = [taken("offer", "offer-3", 10_000), taken("request", "r2", 1_000)]
    return [
        request_event("r1"),
        request_event("r1", 2, needs=[need(quantity=6)]),
        request_event("r2"),
        request_event("gone"),
        tombstone(request_event("gone")),
        offer_event("offer-1", conditions=[]),
        offer_event("offer-2", provisions=[provision(capacity=3)]),
        offer_event("offer-3"),
        offer_event("offer-4"),
        offer_event("offer-4", 2, status="withdrawn"),
        acted(MATCH, "r1.offer-1", 1, status="rejected"),
        acted(MATCH, "r1.offer-1", 2, status="endorsed"),
        acted(MATCH, "r2.offer-1", 1, status="rejected"),
        *(followed_up(f"before.{s}", s, 2) for s in ("SEN", "MLI", "KEN", "GHA")),
        followed_up("before.GHA", "GHA", 5, 2),
        acted(COMMITMENT, "c1", 1, status="reserving", lines=half),
        acted(COMMITMENT, "c1", 2, status="held", lines=half),
        acted(COMMITMENT, "c2", 2, status="held", lines=rest),
        acted(COMMITMENT, "c3", 2, status="held", lines=half),
        acted(COMMITMENT, "c3", 4, status="released", lines=half),
    ]


def shortlists(one: IndexFeed) -> dict[str, Any]:
    """Every known request's offers with scores and what they serve."""
    return {
        request: [(e.offer, e.score, e.rank, e.features, e.serves) for e in one.entries(request)]
        for request in one.requests
    }


def test_the_order_of_arrival_changes_nothing() -> None:
    straight = new_feed()
    for event in story():
        straight.apply(received(event))
    straight.settle()
    expected = shortlists(straight)
    assert expected["gone"] == []
    assert "offer-1" in [entry[0] for entry in expected["r1"]]
    assert "offer-1" not in [entry[0] for entry in expected["r2"]]
    assert "offer-3" not in [entry[0] for entry in expected["r1"]]  # used up
    for seed in range(30):
        shuffled = story() * 2
        random.Random(seed).shuffle(shuffled)
        other = new_feed()
        for event in shuffled:
            other.apply(received(event))
        other.settle()
        assert shortlists(other) == expected


def test_repeats_and_older_versions_mark_nothing() -> None:
    one = new_feed()
    for event in story():
        one.apply(received(event))
    one.settle()
    one.dirty.clear()
    assert not any(one.apply(received(event)) for event in story())
    one.settle()
    assert not one.dirty


def marked(one: IndexFeed) -> set[str]:
    """The requests to rank again."""
    return {request for of_partition in one.dirty.values() for request in of_partition}


@pytest.fixture
def ranked() -> IndexFeed:
    """A feed whose requests r1 and r2 were ranked with offer-1 and offer-2."""
    one = new_feed()
    for event in (
        request_event("r1"),
        request_event("r2", country="MLI"),
        offer_event("offer-1"),
        offer_event("offer-2"),
    ):
        one.apply(received(event))
    one.settle()
    for request in marked(one):
        one.entries(request)
    one.dirty.clear()
    return one


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (request_event("r1", 2), {"r1"}),
        (tombstone(request_event("r1")), {"r1"}),
        (offer_event("offer-1", 2, status="withdrawn"), {"r1", "r2"}),
        (tombstone(offer_event("offer-1")), {"r1", "r2"}),
        (acted(MATCH, "r1.offer-1", 1, status="rejected"), {"r1"}),
        (acted(COMMITMENT, "c", 1, lines=[taken("request", "r2", 1_000)]), {"r2"}),
        (acted(COMMITMENT, "c", 1, lines=[taken("offer", "offer-1", 10_000)]), {"r1", "r2"}),
        (acted(COMMITMENT, "c", 1, status="refused", lines=[taken("request", "r2", 1_000)]), set()),
        (
            offer_event("offer-3", eligibility={"countries": ["MLI"], "regions": [], "groups": []}),
            {"r2"},
        ),
    ],
)
def test_an_event_marks_the_requests_that_it_concerns(
    ranked: IndexFeed, event: Event, expected: set[str]
) -> None:
    ranked.apply(received(event))
    ranked.settle()
    assert marked(ranked) == expected


def test_what_was_taken_out_in_vain_waits_on_before_the_others(ranked: IndexFeed) -> None:
    ranked.mark(["r1"], "trace-1")
    (partition,) = (number for number, waiting in ranked.dirty.items() if "r1" in waiting)
    taken = {(partition, "r1"): ranked.dirty[partition].pop("r1")}
    ranked.mark(["r2", "r1"], "trace-2")
    ranked.wait_on(taken)
    waiting = ranked.dirty[partition]
    assert next(iter(waiting)) == "r1"
    assert waiting["r1"] == Cause(taken[partition, "r1"].since, "trace-2")
    assert sum("r2" in one for one in ranked.dirty.values()) == 1


def test_another_day_marks_everything(ranked: IndexFeed) -> None:
    ranked.advance(NOW.date().replace(year=2029))
    assert marked(ranked) == {"r1", "r2"}
    assert ranked.entries("r1") == ()


def test_a_request_that_vanished_before_it_was_heard_of_is_marked_to_be_emptied() -> None:
    one = new_feed()
    one.apply(received(tombstone(request_event("r1"))))
    assert marked(one) == {"r1"}
    assert one.requests["r1"].country is None
    assert one.entries("r1") == ()


def unreadable(event: Event) -> Event:
    """The event with a vector that is none, which its schema lets through."""
    return replace(
        event, data={**event.data, "signature": {**event.data["signature"], "vector": "!"}}
    )


@pytest.mark.parametrize(
    ("former", "event"),
    [
        ("r1", unreadable(request_event("r1", 2, status="withdrawn"))),
        ("r1", unreadable(request_event("r1", 2))),
        ("offer-1", unreadable(offer_event("offer-1", 2, status="withdrawn"))),
    ],
)
def test_a_state_that_the_engine_refuses_takes_the_former_one_away(
    ranked: IndexFeed, former: str, event: Event
) -> None:
    before = NOT_INDEXED.labels(event.type)._value.get()
    assert ranked.apply(received(event))
    ranked.settle()
    assert NOT_INDEXED.labels(event.type)._value.get() == before + 1
    assert "r1" in marked(ranked)
    proposed = {(request, e.offer) for request in ("r1", "r2") for e in ranked.entries(request)}
    assert proposed
    assert not [pair for pair in proposed if former in pair]
    assert ranked.apply(received(replace(event, version=Version(1, 3), data=readable(event))))
    assert [pair.offer for pair in ranked.entries("r1")] == ["offer-1", "offer-2"]


def readable(event: Event) -> dict[str, Any]:
    """What the record says once it is mended."""
    example = validation.example(event.type)
    return {**event.data, "status": "published", "signature": example["signature"]}


def test_another_day_goes_on_without_what_does_not_fit(ranked: IndexFeed) -> None:
    heavy = request_event("r1", 2)
    terms = {**heavy.data["signature"], "terms": [["0123456789abcdef", 1_000.0]]}
    ranked.apply(received(replace(heavy, data={**heavy.data, "signature": terms})))
    ranked.advance(NOW.date() + timedelta(days=1))
    assert marked(ranked) == {"r1", "r2"}
    assert ranked.entries("r1") == ()
    assert ranked.entries("r2") != ()


def test_a_commitment_to_a_record_that_is_refused_counts_for_the_other_side(
    ranked: IndexFeed,
) -> None:
    heavy = request_event("r1", 2)
    terms = {**heavy.data["signature"], "terms": [["0123456789abcdef", 1_000.0]]}
    ranked.apply(received(replace(heavy, data={**heavy.data, "signature": terms})))
    both = [taken("request", "r1", 1_000), taken("offer", "offer-1", 10_000)]
    ranked.apply(received(acted(COMMITMENT, "c", 1, lines=both)))
    assert [pair.offer for pair in ranked.entries("r2")] == ["offer-2"]


def test_what_is_released_leaves_nothing_behind(ranked: IndexFeed) -> None:
    def kept() -> list[int]:
        held = (ranked._committed, ranked._taken, ranked._takers, ranked.engine._records._committed)
        return [len(one) for one in held]

    before, entries = kept(), ranked.entries("r1")
    both = [taken("request", "r1", 1_000), taken("offer", "offer-1", 10_000)]
    ranked.apply(received(acted(COMMITMENT, "c", 1, lines=both)))
    assert min(after - one for after, one in zip(kept(), before, strict=True)) > 0
    ranked.apply(received(acted(COMMITMENT, "c", 2, lines=both, status="released")))
    assert (kept(), ranked.entries("r1")) == (before, entries)


def test_an_offer_that_cannot_be_compared_marks_every_request(
    ranked: IndexFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranked.engine, "affected", lambda _: 1 / 0)
    ranked.apply(received(offer_event("offer-1", 2)))
    ranked.settle()
    assert marked(ranked) == {"r1", "r2"}


def test_a_donors_record_marks_what_its_own_offers_concern_once_it_changes_by_a_step(
    ranked: IndexFeed,
) -> None:
    other = offer_event("other", organisation="66f0000000000000000000d2")
    ranked.apply(received(other))
    ranked.settle()
    for request in marked(ranked):
        ranked.entries(request)
    ranked.dirty.clear()

    def scores() -> dict[str, float]:
        return {entry.offer: entry.score for entry in ranked.entries("r1")}

    before = scores()
    for country in ("SEN", "MLI"):
        ranked.apply(received(followed_up(f"before.{country}", country, 1)))
    ranked.settle()
    assert not marked(ranked)
    assert scores() == before
    ranked.apply(received(followed_up("before.KEN", "KEN", 1)))
    ranked.settle()
    assert marked(ranked) == {"r1", "r2"}
    after = scores()
    assert after["other"] == before["other"]
    assert after["offer-1"] < before["offer-1"]
    ranked.dirty.clear()
    # A repeat changes nothing, nor does an answer that is no step.
    ranked.apply(received(followed_up("before.KEN", "KEN", 1)))
    ranked.apply(received(followed_up("again.KEN", "KEN", 1)))
    ranked.settle()
    assert not marked(ranked)
    # What vanishes counts no more.
    ranked.apply(received(tombstone(followed_up("before.SEN", "SEN", 1))))
    ranked.settle()
    assert marked(ranked) == {"r1", "r2"}
    assert scores() == before


def test_a_record_that_comes_before_the_offer_is_its_own_all_the_same() -> None:
    one, other = new_feed(), new_feed()
    answers = [followed_up(f"before.{s}", s, 5) for s in ("SEN", "MLI", "KEN")]
    records = [request_event("r1"), offer_event("offer-1")]
    for feed, events in ((one, [*answers, *records]), (other, [*records, *answers])):
        for event in events:
            feed.apply(received(event))
        feed.forget_offers()
    assert shortlists(one) == shortlists(other)
    fresh = new_feed()
    for event in records:
        fresh.apply(received(event))
    assert one.entries("r1")[0].score > fresh.entries("r1")[0].score
