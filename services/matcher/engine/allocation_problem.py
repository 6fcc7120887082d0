"""What is to be shared out: need lines, provision lines, and which of these may serve which.

Amounts are whole numbers in a line's own unit, as in the ledger: thousandths of a unit of
quantity; money in US cents at a dated rate, whatever the line's currency.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

LineId = tuple[str, int]
"""A record and the number of its line."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Need:
    """A need line: `open` of its `whole` is still needed. `grain` is what cannot be split.

    `weight` is what the State's own priority counts for.
    """

    id: LineId
    open: int
    whole: int
    weight: float = 1.0
    grain: int = 1


@dataclass(frozen=True, slots=True)
class Provision:
    """A provision line: `free` of it can be given, in multiples of `grain`."""

    id: LineId
    free: int
    grain: int = 1


@dataclass(frozen=True, slots=True)
class Link:
    """That a provision may serve a need, and how well: `score`, above 0.

    `give` of the provision meets `meet` of the need: 1 and 1 where both are counted in one unit.
    At most `most` of the need is met by it, None for no such limit.
    """

    need: LineId
    provision: LineId
    score: float
    give: int = 1
    meet: int = 1
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most, in US cents, that an offer gives a request.

    `costs` says of the offer's lines, by number, what they count for: (cents, for so much of the
    line). A line that is not there counts for nothing.
    """

    request: str
    offer: str
    limit: int
    costs: Mapping[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Pool:
    """The most, in US cents, that several provisions give together: offers under one call, or an
    offer to the members of an alliance.

    To all requests, or to `requests` alone. `costs` are those of provisions, as of a ceiling.
    """

    id: str
    requests: tuple[str, ...] | None
    limit: int
    costs: Mapping[LineId, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Joint:
    """One project for several needs: it is made where an offer meets every one of them wholly.

    `pairs` are need and provision; what meets them counts `factor` times, which is above 1.
    """

    id: str
    pairs: tuple[tuple[LineId, LineId], ...]
    factor: float


@dataclass(frozen=True)
class Problem:
    """Lines and links in the order of their ids, and the same in columns.

    `whole` things only: links whose ends both have at least a grain left. `at_need`, `at_provision`
    are each link's places in `needs` and `provisions`; `most` is what it can meet at most. `limits`
    are the ceilings and pools that could bind: limit, and links with the cost of what they give.
    `bundles` are the joints: factor, and links.
    """

    needs: tuple[Need, ...]
    provisions: tuple[Provision, ...]
    links: tuple[Link, ...]
    at_need: Ints = field(repr=False)
    at_provision: Ints = field(repr=False)
    limits: tuple[tuple[int, tuple[tuple[int, int, int], ...]], ...] = ()
    bundles: tuple[tuple[float, tuple[int, ...]], ...] = ()

    @classmethod
    def of(
        cls,
        needs: Iterable[Need],
        provisions: Iterable[Provision],
        links: Iterable[Link],
        ceilings: Iterable[Ceiling] = (),
        joints: Iterable[Joint] = (),
        pools: Iterable[Pool] = (),
    ) -> "Problem":
        """From parts in any order. Links of lines that are not here are left out.

        Of two links between the same lines the better counts. ValueError for numbers that make no
        sense.
        """
        asked = {need.id: need for need in needs if need.open >= need.grain}
        given = {one.id: one for one in provisions if one.free >= one.grain}
        _check(asked.values(), given.values())
        kept: dict[tuple[LineId, LineId], Link] = {}
        for link in links:
            if link.need in asked and link.provision in given:
                key = (link.need, link.provision)
                known = kept.get(key)
                if known is None or known.score < link.score:
                    kept[key] = link
        used = [kept[key] for key in sorted(kept)]
        if any(not (link.score > 0.0 and link.give > 0 and link.meet > 0) for link in used):
            raise ValueError("a link needs a score, and a rate of positive numbers")
        need_ids = sorted({link.need for link in used})
        provision_ids = sorted({link.provision for link in used})
        need_at = {id_: place for place, id_ in enumerate(need_ids)}
        provision_at = {id_: place for place, id_ in enumerate(provision_ids)}
        problem = cls(
            tuple(asked[id_] for id_ in need_ids),
            tuple(given[id_] for id_ in provision_ids),
            tuple(used),
            np.array([need_at[link.need] for link in used], dtype=np.int64),
            np.array([provision_at[link.provision] for link in used], dtype=np.int64),
        )
        limits = sorted([*_ceilings(problem, ceilings), *_pools(problem, pools)])
        bundles = _bundles(problem, joints)
        return cls(
            problem.needs,
            problem.provisions,
            problem.links,
            problem.at_need,
            problem.at_provision,
            tuple(limits),
            tuple(bundles),
        )

    @cached_property
    def open(self) -> Ints:
        """What is open of each need, in whole grains."""
        return _column(need.open // need.grain * need.grain for need in self.needs)

    @cached_property
    def free(self) -> Ints:
        """What is free of each provision, in whole grains."""
        return _column(one.free // one.grain * one.grain for one in self.provisions)

    @cached_property
    def most(self) -> Ints:
        """What each link can meet of its need at most."""
        return _column(
            min(int(self.open[at]), self.open[at] if link.most is None else link.most)
            for at, link in zip(self.at_need.tolist(), self.links, strict=True)
        )

    @cached_property
    def values(self) -> Floats:
        """What meeting a whole need line by each link counts for."""
        weights = np.array([need.weight for need in self.needs])
        scores = np.array([link.score for link in self.links])
        return np.asarray(weights[self.at_need] * scores if self.links else scores)

    @cached_property
    def whole(self) -> Ints:
        """The whole of each need."""
        return _column(need.whole for need in self.needs)

    def value(self, met: Ints) -> float:
        """What an allocation counts for: see allocation.py."""
        parts = self.values * met / self.whole[self.at_need] if len(met) else np.zeros(0)
        value = float(parts.sum())
        for factor, links in self.bundles:
            at = list(links)
            if (met[at] >= self.open[self.at_need[at]]).all():
                value += (factor - 1.0) * float(parts[at].sum())
        return round(value, 9)

    def given(self, link: int, met: int) -> int:
        """What a link takes of its provision to meet so much of its need, in whole grains."""
        one = self.links[link]
        grain = self.provisions[int(self.at_provision[link])].grain
        grains = -(-(met * one.give) // (one.meet * grain))
        return grains * grain


def _column(numbers: Iterable[int]) -> Ints:
    return np.fromiter(numbers, dtype=np.int64)


def _check(needs: Iterable[Need], provisions: Iterable[Provision]) -> None:
    lines: tuple[Any, ...] = (*needs, *provisions)
    if any(line.grain < 1 for line in lines):
        raise ValueError("a grain is at least 1")
    if any(
        isinstance(line, Need) and (line.whole < line.open or line.weight < 0) for line in lines
    ):
        raise ValueError("what is open of a need is part of the whole, and its weight not negative")


_Limit = tuple[int, tuple[tuple[int, int, int], ...]]
"""A limit, and what counts toward it: link, cents, for so much of the provision."""


def _ceilings(problem: Problem, ceilings: Iterable[Ceiling]) -> Iterator[_Limit]:
    """The ceilings that what is there could go above."""
    stated = list(ceilings)
    of_pair: dict[tuple[str, str], list[int]] = {(one.request, one.offer): [] for one in stated}
    if stated:
        for at, link in enumerate(problem.links):
            here = of_pair.get((link.need[0], link.provision[0]))
            if here is not None:
                here.append(at)
    for ceiling in stated:
        links = of_pair[ceiling.request, ceiling.offer]
        costs = {at: ceiling.costs.get(problem.links[at].provision[1]) for at in links}
        yield from _binding(problem, ceiling.limit, costs)


def _pools(problem: Problem, pools: Iterable[Pool]) -> Iterator[_Limit]:
    """The pools that what is there could go above."""
    stated = list(pools)
    drawn = {id_ for pool in stated for id_ in pool.costs}
    of_provision: dict[LineId, list[int]] = {}
    of_both: dict[tuple[LineId, str], list[int]] = {}
    if drawn:
        for at, link in enumerate(problem.links):
            if link.provision in drawn:
                of_provision.setdefault(link.provision, []).append(at)
                of_both.setdefault((link.provision, link.need[0]), []).append(at)
    for pool in stated:
        costs = {
            at: cost
            for id_, cost in pool.costs.items()
            for at in (
                of_provision.get(id_, ())
                if pool.requests is None
                else (link for one in pool.requests for link in of_both.get((id_, one), ()))
            )
        }
        yield from _binding(problem, pool.limit, {at: costs[at] for at in sorted(costs)})


def _binding(
    problem: Problem, limit: int, costs: Mapping[int, tuple[int, int] | None]
) -> Iterator[_Limit]:
    """A limit on links with what they cost, if they could go above it."""
    parts: list[tuple[int, int, int]] = []
    most: dict[LineId, float] = {}
    for at, cost in costs.items():
        if cost is None or cost[0] <= 0:
            continue
        parts.append((at, *cost))
        id_, free = problem.links[at].provision, int(problem.free[problem.at_provision[at]])
        could = min(free, problem.given(at, int(problem.most[at])))
        most[id_] = min(most.get(id_, 0.0) + could * cost[0] / cost[1], free * cost[0] / cost[1])
    # Each link's cost is rounded up to whole cents.
    if parts and sum(most.values()) + len(parts) > limit:
        yield max(0, limit), tuple(parts)


def _bundles(problem: Problem, joints: Iterable[Joint]) -> list[tuple[float, tuple[int, ...]]]:
    """The joint projects of which every link is there: factor and links."""
    stated = [joint for joint in joints if joint.pairs]
    if not stated:
        return []
    at = {(link.need, link.provision): place for place, link in enumerate(problem.links)}
    return sorted(
        (joint.factor, tuple(sorted(at[pair] for pair in joint.pairs)))
        for joint in stated
        if all(pair in at for pair in joint.pairs)
    )
