"""Allocation: as good as trying everything, never worse than by hand, whatever the order."""

import random
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine import allocation_relaxation
from services.matcher.engine.allocation import Allocation, allocate
from services.matcher.engine.allocation_filling import cost
from services.matcher.engine.allocation_problem import (
    Ceiling,
    Joint,
    Link,
    Need,
    Pool,
    Problem,
    Provision,
)
from services.matcher.engine.allocation_relaxation import relaxation

Parts = tuple[list[Need], list[Provision], list[Link], list[Ceiling], list[Joint], list[Pool]]

WEIGHTS = st.sampled_from([1.0, 2.0, 4.0, 8.0])
SCORES = st.integers(1, 100).map(lambda number: number / 100)


@st.composite
def problems(draw: st.DrawFn, *, mixed: bool) -> Parts:
    """A few lines that meet one another; `mixed`: with rates, grants, ceilings, joints, pools."""
    needs, provisions, links = [], [], []
    for number in range(draw(st.integers(1, 3))):
        whole = draw(st.integers(1, 4))
        grain = draw(st.integers(1, 2)) if mixed else 1
        needs.append(
            Need(
                (f"r{number // 2}", number),
                draw(st.integers(0, whole)),
                whole,
                draw(WEIGHTS),
                grain,
            )
        )
    for number in range(draw(st.integers(1, 3))):
        grain = draw(st.integers(1, 3)) if mixed else 1
        provisions.append(Provision((f"o{number // 2}", number), draw(st.integers(0, 6)), grain))
    for need in needs:
        for one in provisions:
            if draw(st.booleans()):
                rate = (draw(st.integers(1, 3)), draw(st.integers(1, 2))) if mixed else (1, 1)
                most = draw(st.none() | st.integers(0, 3))
                links.append(Link(need.id, one.id, draw(SCORES), *rate, most))
    if not mixed:
        return needs, provisions, links, [], [], []
    ceilings = [
        Ceiling(
            request, offer, draw(st.integers(0, 5)), {0: (1, 1), 1: (draw(st.integers(1, 3)), 2)}
        )
        for request in ("r0", "r1")
        for offer in ("o0", "o1")
        if draw(st.booleans())
    ]
    joints = []
    if len(links) > 1 and draw(st.booleans()):
        pairs = {link.need: link.provision for link in links}
        joints.append(Joint("j", tuple(sorted(pairs.items())), 1.5))
    pools = [
        Pool(
            f"{call}{requests}",
            requests,
            draw(st.integers(0, 6)),
            {one.id: (draw(st.integers(1, 3)), draw(st.integers(1, 2))) for one in under},
        )
        for call, under in (("a", provisions[:2]), ("b", provisions[1:]))
        for requests in (None, ("r0",), ("r0", "r1"))
        if under and draw(st.booleans())
    ]
    return needs, provisions, links, ceilings, joints, pools


def is_within(problem: Problem, met: tuple[int, ...]) -> bool:
    """Whether an allocation keeps within needs, provisions, grains and ceilings."""
    needs: Counter[int] = Counter()
    provisions: Counter[int] = Counter()
    for link, amount in enumerate(met):
        need, one = int(problem.at_need[link]), int(problem.at_provision[link])
        if amount % problem.needs[need].grain or amount > problem.most[link]:
            return False
        needs[need] += amount
        provisions[one] += problem.given(link, amount)
    return (
        all(amount <= problem.open[at] for at, amount in needs.items())
        and all(amount <= problem.free[at] for at, amount in provisions.items())
        and all(
            sum(cost(problem.given(link, met[link]), cents, per) for link, cents, per in parts)
            <= limit
            for limit, parts in problem.limits
        )
    )


def best_of_all(problem: Problem) -> float:
    """The value of the best allocation, found by trying every one."""
    amounts = [range(int(most) + 1) for most in problem.most]
    return max(
        problem.value(np.array(met, dtype=np.int64))
        for met in product(*amounts)
        if is_within(problem, met)
    )


def met_of(problem: Problem, found: Allocation) -> tuple[int, ...]:
    """What each link meets."""
    by_lines = {(one.need, one.provision): one for one in found.taken}
    met = []
    for at, link in enumerate(problem.links):
        one = by_lines.pop((link.need, link.provision), None)
        met.append(0 if one is None else one.met)
        assert one is None or one.given == problem.given(at, one.met)
    assert not by_lines
    return tuple(met)


