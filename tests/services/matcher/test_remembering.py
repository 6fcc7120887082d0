"""What a process remembers of its last allocation: repaired after an event, anew when too far."""

from datetime import timedelta
from typing import Any

import pytest

from services.matcher import allocations, remembering
from services.matcher.engine.allocation import EFFORT
from services.matcher.engine.allocation_change import Register
from services.matcher.engine.allocation_problem import Link, Need, Provision
from services.matcher.remembering import Memory
from tests.services.matcher.records import NOW, need, offer_event, provision, request_event
from tests.services.matcher.world import Caller, World

UNPRICED = {"amount_cents": None, "currency": None}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is small is remembered too, by a memory of this test's own."""
    monkeypatch.setattr(remembering, "LEAST_LINKS", 0)
    monkeypatch.setattr(remembering, "WIDER", 1.0)
    monkeypatch.setattr(allocations, "_MEMORY", Memory())


def register(*free: int) -> Register:
    """One need for each number, and what is free for it."""
    return Register.of(
        tuple(Need((f"r{at}", 1), 9, 9) for at in range(len(free))),
        tuple(Provision((f"o{at}", 1), amount) for at, amount in enumerate(free)),
        tuple(Link((f"r{at}", 1), (f"o{at}", 1), 0.5) for at in range(len(free))),
    )


def test_a_little_changed_is_repaired_and_says_since_when() -> None:
    memory = Memory()
    first = memory.find("a", NOW.date(), register(3, 6), NOW, EFFORT)
    later = NOW + timedelta(minutes=1)
    second = memory.find("b", NOW.date(), register(3, 4), later, EFFORT)
    assert (first.whole.id, first.whole.repairs) == ("a", 0)
    assert (second.whole.id, second.whole.at, second.whole.repairs) == ("a", NOW, 1)
    assert [one.met for one in second.found.taken] == [3, 4]
    assert second.found.value == pytest.approx(0.5 * 7 / 9)
    assert second.found.value <= second.found.bound
    assert (first.greedy, second.greedy) == (first.found.value, None)


@pytest.mark.parametrize("why", ["other day", "too old", "too much", "too often", "too wide"])
def test_what_is_too_far_away_is_solved_anew(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    memory, day, later, free = Memory(), NOW.date(), NOW, (3, 4)
    memory.find("a", day, register(3, 6), NOW, EFFORT)
    if why == "other day":
        day += timedelta(days=1)
    elif why == "too old":
        later += remembering.OLDEST
    elif why == "too much":
        monkeypatch.setattr(remembering, "MOST_CHANGED", 0)
    elif why == "too often":
        monkeypatch.setattr(remembering, "MOST_REPAIRS", 0)
    else:
        # A bound that nobody can reach is taken along, and then is too far from what is found.
        monkeypatch.setattr(remembering, "most_gained", lambda *_: 9.0)
        monkeypatch.setattr(remembering, "WIDER", 0.0)
    found = memory.find("b", day, register(*free), later, EFFORT)
    assert (found.whole.id, found.whole.at, found.whole.repairs) == ("b", later, 0)
    assert (found.found.gap, [one.met for one in found.found.taken]) == (0.0, [3, 4])


def test_what_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST_KEPT", 1)
    memory = Memory()
    memory.find("a", NOW.date(), register(3, 6), NOW, EFFORT)
    assert memory.find("b", NOW.date(), register(3, 4), NOW, EFFORT).whole.repairs == 0


def test_while_one_uses_what_is_kept_others_solve_the_whole() -> None:
    memory = Memory()
    memory.find("a", NOW.date(), register(3, 6), NOW, EFFORT)
    with memory._lock:
        assert memory.find("b", NOW.date(), register(3, 4), NOW, EFFORT).whole.id == "b"
    assert memory.find("c", NOW.date(), register(3, 4), NOW, EFFORT).whole.id == "a"


def test_after_an_event_the_allocation_is_repaired_and_all_processes_show_it(
    world: World, coordinator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> dict[str, Any]:
        answer = coordinator.get("/v1/allocation")
        assert answer.status_code == 200, answer.text
        return answer.json  # type: ignore[no-any-return]

    def is_given(one: dict[str, Any]) -> dict[str, float]:
        return {pair["request"]: pair["lines"][0]["quantity"] for pair in one["first_commitments"]}

    world.hears(
        [
            request_event("r1", priority="low", needs=[need(1, quantity=4, **UNPRICED)]),
            request_event("r2", priority="critical", needs=[need(1, quantity=4, **UNPRICED)]),
            offer_event("o1", provisions=[provision(1, capacity=5)]),
        ]
    )
    before = found()
    assert (before["repairs"], before["whole"]) == (0, before["id"])
    world.hears([offer_event("o1", 2, provisions=[provision(1, capacity=3)])])
    after = found()
    assert (after["repairs"], after["whole"], after["greedy_value"]) == (1, before["id"], None)
    assert after["whole_at"] == before["computed_at"]
    assert is_given(after) == {"r2": 3}
    # Another process has solved nothing yet: it shows what is stored, and goes on by itself.
    monkeypatch.setattr(allocations, "_MEMORY", Memory())
    assert found() == after
    world.hears([offer_event("o1", 3, provisions=[provision(1, capacity=6)])])
    other = found()
    assert (other["repairs"], is_given(other)) == (0, {"r2": 4, "r1": 2})
    accepted = coordinator.post("/v1/allocation/accept", {"id": other["id"]})
    assert (accepted.status_code, accepted.json["status"]) == (200, "accepted"), accepted.text
