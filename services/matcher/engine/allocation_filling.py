"""Filling up by hand, best first: the plain way, and what is left over by the exact ones."""

import numpy as np

from services.matcher.engine.allocation_problem import Ints, Problem


def greedy(problem: Problem) -> Ints:
    """What each link meets if the best goes first, each as far as it can: the yardstick."""
    return fill(problem, np.zeros(len(problem.links), dtype=np.int64))


def fill(problem: Problem, met: Ints) -> Ints:
    """Use what an allocation leaves, best first, each link as far as it can.

    Best is what counts most for a whole need; of equals the earlier ids. What is met already
    stays. The allocation must keep within the problem.
    """
    result = met.tolist()
    needs, provisions = problem.at_need.tolist(), problem.at_provision.tolist()
    open_, free, most = problem.open.tolist(), problem.free.tolist(), problem.most.tolist()
    room = [limit for limit, _ in problem.limits]
    limits_of: dict[int, list[tuple[int, int, int]]] = {}
    for number, (_, parts) in enumerate(problem.limits):
        for link, cents, per in parts:
            limits_of.setdefault(link, []).append((number, cents, per))
    given = [0] * len(result)
    for link, amount in enumerate(result):
        if amount:
            given[link] = problem.given(link, amount)
            open_[needs[link]] -= amount
            free[provisions[link]] -= given[link]
            for number, cents, per in limits_of.get(link, ()):
                room[number] -= cost(given[link], cents, per)
    for link in np.argsort(-problem.values, kind="stable").tolist():
        left, spare = open_[needs[link]], free[provisions[link]]
        if left <= 0 or spare <= 0:
            continue
        for number, cents, per in limits_of.get(link, ()):
            rest = room[number] + cost(given[link], cents, per)
            spare = min(spare, rest * per // cents - given[link])
        amount = _reach(problem, link, result[link], left, given[link] + spare, most[link])
        if amount <= result[link]:
            continue
        takes = problem.given(link, amount)
        open_[needs[link]] -= amount - result[link]
        free[provisions[link]] -= takes - given[link]
        for number, cents, per in limits_of.get(link, ()):
            room[number] -= cost(takes, cents, per) - cost(given[link], cents, per)
        result[link], given[link] = amount, takes
    return np.array(result, dtype=np.int64)


def fits(problem: Problem, met: Ints) -> bool:
    """Whether an allocation keeps within the problem."""
    if (met > problem.most).any():
        return False
    grains = np.array([need.grain for need in problem.needs], dtype=np.int64)
    if (met % grains[problem.at_need]).any():
        return False
    given = np.zeros(len(met), dtype=np.int64)
    for link in np.flatnonzero(met).tolist():
        given[link] = problem.given(link, int(met[link]))
    needs, provisions = len(problem.needs), len(problem.provisions)
    within = (
        _summed(problem.at_need, met, needs) <= problem.open,
        _summed(problem.at_provision, given, provisions) <= problem.free,
    )
    return all(kept.all() for kept in within) and all(
        sum(cost(int(given[link]), cents, per) for link, cents, per in parts) <= limit
        for limit, parts in problem.limits
    )


def _summed(places: Ints, amounts: Ints, size: int) -> Ints:
    total = np.zeros(size, dtype=np.int64)
    np.add.at(total, places, amounts)
    return total


def cost(given: int, cents: int, per: int) -> int:
    """What a ceiling counts for so much of a provision, in US cents, rounded up."""
    return -(-(given * cents) // per)


def _reach(problem: Problem, link: int, met: int, left: int, given: int, most: int) -> int:
    """The most that a link can meet with so much of its provision, in whole grains."""
    one = problem.links[link]
    grain = problem.needs[int(problem.at_need[link])].grain
    portion = problem.provisions[int(problem.at_provision[link])].grain
    could = (given // portion * portion) * one.meet // one.give
    return min(met + left, could, most) // grain * grain
