"""What an allocation meets in sum: of all needs, by their themes, and by who would give it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.matcher.allocating import Situation
from services.matcher.engine.allocation import WEIGHTS, Taken
from services.matcher.engine.allocation_problem import LineId
from services.matcher.engine.stated import unpacked


@dataclass
class Met:
    """Need lines, how many are met whole and in part, and their weight, of which so much is met.

    A line's weight is that of the State's own priority; half met, half of it counts.
    """

    lines: int = 0
    whole: int = 0
    part: int = 0
    weight: float = 0.0
    met: float = 0.0

    def add(self, weight: float, part: float) -> None:
        """Add a need line of which this part of 1 is met."""
        self.lines += 1
        self.whole += part >= 1
        self.part += 0 < part < 1
        self.weight += weight
        self.met += weight * part

    def view(self) -> dict[str, Any]:
        """As it is stored and told; `share` of 1 is met."""
        share = self.met / self.weight if self.weight else 0.0
        counted = {"lines": self.lines, "whole": self.whole, "part": self.part}
        return {**counted, "share": round(share, 6)}


def sums(state: Situation, taken: tuple[Taken, ...]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Of all open need lines, then by theme, the one with most need first."""
    parts = _parts(state, taken)
    every, themes = Met(), defaultdict[str, Met](Met)
    for need, weight in _open(state):
        line = unpacked(state.requests[need[0]].stated).lines.get(need[1])
        for sum_ in (every, *(() if line is None else (themes[line.theme],))):
            sum_.add(weight, min(1.0, parts.get(need, 0.0)))
    ordered = sorted(themes.items(), key=lambda one: (-one[1].weight, one[0]))
    return every.view(), [{"theme": theme, **met.view()} for theme, met in ordered]


def given(state: Situation, taken: tuple[Taken, ...]) -> Mapping[str, float]:
    """The share of all open need that each organisation would meet."""
    weights = dict(_open(state))
    total = sum(weights.values())
    found: defaultdict[str, float] = defaultdict(float)
    for one in taken:
        free = state.needs[one.need].free
        if one.need in weights:
            owner = state.offers[one.provision[0]].owner or ""
            found[owner] += weights[one.need] * one.met / free / total
    return {owner: round(share, 6) for owner, share in found.items()}


def _open(state: Situation) -> Iterator[tuple[LineId, float]]:
    for need, line in state.needs.items():
        if line.free > 0:
            yield need, WEIGHTS.get(state.priority(need), WEIGHTS[None])


def _parts(state: Situation, taken: tuple[Taken, ...]) -> Mapping[LineId, float]:
    found: defaultdict[LineId, float] = defaultdict(float)
    for one in taken:
        found[one.need] += one.met / state.needs[one.need].free
    return found
