"""Allocation: which commitments would meet most need, by the States' own priorities.

What is made as large as possible is the sum, over all need lines, of

    weight of the priority x part of the whole line that is met x score of the pair

where the score is a pair's score times its lines' fit, the weights double with each step of the
State's own priority (WEIGHTS), and what is met by a joint project counts a little more. Nothing
that a donor wishes enters but what bars, limits or conditions its offer. It holds that no need is
met above what is open of it, no provision gives more than is free, no offer gives a request more
than its ceiling, offers under a call give together no more than its fund and its ceiling for one
request, and nothing is split that cannot be.

The problem falls apart into components that have no line in common, and each is solved apart: as a
flow where it is one (exact, allocation_flow.py), else by CP-SAT with its gap told
(allocation_programme.py). Nothing here depends on the order in which the parts are given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from services.matcher.engine.allocation_filling import fits, greedy
from services.matcher.engine.allocation_flow import is_flow, solve_flow
from services.matcher.engine.allocation_problem import Ints, LineId, Problem
from services.matcher.engine.allocation_programme import solve_programme

WEIGHTS: Mapping[str | None, float] = {
    "critical": 8.0,
    "high": 4.0,
    "medium": 2.0,
    None: 2.0,
    "low": 1.0,
}
"""What a need line counts for by its priority, or its request's where it has none of its own."""

EFFORT = 4.0
"""Seconds of CP-SAT's own measure for all components together."""

_LEAST_EFFORT = 0.05


@dataclass(frozen=True, slots=True)
class Taken:
    """That a provision meets `met` of a need by giving `given`, each in its line's own unit."""

    need: LineId
    provision: LineId
    met: int
    given: int


@dataclass(frozen=True)
class Allocation:
    """What was found: takings by need and provision, what they count for, and how sure that is.

    `value` is at least `greedy`, and no allocation counts for more than `bound`. `solvers` are the
    numbers of components by who solved them: "flow", "cp-sat", "relaxation".
    """

    taken: tuple[Taken, ...]
    value: float
    greedy: float
    bound: float
    solvers: Mapping[str, int]

    @property
    def gap(self) -> float:
        """The part of the bound that may be missing, from 0 (the best there is) to 1."""
        if self.bound <= 0.0:
            return 0.0
        return round(max(0.0, (self.bound - self.value) / self.bound), 6)


def allocate(problem: Problem, effort: float = EFFORT, start: Ints | None = None) -> Allocation:
    """The best allocation, or the best that so much work finds.

    `start` is what each link meets in an allocation known before: where it is still possible, the
    answer is worth no less. RuntimeError if a solver fails at what it should solve.
    """
    by_hand = greedy(problem)
    known = start if start is not None and fits(problem, start) else by_hand
    met = np.zeros(len(problem.links), dtype=np.int64)
    solvers: dict[str, int] = {}
    bound = 0.0
    parts = [(links, part(problem, links)) for links in components(problem)]
    flows = [is_flow(one) for _, one in parts]
    hard = sum(len(links) for (links, _), flow in zip(parts, flows, strict=True) if not flow)
    for (links, one), flow in zip(parts, flows, strict=True):
        if flow:
            found, solver = solve_flow(one), "flow"
            bound += one.value(found)
        else:
            share = max(_LEAST_EFFORT, effort * len(links) / hard)
            # Components share nothing, so what is greedy for all is greedy for each.
            answer = solve_programme(one, share, (by_hand[links], known[links]))
            found, solver = answer.met, answer.solver
            bound += answer.bound
        met[links] = found
        solvers[solver] = solvers.get(solver, 0) + 1
    value = problem.value(met)
    return Allocation(
        taken=taken(problem, met),
        value=value,
        greedy=problem.value(by_hand),
        bound=round(max(bound, value), 9),
        solvers=dict(sorted(solvers.items())),
    )


def taken(problem: Problem, met: Ints) -> tuple[Taken, ...]:
    """What links meet, told by lines."""
    return tuple(
        Taken(
            problem.links[link].need,
            problem.links[link].provision,
            int(met[link]),
            problem.given(link, int(met[link])),
        )
        for link in np.flatnonzero(met).tolist()
    )


def components(problem: Problem) -> Iterator[Ints]:
    """The links of each component: of lines that meet one another, directly or by others."""
    links = len(problem.links)
    if not links:
        return
    nodes = len(problem.needs) + len(problem.provisions)
    ones, others = [problem.at_need], [problem.at_provision + len(problem.needs)]
    together = [tuple(link for link, *_ in parts) for _, parts in problem.limits]
    together += [bundle for _, bundle in problem.bundles]
    for bound in together:
        at = problem.at_need[list(bound)]
        ones.append(at[:-1])
        others.append(at[1:])
    left, right = np.concatenate(ones), np.concatenate(others)
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(nodes, nodes))
    _, labels = connected_components(graph, directed=False)
    label = labels[problem.at_need]
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    yield from np.split(order, starts[1:])


def part(problem: Problem, links: Ints) -> Problem:
    """The problem of some links alone, with the ceilings and joint projects that are all theirs."""
    if len(links) == len(problem.links):
        return problem  # in its own order: components are sorted
    needs, at_need = np.unique(problem.at_need[links], return_inverse=True)
    provisions, at_provision = np.unique(problem.at_provision[links], return_inverse=True)
    at = {link: place for place, link in enumerate(links.tolist())}
    return Problem(
        tuple(problem.needs[place] for place in needs.tolist()),
        tuple(problem.provisions[place] for place in provisions.tolist()),
        tuple(problem.links[link] for link in links.tolist()),
        at_need.astype(np.int64),
        at_provision.astype(np.int64),
        tuple(
            (limit, tuple((at[link], cents, per) for link, cents, per in parts))
            for limit, parts in problem.limits
            if parts[0][0] in at
        ),
        tuple(
            (factor, tuple(at[link] for link in bundle))
            for factor, bundle in problem.bundles
            if bundle[0] in at
        ),
    )