def check(parts: Parts) -> Allocation:
    """Within all limits, worth what it says, the best there is, and no more than its bound."""
    problem = Problem.of(*parts)
    found = allocate(problem)
    met = met_of(problem, found)
    assert is_within(problem, met)
    assert found.value == problem.value(np.array(met, dtype=np.int64))
    assert found.greedy <= found.value <= found.bound + 1e-9
    assert found.value == pytest.approx(best_of_all(problem), abs=1e-6)
    return found


@given(problems(mixed=False))
@settings(max_examples=150, deadline=None)
def test_a_flow_is_as_good_as_trying_everything(parts: Parts) -> None:
    found = check(parts)
    assert found.gap == 0.0
    assert set(found.solvers) <= {"flow"}


@given(problems(mixed=True))
@settings(max_examples=150, deadline=None)
def test_what_is_no_flow_is_as_good_as_trying_everything(parts: Parts) -> None:
    check(parts)  # its bound may lie above the best: what the relaxation halves may be indivisible


@given(problems(mixed=True))
@settings(max_examples=100, deadline=None)
def test_what_is_found_keeps_within_ceilings_and_pools_as_they_were_stated(parts: Parts) -> None:
    """Reckoned from the parts, whatever the problem made of them."""
    _, _, _, ceilings, _, pools = parts
    taken = allocate(Problem.of(*parts)).taken
    for ceiling in ceilings:
        assert ceiling.limit >= sum(
            cost(one.given, *ceiling.costs.get(one.provision[1], (0, 1)))
            for one in taken
            if (one.need[0], one.provision[0]) == (ceiling.request, ceiling.offer)
        )
    for pool in pools:
        assert pool.limit >= sum(
            cost(one.given, *pool.costs.get(one.provision, (0, 1)))
            for one in taken
            if pool.requests is None or one.need[0] in pool.requests
        )


@given(problems(mixed=True))
@settings(max_examples=60, deadline=None)
def test_the_relaxation_bounds_all_links_whichever_it_begins_with(parts: Parts) -> None:
    problem = Problem.of(*parts)
    if not problem.links:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allocation_relaxation, "LARGE", 0)
        patch.setattr(allocation_relaxation, "LIKELY", 1)
        met, bound = relaxation(problem)
    assert is_within(problem, tuple(met.tolist()))
    assert best_of_all(problem) <= bound + 1e-6
    assert bound <= relaxation(problem)[1] * 1.001 + 1e-6


def test_small_wholes_are_not_rounded_up_step_by_step() -> None:
    # Half of what is given meets a whole one: two need one together, not one each.
    needs = [Need(("r0", 0), 1, 2, weight=2.0), Need(("r0", 1), 2, 2)]
    provisions = [Provision(("o1", 2), 1)]
    links = [
        Link(needs[0].id, provisions[0].id, 0.02),
        Link(needs[1].id, provisions[0].id, 0.03, give=1, meet=2),
    ]
    assert check((needs, provisions, links, [], [], [])).value == pytest.approx(0.03)
    # And a ceiling of one cent lets two pass at half a cent each.
    needs, provisions = [Need(("r0", 0), 2, 2)], [Provision(("o0", 1), 6)]
    links = [Link(needs[0].id, provisions[0].id, 1.0)]
    check((needs, provisions, links, [Ceiling("r0", "o0", 1, {1: (1, 2)})], [], []))


