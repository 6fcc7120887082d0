"""Repairs: within all limits whatever happens, only the neighbourhood moves, exact where small."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine import allocation_repair
from services.matcher.engine.allocation import allocate
from services.matcher.engine.allocation_problem import Link, Need, Problem, Provision
from services.matcher.engine.allocation_repair import Allocator, Change
from tests.services.matcher.engine.test_allocation import Parts, is_within, met_of, problems


@given(problems(mixed=True), st.data())
@settings(max_examples=60, deadline=None)
def test_a_small_register_is_repaired_to_what_solving_it_anew_gives(
    parts: Parts, data: st.DataObject
) -> None:
    needs, provisions, links, ceilings, joints, pools = parts
    allocator = Allocator(*parts)
    allocator.solve()
    gone = data.draw(st.sampled_from(provisions))
    smaller = data.draw(st.sampled_from(needs))
    changed = Need(smaller.id, smaller.open // 2, smaller.whole, 16.0, smaller.grain)
    kept = [link for link in links if link.provision != gone.id]
    own = tuple(link for link in kept if link.need == changed.id)
    allocator.repair(Change(needs=(changed,), links=own, gone_provisions=(gone.id,)))
    problem = Problem.of(
        [changed if need.id == changed.id else need for need in needs],
        [one for one in provisions if one.id != gone.id],
        kept,
        ceilings,
        joints,
        pools,
    )
    anew = allocate(problem)
    assert allocator.value() == pytest.approx(anew.value, abs=1e-6)
    taken = {(one.need, one.provision): one.met for one in allocator.taken}
    met = tuple(taken.pop((link.need, link.provision), 0) for link in problem.links)
    assert not taken
    assert is_within(problem, met)
    assert is_within(problem, met_of(problem, anew))


def test_what_lies_further_away_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two registers side by side: a change in the one leaves the other, here not optimal, alone."""
    monkeypatch.setattr(allocation_repair, "MOST_LINKS", 2)
    needs = [Need((f"r{n}", 1), 1, 1) for n in range(4)]
    provisions = [Provision((f"o{n}", 1), 1) for n in range(4)]
    links = [
        Link((f"r{n}", 1), (f"o{m}", 1), 0.5 + 0.1 * n)
        for n, m in ((0, 0), (1, 0), (1, 1), (2, 2), (3, 2), (3, 3))
    ]
    allocator = Allocator(needs, provisions, links)
    before = allocator.solve()
    assert {one.need[0] for one in before.taken} == {"r0", "r1", "r2", "r3"}
    allocator.repair(Change(gone_provisions=(("o1", 1),)))
    after = {one.need[0]: one.provision[0] for one in allocator.taken}
    assert after == {"r1": "o0", "r2": "o2", "r3": "o3"}


def test_a_request_and_an_offer_may_have_one_id() -> None:
    needs, provisions = [Need(("x", 1), 1, 1)], [Provision(("x", 1), 1)]
    allocator = Allocator(needs, provisions, [Link(("x", 1), ("x", 1), 0.5)])
    allocator.solve()
    allocator.repair(Change(gone_provisions=(("x", 1),)))
    assert allocator.taken == ()
    allocator.repair(Change(provisions=tuple(provisions), links=(Link(("x", 1), ("x", 1), 0.5),)))
    assert [one.met for one in allocator.taken] == [1]
