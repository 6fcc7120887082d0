"""Offers for one need: endorsing or committing one supersedes or shrinks the others, and back."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.matcher.documents import Commitment, Match, Shortlist
from shared.events.envelope import Event, check
from shared.vocabulary import LANGUAGES
from tests.services.matcher.engine.sentences import check_sentence
from tests.services.matcher.records import need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World, received

ONE, TWO, THREE = (f"66f0000000000000000000d{n}" for n in (1, 2, 3))
TRAINING = {"kind": "training", "unit": "persons", "amount_cents": None, "currency": None}
BARE = {"amount_cents": None, "currency": None}
RECORDS = [
    request_event("r", needs=[need(1, quantity=4, **BARE), need(2, quantity=20, **TRAINING)]),
    # Both serve the machines only; the third serves both lines.
    offer_event("o1", organisation=ONE, provisions=[provision(1, capacity=4)], signature=None),
    offer_event("o2", organisation=TWO, provisions=[provision(1, capacity=4)], signature=None),
    offer_event(
        "o3",
        organisation=THREE,
        provisions=[provision(1, capacity=4), provision(2, capacity=20, **TRAINING)],
        signature=None,
    ),
]


@pytest.fixture
def rivals(world: World) -> World:
    """A request for machines and training, two offers of machines and one of both."""
    world.hears(RECORDS)
    return world


def proposal(caller: Caller, offer: str, **query: Any) -> dict[str, Any]:
    """The proposal of the offer, as read and as listed."""
    read: dict[str, Any] = caller.get(f"/v1/proposals/r.{offer}", **query).json
    (listed,) = caller.items("/v1/proposals", request="r", offer=offer, **query)
    assert read == listed
    return read


def rival(proposal: str, by: str) -> dict[str, Any]:
    """A proposal that takes up the first need line, as it is shown."""
    return {"proposal": proposal, "activity": None, "coverage": None, "by": by, "needs": [1]}


def served(shown: dict[str, Any]) -> dict[int, float]:
    """By need line how much the proposal serves."""
    return {serving["need"]: serving["quantity"] for serving in shown["serves"]}


def commit(caller: Caller, offer: str, quantity: int, line: int = 1) -> str:
    """Commit so much of a provision to a need line, once both sides agree; the commitment's id."""
    if caller.life(f"r.{offer}")["status"] == "endorsed":
        caller.consented(f"r.{offer}")
    lines = [
        {"side": "request", "line": line, "quantity": quantity},
        {"side": "offer", "line": line, "quantity": quantity},
    ]
    answer = caller.post("/v1/commitments", {"proposal": f"r.{offer}", "lines": lines})
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def test_an_endorsement_supersedes_and_shrinks(rivals: World, coordinator: Caller) -> None:
    assert proposal(coordinator, "o2")["displaced"] is None
    assert coordinator.decide("r.o1", "endorse").status_code == 200
    rivals.hears_itself()
    endorsed, superseded, shrunk = (proposal(coordinator, o) for o in ("o1", "o2", "o3"))
    assert (endorsed["status"], endorsed["displaced"]) == ("endorsed", None)
    assert superseded["status"] == "superseded"
    told = superseded["displaced"]
    assert (told["code"], told["needs"], told["lessened"]) == ("superseded", [1], [])
    assert told["rivals"] == [rival("r.o1", "endorsement")]
    assert (shrunk["status"], shrunk["displaced"]["code"]) == ("proposed", "shrunk")
    assert served(shrunk) == {2: 20}
    assert [lack for lack in shrunk["lacking"] if lack["code"] == "unserved"] == []


def test_they_come_back_when_the_endorsement_is_withdrawn(
    rivals: World, coordinator: Caller
) -> None:
    before = [proposal(coordinator, offer) for offer in ("o2", "o3")]
    coordinator.decide("r.o1", "endorse")
    rivals.hears_itself()
    coordinator.decide("r.o1", "reject", reason="The donor says that they are gone.")
    rivals.hears_itself()
    after = [proposal(coordinator, offer) for offer in ("o2", "o3")]
    for one, other in zip(before, after, strict=True):
        assert (one["status"], one["displaced"], one["serves"]) == ("proposed", None, one["serves"])
        assert (other["status"], other["displaced"]) == ("proposed", None)
        assert one["serves"] == other["serves"]