@given(problems(mixed=True), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_the_parts_changes_nothing(parts: Parts, order: random.Random) -> None:
    shuffled = [order.sample(part, len(part)) for part in parts]
    assert allocate(Problem.of(*shuffled)) == allocate(Problem.of(*parts))


def machines(id_: str, number: int, **more: float) -> Need:
    """A need of machines."""
    return Need((id_, 1), number * 1000, number * 1000, grain=1000, **more)  # type: ignore[arg-type]


def test_the_states_priority_leads() -> None:
    needs = [machines("r1", 2, weight=1.0), machines("r2", 2, weight=8.0)]
    links = [Link(("r1", 1), ("o1", 1), 0.9), Link(("r2", 1), ("o1", 1), 0.3)]
    (one,) = allocate(Problem.of(needs, [Provision(("o1", 1), 2000, 1000)], links)).taken
    assert (one.need, one.met) == (("r2", 1), 2000)


def test_more_need_is_met_than_by_hand() -> None:
    """By hand the first takes what only the second could use."""
    needs = [machines("r1", 1), machines("r2", 1)]
    given = [Provision(("o1", 1), 1000, 1000), Provision(("o2", 1), 1000, 1000)]
    links = [
        Link(("r1", 1), ("o1", 1), 0.9),
        Link(("r1", 1), ("o2", 1), 0.8),
        Link(("r2", 1), ("o1", 1), 0.8),
    ]
    found = allocate(Problem.of(needs, given, links))
    assert (found.greedy, found.value, found.bound) == (0.9, 1.6, 1.6)


def test_money_pays_for_whole_machines_only() -> None:
    links = [Link(("r1", 1), ("o1", 1), 0.5, give=40_000_00, meet=1000)]
    found = allocate(Problem.of([machines("r1", 4)], [Provision(("o1", 1), 100_000_00)], links))
    (one,) = found.taken
    assert (one.met, one.given) == (2000, 80_000_00)


@pytest.mark.parametrize(
    ("requests", "met"),
    [(None, {"r1": 3000}), (("r1",), {"r1": 3000, "r2": 2000}), (("r1", "r2"), {"r1": 3000})],
)
def test_offers_under_a_call_share_its_fund_or_its_ceiling(
    requests: tuple[str, ...] | None, met: dict[str, int]
) -> None:
    """Two offers of machines at 40,000 dollars; the fund, or the part of a project, pays three."""
    needs = [machines("r1", 4, weight=8.0), machines("r2", 2)]
    given = [Provision((f"o{n}", 1), 3000, 1000) for n in (1, 2)]
    links = [Link(need.id, one.id, 0.5) for need in needs for one in given]
    pool = Pool("call", requests, 130_000_00, {one.id: (40_000_00, 1000) for one in given})
    found = allocate(Problem.of(needs, given, links, pools=[pool]))
    totals: Counter[str] = Counter()
    for one in found.taken:
        totals[one.need[0]] += one.met
    assert (totals, found.gap) == (met, 0.0)


def test_grants_are_given_whole() -> None:
    need = Need(("r1", 1), 120_000_00, 120_000_00)
    links = [Link(("r1", 1), ("o1", 1), 0.5)]
    found = allocate(Problem.of([need], [Provision(("o1", 1), 130_000_00, 50_000_00)], links))
    (one,) = found.taken
    assert (one.met, one.given) == (100_000_00, 100_000_00)


def test_a_joint_project_is_worth_more_than_its_parts() -> None:
    """Each alone would rather have the other offer; together one offer is better."""
    needs = [machines("r1", 1), machines("r2", 1)]
    given = [Provision((f"o{n}", 1), 2000, 1000) for n in (1, 2, 3)]
    links = [
        Link(("r1", 1), ("o1", 1), 0.5),
        Link(("r2", 1), ("o1", 1), 0.5),
        Link(("r1", 1), ("o2", 1), 0.55),
        Link(("r2", 1), ("o3", 1), 0.55),
    ]
    pairs = ((("r1", 1), ("o1", 1)), (("r2", 1), ("o1", 1)))
    apart = allocate(Problem.of(needs, given, links))
    assert {one.provision[0] for one in apart.taken} == {"o2", "o3"}
    found = allocate(Problem.of(needs, given, links, joints=[Joint("a", pairs, 1.25)]))
    assert {one.provision[0] for one in found.taken} == {"o1"}
    assert (found.value, found.gap) == (1.25, 0.0)


def test_components_are_solved_apart() -> None:
    needs = [machines("r1", 1), machines("r2", 1), machines("r3", 1)]
    given = [Provision(("o1", 1), 1000, 1000), Provision(("o2", 1), 9_000_000)]
    links = [
        Link(("r1", 1), ("o1", 1), 0.5),
        Link(("r2", 1), ("o2", 1), 0.5, give=4_000_000, meet=1000),
        Link(("r3", 1), ("o2", 1), 0.5, give=4_000_000, meet=1000),
    ]
    assert allocate(Problem.of(needs, given, links)).solvers == {"cp-sat": 1, "flow": 1}


def test_nothing_to_share_out() -> None:
    found = allocate(Problem.of([], [], []))
    assert (found.taken, found.value, found.gap) == ((), 0.0, 0.0)


@pytest.mark.parametrize(
    "parts",
    [
        ([machines("r1", 1)], [Provision(("o1", 1), 1, 0)], []),
        ([Need(("r1", 1), 2, 1)], [], []),
        ([machines("r1", 1)], [Provision(("o1", 1), 1)], [Link(("r1", 1), ("o1", 1), 0.0)]),
    ],
)
def test_numbers_that_make_no_sense_are_refused(
    parts: tuple[list[Need], list[Provision], list[Link]],
) -> None:
    with pytest.raises(ValueError):
        Problem.of(*parts)
