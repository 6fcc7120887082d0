"""The exact way where an allocation is a flow: everything in one measure, one for one.

Minimum-cost flow by OR-Tools (cost scaling: Goldberg, "An efficient implementation of a scaling
minimum-cost flow algorithm", 1997): provisions on one side, needs on the other, values as whole
negative costs, and an arc that leads past it all for what is better not given. A ceiling is one
more node where all that it limits goes through one line.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from services.matcher.engine.allocation_problem import Ints, Problem

if TYPE_CHECKING:
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

_MOST = 2**59
"""Costs are scaled so that neither their sum nor one times the nodes comes near 64 bits."""


def is_flow(problem: Problem) -> bool:
    """Whether the problem is one: one grain, one for one, no joint project, plain ceilings."""
    grains = {need.grain for need in problem.needs} | {one.grain for one in problem.provisions}
    return (
        len(grains) <= 1
        and not problem.bundles
        and all(link.give == link.meet for link in problem.links)
        and all(_is_plain(problem, parts) for _, parts in problem.limits)
        and _is_each_limited_once(problem)
    )


def _is_each_limited_once(problem: Problem) -> bool:
    """Whether no link counts toward two limits: it can lead through one node only."""
    links = [link for _, parts in problem.limits for link, *_ in parts]
    return len(links) == len(set(links))


def _is_plain(problem: Problem, parts: tuple[tuple[int, int, int], ...]) -> bool:
    links = [link for link, *_ in parts]
    rates = {(cents, per) for _, cents, per in parts}
    grain = problem.provisions[0].grain
    one = min(
        len({int(problem.at_need[link]) for link in links}),
        len({int(problem.at_provision[link]) for link in links}),
    )
    # What each link costs is rounded up by itself, and a flow knows of no rounding.
    whole = all(cents * grain % per == 0 for cents, per in rates)
    return len(rates) == 1 and one == 1 and (whole or len(links) == 1)


def solve_flow(problem: Problem) -> Ints:
    """What each link meets, so that the value is the greatest there is.

    RuntimeError if the solver refuses what `is_flow` let through.
    """
    grain = problem.needs[0].grain
    needs, provisions = len(problem.needs), len(problem.provisions)
    limits = len(problem.limits)
    source, sink = needs + provisions + limits, needs + provisions + limits + 1
    free, open_ = problem.free // grain, problem.open // grain
    most = np.minimum(problem.most // grain, free[problem.at_provision])
    gains = _gains(problem, grain, sink + 1)
    tails = problem.at_provision.copy()
    heads = problem.at_need + provisions
    extra: list[tuple[int, int, int]] = []
    for number, (limit, parts) in enumerate(problem.limits):
        node = needs + provisions + number
        (_, cents, per), links = parts[0], [link for link, *_ in parts]
        room = limit * per // cents // grain
        if len({int(problem.at_provision[link]) for link in links}) == 1:
            extra.append((int(problem.at_provision[links[0]]), node, room))
            tails[links] = node
        else:
            extra.append((node, int(heads[links[0]]), room))
            heads[links] = node
    supply = int(min(free.sum(), open_.sum()))
    # Brought in where it is needed, as CP-SAT is: most processes never allocate.
    from ortools.graph.python import min_cost_flow

    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(_nodes(tails), _nodes(heads), most, -gains)
    _add(flow, [(source, at, int(amount)) for at, amount in enumerate(free.tolist())])
    _add(flow, [(provisions + at, sink, int(amount)) for at, amount in enumerate(open_.tolist())])
    _add(flow, [*extra, (source, sink, supply)])
    flow.set_node_supply(source, supply)
    flow.set_node_supply(sink, -supply)
    status = flow.solve()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"the flow was not solved: {status}")
    return np.asarray(flow.flows(arcs), dtype=np.int64) * grain


def _gains(problem: Problem, grain: int, nodes: int) -> Ints:
    """What a grain through each link counts for, as whole numbers as fine as 64 bits allow."""
    gains = problem.values * grain / problem.whole[problem.at_need]
    total = float(problem.values.sum())
    scale = _MOST / max(float(gains.max()) * nodes, total)
    return np.asarray(np.rint(gains * scale), dtype=np.int64)


def _nodes(numbers: Ints) -> npt.NDArray[np.int32]:
    return numbers.astype(np.int32)


def _add(flow: "SimpleMinCostFlow", arcs: list[tuple[int, int, int]]) -> None:
    if arcs:
        columns = np.array(arcs, dtype=np.int64)
        flow.add_arcs_with_capacity_and_unit_cost(
            _nodes(columns[:, 0]),
            _nodes(columns[:, 1]),
            columns[:, 2].copy(),
            np.zeros(len(arcs), dtype=np.int64),
        )