def test_part_of_a_need_shrinks_the_others_to_the_rest(rivals: World, coordinator: Caller) -> None:
    rivals.hears([offer_event("o1", 2, organisation=ONE, provisions=[provision(1, capacity=3)])])
    coordinator.decide("r.o1", "endorse")
    rivals.hears_itself()
    shown = proposal(coordinator, "o2")
    assert (shown["status"], served(shown)) == ("proposed", {1: 1})
    assert (shown["displaced"]["code"], shown["displaced"]["lessened"]) == ("shrunk", [1])


def test_of_two_endorsed_the_earlier_goes_first(
    rivals: World, coordinator: Caller, clock: Any
) -> None:
    coordinator.decide("r.o2", "endorse")
    rivals.hears_itself()
    clock.now += timedelta(seconds=5)
    # A second donor may be endorsed for the same need: what is committed first counts.
    answer = coordinator.decide("r.o1", "endorse")
    assert answer.status_code == 200
    rivals.hears_itself()
    assert proposal(coordinator, "o2")["displaced"] is None
    second = proposal(coordinator, "o1")
    assert (second["status"], second["displaced"]["code"]) == ("endorsed", "superseded")
    assert [rival["proposal"] for rival in second["displaced"]["rivals"]] == ["r.o2"]
    # The one that is superseded itself takes nothing from the third.
    third = proposal(coordinator, "o3")["displaced"]
    assert [rival["proposal"] for rival in third["rivals"]] == ["r.o2"]


def test_a_commitment_supersedes_until_it_is_released(rivals: World, coordinator: Caller) -> None:
    coordinator.decide("r.o1", "endorse")
    id_ = commit(coordinator, "o1", 4)
    rivals.hears_itself()
    assert proposal(coordinator, "o1")["status"] == "committed"
    superseded, shrunk = proposal(coordinator, "o2"), proposal(coordinator, "o3")
    assert superseded["status"] == "superseded"
    assert superseded["displaced"]["rivals"] == [rival("r.o1", "commitment")]
    assert served(superseded) == {1: 4}  # what it would serve
    assert (shrunk["displaced"]["code"], served(shrunk)) == ("shrunk", {2: 20})
    assert coordinator.post(f"/v1/commitments/{id_}/release").status_code == 200
    rivals.hears_itself()
    for offer in ("o2", "o3"):
        assert proposal(coordinator, offer)["displaced"] is None
    # The released one may be committed again, so it is there; it holds nothing back.
    assert proposal(coordinator, "o1")["status"] == "released"


def test_part_committed_leaves_the_rest_and_says_so(rivals: World, coordinator: Caller) -> None:
    coordinator.decide("r.o1", "endorse")
    commit(coordinator, "o1", 3)
    rivals.hears_itself()
    shown = proposal(coordinator, "o2")
    assert (shown["status"], served(shown)) == ("proposed", {1: 1})
    assert (shown["displaced"]["code"], shown["displaced"]["lessened"]) == ("shrunk", [1])
    assert proposal(coordinator, "o1")["displaced"] is None


def test_a_need_met_by_several_donors_and_no_more(rivals: World, coordinator: Caller) -> None:
    for offer in ("o1", "o2", "o3"):
        coordinator.decide(f"r.{offer}", "endorse")
    commit(coordinator, "o1", 1)
    commit(coordinator, "o2", 2)
    lines = [{"side": side, "line": 1, "quantity": 2} for side in ("request", "offer")]
    coordinator.consented("r.o3")
    above = coordinator.post("/v1/commitments", {"proposal": "r.o3", "lines": lines})
    assert (above.status_code, above.json["type"].rpartition(":")[2]) == (409, "not-enough-left")
    commit(coordinator, "o3", 1)
    (line, _) = coordinator.items("/v1/ledger", record="r")
    assert (line["limit"], line["held"], line["free"]) == (4, 4, 0)
    rivals.hears_itself()
    assert {o: proposal(coordinator, o)["status"] for o in ("o1", "o2", "o3")} == dict.fromkeys(
        ("o1", "o2", "o3"), "committed"
    )


def test_when_all_needs_are_met_whoever_would_have_served_them_is_told(
    rivals: World, call: Callable[..., Caller], coordinator: Caller
) -> None:
    coordinator.decide("r.o3", "endorse")
    commit(coordinator, "o3", 4)
    commit(coordinator, "o3", 20, line=2)
    rivals.hears_itself()
    assert proposal(coordinator, "o2")["status"] == "superseded"
    told = proposal(call("requester", state="SEN"), "o2")["displaced"]
    assert [rival["proposal"] for rival in told["rivals"]] == ["r.o3"]
    donor = proposal(call("donor", organisation=TWO), "o2")
    assert (donor["status"], donor["displaced"]["needs"]) == ("superseded", [1])
    assert donor["displaced"]["rivals"] == []  # another donor's proposal is not its business
    assert coordinator.decide("r.o2", "reject", reason="Not needed any more.").status_code == 200


