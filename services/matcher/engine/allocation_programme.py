"""Where an allocation is no flow: joint projects, indivisible grants, lines in several measures.

CP-SAT (OR-Tools) over whole numbers of grains; a need that can be split is met in steps of a two
thousandth. What the linear relaxation allows (HiGHS) bounds what is possible, and rounded down it
is what CP-SAT begins with. Always one worker, fixed seeds and a limit in the solver's own measure
of work, so that the same problem has the same answer on every machine.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from services.matcher.engine.allocation_filling import fill
from services.matcher.engine.allocation_problem import Ints, Problem
from services.matcher.engine.allocation_relaxation import LARGE, relaxation

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel

STEPS = 2000
SMALL = 200
"""Up to so many links CP-SAT begins at once, without a bound by the relaxation."""
FINE = 1000
"""What is counted in so many parts or more may be rounded up part by part."""

_MOST = 2**50
"""What all values together come to, as whole numbers that a double still holds exactly."""
_SEED = 1
_NEAR = 1e-4
"""The gap at which a large problem is left as it is."""
_WALL = 3.0
"""Seconds by the clock that may pass for one of the solver's own: a stop for a busy machine."""


@dataclass(frozen=True)
class Answer:
    """What each link meets, a bound that no allocation is above, and who found it."""

    met: Ints
    bound: float
    solver: str


def solve_programme(problem: Problem, effort: float, known: tuple[Ints, Ints]) -> Answer:
    """The best allocation that so much work finds: never worse than what is `known`.

    That is the greedy allocation and another, which may be the same. `effort` is in seconds of the
    solver's own measure, about those of an idle machine.
    """
    by_hand, start = known
    best = by_hand  # filled up already
    if not np.array_equal(by_hand, start):
        best = _better(problem, by_hand, fill(problem, start))
    bound = float("inf")
    solver = "cp-sat"
    if len(problem.links) > SMALL:
        relaxed, bound = relaxation(problem)
        best = _better(problem, best, fill(problem, relaxed))
    if len(problem.links) <= LARGE and problem.value(best) < bound - 1e-6:
        found, proved = _cp_sat(problem, best, effort)
        best = _better(problem, best, fill(problem, found))
        bound = min(bound, proved)
        if bound == float("inf"):
            bound = relaxation(problem)[1]
    elif len(problem.links) > LARGE:
        solver = "relaxation"
    value = problem.value(best)
    return Answer(best, max(bound, value), solver)


def _better(problem: Problem, one: Ints, other: Ints) -> Ints:
    return other if problem.value(other) > problem.value(one) else one


def _cp_sat(problem: Problem, start: Ints, effort: float) -> tuple[Ints, float]:
    """What CP-SAT finds from a start, and the bound that it proves, infinite if it can prove none.

    A bound in steps is none for amounts between them: it holds where nothing was rounded.
    """
    # Brought in where it is needed: it brings pandas, which no process should carry for nothing.
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    open_, exact = problem.open.tolist(), True
    steps = [
        open_[at] // need.grain if need.grain > 1 else min(STEPS, open_[at])
        for at, need in enumerate(problem.needs)
    ]
    scale = _MOST / max(1.0, 2.0 * float(problem.values.sum()))
    grains = [one.grain for one in problem.provisions]
    variables, takes, values = [], [], []
    for link, one in enumerate(problem.links):
        need = int(problem.at_need[link])
        many, whole = steps[need], open_[need]
        most = int(problem.most[link]) * many // whole
        met = model.new_int_var(0, most, "")
        variables.append(met)
        # One step is `whole / many` of the need; a grain of the provision is the least of it.
        grain = grains[problem.at_provision[link]]
        takes.append(_rounded_up(model, met, most, whole * one.give, many * one.meet * grain))
        exact = exact and takes[-1].exact and whole == many * problem.needs[need].grain
        values.append(
            round(problem.values[link] * whole / problem.needs[need].whole / many * scale)
        )
    _sums(model, problem.at_need.tolist(), variables, steps)
    room = [amount // grain for amount, grain in zip(problem.free.tolist(), grains, strict=True)]
    _sums(model, problem.at_provision.tolist(), [part.sum for part in takes], room)
    for limit, parts in problem.limits:
        costs = []
        for link, cents, per in parts:
            given = takes[link]
            cents *= given.factor * grains[problem.at_provision[link]]
            costs.append(_rounded_up(model, given.term, given.most, cents, per))
        exact = exact and all(part.exact for part in costs)
        model.add(sum(part.sum for part in costs) <= limit)
    objective = [value * met for value, met in zip(values, variables, strict=True)]
    for factor, links in problem.bundles:
        made = model.new_bool_var("")
        for link in links:
            model.add(variables[link] >= steps[problem.at_need[link]]).only_enforce_if(made)
        objective.append(round((factor - 1.0) * _whole_value(problem, links) * scale) * made)
    model.maximize(sum(objective))
    for link, met in enumerate(variables):
        need = int(problem.at_need[link])
        model.add_hint(met, int(start[link]) * steps[need] // open_[need])
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = _SEED
    solver.parameters.max_deterministic_time = effort
    solver.parameters.relative_gap_limit = 0.0 if len(variables) <= SMALL else _NEAR
    solver.parameters.max_time_in_seconds = effort * _WALL
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return start, float("inf")
    found = [
        solver.value(met) * open_[need] // steps[need]
        for met, need in zip(variables, problem.at_need.tolist(), strict=True)
    ]
    rounding = len(variables) / scale * max(steps)
    proved = solver.best_objective_bound / scale + rounding if exact else float("inf")
    return np.array(found, dtype=np.int64), proved


class _Part(NamedTuple):
    """`factor` times a variable that is `most` at most; `exact` if nothing more than is due."""

    term: Any
    factor: int
    most: int
    exact: bool = True

    @property
    def sum(self) -> Any:
        """As CP-SAT counts it."""
        return self.term * self.factor


def _rounded_up(model: "CpModel", term: Any, most: int, above: int, below: int) -> _Part:
    """`above / below` of a variable that is `most` at most, rounded up to whole numbers.

    Where one of it comes to many, each is rounded up by itself: at most a FINE-th too much.
    """
    if above % below == 0 or above >= FINE * below:
        return _Part(term, -(-above // below), most, exact=above % below == 0)
    divisor = math.gcd(above, below)
    above, below = above // divisor, below // divisor
    many = -(-most * above // below)
    rounded = model.new_int_var(0, many, "")
    model.add(rounded * below >= term * above)
    return _Part(rounded, 1, many)


def _sums(model: "CpModel", places: list[int], parts: list[Any], room: list[int]) -> None:
    """For each place, that its parts together keep within its room."""
    at: dict[int, list[Any]] = {}
    for place, part in zip(places, parts, strict=True):
        at.setdefault(place, []).append(part)
    for place, found in at.items():
        model.add(sum(found) <= room[place])


def _whole_value(problem: Problem, links: tuple[int, ...]) -> float:
    at = list(links)
    needs = problem.at_need[at]
    return float((problem.values[at] * problem.open[needs] / problem.whole[needs]).sum())
