"""What an allocation could be worth if everything could be split: its linear relaxation (HiGHS).

It bounds what is possible, and rounded down it is what the exact way begins with.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array

from services.matcher.engine.allocation_problem import Floats, Ints, Problem

LARGE = 20_000
"""From so many links on the relaxation alone has to do."""

LIKELY = 12
"""So many links of a line the relaxation of a large problem begins with."""

_ROUNDS = 5
_STILL = 2e-4
"""The part of the bound that links which are left out may still have to gain."""


def relaxation(problem: Problem) -> tuple[Ints, float]:
    """What the linear relaxation meets, rounded down to what can be given, and its value.

    Begun with the links that are likely to be taken; others come in where the prices that these
    lead to leave something to gain. What is still to gain by those that are not is in the bound, so
    it holds for all links.
    """
    # Brought in where it is needed, as the solvers are: most processes never allocate.
    from scipy.optimize import linprog

    linear = _linear(problem)
    chosen = _likely(problem, linear.gains)
    for _ in range(_ROUNDS):
        found = linprog(
            -linear.gains[chosen],
            A_ub=linear.matrix[:, chosen].tocsr(),
            b_ub=linear.right,
            bounds=np.column_stack([np.zeros(chosen.sum()), linear.most[chosen]]),
            method="highs",
            # What it could take away is little, and looking for it takes a fifth of the time.
            options={"presolve": False},
        )
        if found.x is None:
            raise RuntimeError(f"the relaxation was not solved: {found.message}")
        prices = np.maximum(0.0, -found.ineqlin.marginals)
        left = np.maximum(0.0, linear.gains - linear.matrix.T @ prices) * linear.most
        bound = float(prices @ linear.right + left.sum())
        if left[~chosen].sum() <= _STILL * bound:
            break
        chosen |= left > 0.0
    parts = np.zeros(len(linear.gains))
    parts[chosen] = found.x
    links = len(problem.links)
    amounts = parts[:links] * problem.open[problem.at_need]
    return _rounded(problem, amounts), bound * (1 + 1e-9) + 1e-9


class _Linear(NamedTuple):
    """As much as can be of `gains @ x` with `matrix @ x <= right` and x from 0 to `most`.

    Variables are the parts of what is open of a need, and of each joint project how far it goes.
    """

    gains: Floats
    matrix: Any
    right: Floats
    most: Floats


def _linear(problem: Problem) -> _Linear:
    links, bundles = len(problem.links), len(problem.bundles)
    open_ = problem.open[problem.at_need]
    gains = problem.values * open_ / problem.whole[problem.at_need]
    per_part = np.array(
        [int(o) * link.give / link.meet for o, link in zip(open_, problem.links, strict=True)]
    )
    rows = [problem.at_need, problem.at_provision + len(problem.needs)]
    columns = [np.arange(links)] * 2
    data = [np.ones(links), per_part / problem.free[problem.at_provision]]
    right = [np.ones(len(problem.needs) + len(problem.provisions))]
    row = len(problem.needs) + len(problem.provisions)
    for limit, parts in problem.limits:
        at = np.array([link for link, *_ in parts])
        rates = np.array([cents / per for _, cents, per in parts])
        rows.append(np.full(len(at), row))
        columns.append(at)
        data.append(per_part[at] * rates / max(limit, 1))
        right.append(np.array([1.0 if limit else 0.0]))
        row += 1
    bonus = []
    for number, (factor, at_links) in enumerate(problem.bundles):
        at = np.array(at_links)
        bonus.append((factor - 1.0) * float(gains[at].sum()))
        rows.append(np.repeat(np.arange(row, row + len(at)), 2))
        columns.append(np.column_stack([at, np.full(len(at), links + number)]).ravel())
        data.append(np.tile([-1.0, 1.0], len(at)))
        right.append(np.zeros(len(at)))
        row += len(at)
    matrix = coo_array(
        (np.concatenate(data), (np.concatenate(rows), np.concatenate(columns))),
        shape=(row, links + bundles),
    )
    most = np.concatenate([problem.most / np.maximum(open_, 1), np.ones(bundles)])
    return _Linear(np.concatenate([gains, bonus]), matrix.tocsc(), np.concatenate(right), most)


def _likely(problem: Problem, gains: Floats) -> npt.NDArray[np.bool_]:
    """The best LIKELY links of each need and of each provision, and whatever is joint."""
    links = len(problem.links)
    chosen = np.ones(len(gains), dtype=np.bool_)
    if links <= LARGE:
        return chosen
    chosen[:links] = False
    for place in (problem.at_need, problem.at_provision):
        order = np.lexsort((-gains[:links], place))
        first = np.searchsorted(place[order], place[order])
        chosen[order[np.arange(links) - first < LIKELY]] = True
    for _, joint in problem.bundles:
        chosen[list(joint)] = True
    return chosen


def _rounded(problem: Problem, amounts: Floats) -> Ints:
    """Amounts rounded down to what needs and provisions can be split into, within what there is."""
    met = np.zeros(len(problem.links), dtype=np.int64)
    free = problem.free.tolist()
    room = [limit for limit, _ in problem.limits]
    limits_of: dict[int, list[tuple[int, int, int]]] = {}
    for number, (_, parts) in enumerate(problem.limits):
        for link, cents, per in parts:
            limits_of.setdefault(link, []).append((number, cents, per))
    for link in np.flatnonzero(amounts > 0.0).tolist():
        grain = problem.needs[problem.at_need[link]].grain
        amount = int(amounts[link] + 1e-6 * grain) // grain * grain
        given = problem.given(link, amount)
        costs = [
            (number, -(-(given * cents) // per)) for number, cents, per in limits_of.get(link, ())
        ]
        at = int(problem.at_provision[link])
        if given > free[at] or any(room[number] < cents for number, cents in costs):
            continue
        free[at] -= given
        for number, cents in costs:
            room[number] -= cents
        met[link] = amount
    open_ = problem.open.copy()
    for link in np.flatnonzero(met).tolist():
        need = int(problem.at_need[link])
        met[link] = min(int(met[link]), int(open_[need]))
        open_[need] -= met[link]
    return met
