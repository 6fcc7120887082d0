"""A record that is withdrawn, in every state of its proposal, and whichever event comes first."""

from collections.abc import Callable
from typing import Any

import pytest

from services.matcher import settling
from services.matcher.documents import Commitment, Match
from services.matcher.ledger_documents import LedgerLine
from services.matcher.reactions import keep_records
from services.matcher.settling import follow_proposals
from shared.events.envelope import Event, check
from tests.services.matcher.records import (
    NOW,
    need,
    offer_event,
    provision,
    request_event,
    tombstone,
)
from tests.services.matcher.world import Caller, World

PAIR = "r.o"
LINES = [{"side": side, "line": 1, "quantity": 3} for side in ("request", "offer")]
keep = keep_records(lambda: NOW)


def request(number: int = 1, **fields: Any) -> Event:
    """The request at a version."""
    return request_event("r", number, needs=[need(1, quantity=4)], **fields)


def offer(number: int = 1, **fields: Any) -> Event:
    """The offer at a version; without conditions."""
    return offer_event("o", number, conditions=[], provisions=[provision(1)], **fields)


@pytest.fixture
def known(world: World) -> World:
    """One pair."""
    world.hears([request(), offer()])
    return world


def endorsed(caller: Caller) -> None:
    """A coordinator endorses it."""
    caller.decide(PAIR, "endorse")


def donor_agreed(caller: Caller) -> None:
    """The donor agrees."""
    endorsed(caller)
    caller.parties(PAIR)[0].answer(PAIR)


def state_agreed(caller: Caller) -> None:
    """The State agrees."""
    endorsed(caller)
    caller.parties(PAIR)[1].answer(PAIR)


def agreed(caller: Caller) -> None:
    """Both agree."""
    caller.agreed(PAIR)


def committed(caller: Caller) -> None:
    """Three machines are held."""
    agreed(caller)
    assert caller.post("/v1/commitments", {"proposal": PAIR, "lines": LINES}).status_code == 201


def released(caller: Caller) -> None:
    """And given back."""
    committed(caller)
    caller.post(f"/v1/commitments/{Commitment.objects.get().id}/release")


def delivering(caller: Caller) -> None:
    """On their way."""
    committed(caller)
    assert caller.step(PAIR, "delivery", {"step": "start"}).status_code == 200


def delivered(caller: Caller) -> None:
    """There."""
    delivering(caller)
    assert caller.step(PAIR, "delivery", {"step": "deliver"}).status_code == 200


def closed(caller: Caller) -> None:
    """Over."""
    delivered(caller)
    assert caller.step(PAIR, "delivery", {"step": "close"}).status_code == 200


ENDS: dict[str, Callable[[], Event]] = {
    "request-withdrawn": lambda: request(2, status="withdrawn"),
    "request-closed": lambda: request(2, status="closed"),
    "request-gone": lambda: tombstone(request()),
    "offer-withdrawn": lambda: offer(2, status="withdrawn"),
    "offer-merged": lambda: offer(2, status="merged", merged_into="other"),
    "offer-closed": lambda: offer(2, status="closed"),
}


@pytest.mark.parametrize("way", [endorsed, donor_agreed, state_agreed, agreed, released])
@pytest.mark.parametrize("cause", ["request-withdrawn", "offer-withdrawn"])
def test_before_anything_is_committed_it_falls_with_the_reason(
    known: World, coordinator: Caller, way: Callable[[Caller], None], cause: str
) -> None:
    way(coordinator)
    keep([ENDS[cause]()])
    match = Match.objects.get()
    assert (match.status, match.history[-1].action, match.history[-1].reason) == (
        "fallen",
        "fall",
        cause,
    )
    check(match.event())
    donor, state = coordinator.parties(PAIR)
    for one in (donor, state):
        assert one.life(PAIR)["history"][-1]["reason"] == cause
        assert one.answer(PAIR, "decline", reason="x").status_code == 409
    assert coordinator.decide(PAIR, "endorse").status_code == 409


@pytest.mark.parametrize("cause", ENDS)
def test_whatever_ends_a_record_lets_it_fall(known: World, coordinator: Caller, cause: str) -> None:
    agreed(coordinator)
    keep([ENDS[cause]()])
    assert Match.objects.get().history[-1].reason == cause


@pytest.mark.parametrize("way", [committed, delivering, delivered, closed])
@pytest.mark.parametrize("cause", ["request-withdrawn", "offer-withdrawn"])
def test_what_is_committed_is_kept_until_somebody_releases_it(
    known: World, coordinator: Caller, way: Callable[[Caller], None], cause: str
) -> None:
    way(coordinator)
    before = Match.objects.get()
    keep([ENDS[cause]()])
    assert (Match.objects.get().status, Match.objects.get().number) == (
        before.status,
        before.number,
    )
    held = Commitment.objects.get()
    assert held.status == "held"
    assert LedgerLine.objects.get(record="o").held == 3000
    released = coordinator.post(f"/v1/commitments/{held.id}/release")
    if way in (delivered, closed):
        assert released.status_code == 409
    else:
        assert released.status_code == 200
        assert [step.action for step in Match.objects.get().history[-2:]] == ["release", "fall"]


@pytest.mark.parametrize("says", ["reject", "decline"])
def test_a_no_stays_a_no(known: World, coordinator: Caller, says: str) -> None:
    endorsed(coordinator)
    if says == "reject":
        coordinator.decide(PAIR, "reject", reason="x")
    else:
        coordinator.parties(PAIR)[1].answer(PAIR, "decline", reason="x")
    before = Match.objects.get()
    keep([ENDS["request-withdrawn"]()])
    assert Match.objects.get().number == before.number


def test_one_that_is_open_again_is_proposed_again(known: World, coordinator: Caller) -> None:
    agreed(coordinator)
    keep([offer(2, status="merged", merged_into="other")])
    keep([request(2, status="closed")])
    keep([offer(3)])
    assert Match.objects.get().status == "fallen"  # the request is closed
    keep([request(3)])
    match = Match.objects.get()
    assert (match.status, match.history[-1].action) == ("proposed", "reopen")
    assert coordinator.decide(PAIR, "endorse").status_code == 200
    assert coordinator.life(PAIR)["waiting_for"] == ["donor", "state"]


def test_an_endorsement_that_comes_after_the_withdrawal_falls_too(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever endorsed had read the request as it was before; its event was handled first."""
    monkeypatch.setattr(settling, "_ended", lambda _: None)
    endorsed(coordinator)
    keep([ENDS["request-withdrawn"]()])
    monkeypatch.undo()
    assert Match.objects.get().status == "endorsed"
    keep([Match.objects.get().event()])
    assert Match.objects.get().status == "fallen"
    follow_proposals([PAIR], NOW)
    assert Match.objects.get().history[-1].action == "fall"


@pytest.mark.parametrize("dies", ["_give_back", "_paid"])
def test_what_a_dead_process_left_owing_is_done_by_the_sweep(
    known: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch, dies: str
) -> None:
    committed(coordinator)
    Match.objects.update(status="endorsed")  # as if held before both agreed
    donor, _ = coordinator.parties(PAIR)

    def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(settling, dies, killed)
        assert donor.answer(PAIR, "decline", reason="x").status_code == 500
    assert Match.objects.get().status == "declined"
    assert settling.sweep(NOW) == 1
    assert LedgerLine.objects.get(record="o").held == 0
    assert settling.sweep(NOW) == 0
    assert Match.objects.get().owes is None