def test_confidential_needs_are_not_told(world: World, call: Callable[..., Caller]) -> None:
    secret = need(1, quantity=4, confidential=True, visibility="parties", **BARE)
    world.hears([request_event("r", needs=[secret, need(2, quantity=20, **TRAINING)])])
    world.hears(RECORDS[1:])
    coordinator = call("coordinator")
    coordinator.decide("r.o1", "endorse")
    world.hears_itself()
    assert proposal(coordinator, "o3")["displaced"]["needs"] == [1]
    assert proposal(call("donor", organisation=THREE), "o3")["displaced"] is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences(rivals: World, coordinator: Caller, language: str) -> None:
    rivals.hears([offer_event("o4", organisation=TWO, provisions=[provision(1, capacity=9)])])
    coordinator.decide("r.o1", "endorse")
    rivals.hears_itself()
    told = [proposal(coordinator, o, language=language) for o in ("o2", "o3")]
    commit(coordinator, "o1", 4)
    rivals.hears_itself()
    told += [proposal(coordinator, o, language=language) for o in ("o2", "o3")]
    sentences = {one["displaced"]["sentence"] for one in told}
    assert len(sentences) == 4
    sentences.add(told[0]["same_donor"]["sentence"])
    coordinator.decide("r.o2", "reject", reason="No.")
    rivals.hears([offer_event("o2", 2, organisation=TWO, provisions=[provision(1, capacity=1)])])
    rivals.hears_itself()
    back = proposal(coordinator, "o2", language=language)["came_back"]
    assert back["sides"] == ["offer"]
    for sentence in (*sentences, back["sentence"]):
        check_sentence(sentence, language)


def test_two_offers_of_one_donor_for_one_need_are_flagged(
    rivals: World, coordinator: Caller
) -> None:
    assert proposal(coordinator, "o1")["same_donor"] is None
    training_only = [provision(1, capacity=9, **TRAINING)]
    rivals.hears(
        [
            offer_event("o4", organisation=ONE, provisions=[provision(1, capacity=9)]),
            offer_event("o5", organisation=ONE, provisions=training_only, signature=None),
        ]
    )
    assert proposal(coordinator, "o1")["same_donor"]["proposals"] == ["r.o4"]
    assert "r.o1" in proposal(coordinator, "o4")["same_donor"]["proposals"]
    # For another need of the request there is nothing to be confused with.
    flagged = proposal(coordinator, "o5")["same_donor"] or {"proposals": []}
    assert "r.o1" not in flagged["proposals"]


def test_the_shortlists_event_tells_it(rivals: World, coordinator: Caller) -> None:
    coordinator.decide("r.o1", "endorse")
    commit(coordinator, "o1", 4)
    rivals.hears_itself()
    event = Shortlist.objects.get(request="r").event()
    check(event)
    told = {entry["offer"]: entry.get("displaced") for entry in event.data["entries"]}
    by = [{"offer": "o1", "by": "commitment"}]
    assert told == {
        "o2": {"code": "superseded", "by": by},
        "o3": {"code": "shrunk", "by": by},
    }


def test_the_order_of_arrival_changes_nothing(rivals: World, coordinator: Caller) -> None:
    coordinator.decide("r.o1", "endorse")
    coordinator.decide("r.o2", "endorse")
    commit(coordinator, "o2", 2)
    ids = [Match.objects.get(id=f"r.{o}").event() for o in ("o1", "o2")]
    late: list[Event] = [*ids, Commitment.objects.first().event()]
    seen = []
    for order in itertools.permutations([*late, RECORDS[0], RECORDS[2]]):
        other = World()
        for event in (*order, RECORDS[1], RECORDS[3], *order):
            other.feed.apply(received(event))
        standing = other.feed.standing("r")
        found = {o: one.data() for o, one in standing.displaced.items()}
        seen.append((found, [(e.offer, e.serves) for e in standing.entries]))
    assert all(one == seen[0] for one in seen)
    assert set(seen[0][0]) == {"o1", "o3"}
