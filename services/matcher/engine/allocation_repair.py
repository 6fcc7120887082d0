"""An allocation that follows what happens: only the neighbourhood of a change is solved again.

The neighbourhood of a line is what it could be linked with and what that is given to now, ring by
ring, up to a number of links. Its needs are solved anew with whatever the provisions do not give to
others; all else is kept. So a repair is within every limit and never worth less than what was kept
of the allocation before; a solution of the whole may be worth more, and now and then is due.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from services.matcher.engine.allocation import EFFORT, Allocation, Taken, allocate
from services.matcher.engine.allocation_filling import cost
from services.matcher.engine.allocation_problem import (
    Ceiling,
    Ints,
    Joint,
    LineId,
    Link,
    Need,
    Pool,
    Problem,
    Provision,
)

MOST_LINKS = 2500
"""Rings are added while the neighbourhood has no more links than this."""
MIXED = 8
"""As so many a link counts of a need that may be met in another unit: CP-SAT is no flow."""


@dataclass(frozen=True)
class Change:
    """What is otherwise: lines that are new or changed, lines that are gone.

    The links of a line that is named here are replaced by those given; links to lines that are not
    here are left out.
    """

    needs: tuple[Need, ...] = ()
    provisions: tuple[Provision, ...] = ()
    links: tuple[Link, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    pools: tuple[Pool, ...] = ()
    gone_needs: tuple[LineId, ...] = ()
    gone_provisions: tuple[LineId, ...] = ()


class Allocator:
    """Holds a problem with its allocation, and repairs it. Not for several threads."""

    def __init__(
        self,
        needs: Iterable[Need],
        provisions: Iterable[Provision],
        links: Iterable[Link],
        ceilings: Iterable[Ceiling] = (),
        joints: Iterable[Joint] = (),
        pools: Iterable[Pool] = (),
    ) -> None:
        """Nothing is allocated yet: see `solve`."""
        self._needs = {need.id: need for need in needs}
        self._provisions = {one.id: one for one in provisions}
        self._of_request: defaultdict[str, set[LineId]] = defaultdict(set)
        for id_ in self._needs:
            self._of_request[id_[0]].add(id_)
        self._links: defaultdict[LineId, dict[LineId, Link]] = defaultdict(dict)
        self._linked: defaultdict[LineId, set[LineId]] = defaultdict(set)
        for link in links:
            self._link(link)
        self._ceilings: defaultdict[str, dict[str, Ceiling]] = defaultdict(dict)
        for ceiling in ceilings:
            self._ceilings[ceiling.request][ceiling.offer] = ceiling
        self._pools = {pool.id: pool for pool in pools}
        self._joints = {joint.id: joint for joint in joints}
        self._together: defaultdict[LineId, set[LineId]] = defaultdict(set)
        for joint in self._joints.values():
            members = {need for need, _ in joint.pairs}
            for need in members:
                self._together[need] |= members
        self._taken: dict[LineId, dict[LineId, Taken]] = defaultdict(dict)
        self._given: dict[LineId, dict[LineId, Taken]] = defaultdict(dict)

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What is allocated, by need and provision."""
        every = (one for of_need in self._taken.values() for one in of_need.values())
        return tuple(sorted(every, key=lambda one: (one.need, one.provision)))

    def solve(self, effort: float = EFFORT) -> Allocation:
        """Solve the whole."""
        problem = self._problem(self._needs, {})
        found = allocate(problem, effort)
        self.keep(found.taken)
        return found

    def keep(self, taken: Iterable[Taken]) -> None:
        """Go on from an allocation of the whole that was found elsewhere."""
        self._taken.clear()
        self._given.clear()
        self._take(taken)

    def value(self) -> float:
        """What the allocation is worth now; without joint projects a plain sum."""
        if not self._joints:
            return sum(
                self._needs[need].weight
                * self._links[need][id_].score
                * one.met
                / self._needs[need].whole
                for need, given in self._taken.items()
                for id_, one in given.items()
            )
        problem = self._problem(self._needs, {})
        return problem.value(_met(problem, self._taken))

    def repair(self, change: Change, effort: float = 0.05) -> Allocation:
        """Take a change in, and solve its neighbourhood; the answer tells of that alone."""
        touched = self._apply(change)
        inner = self._neighbourhood(*touched)
        used = {
            id_: sum(one.given for need, one in given.items() if need not in inner)
            for id_, given in self._given.items()
        }
        problem = self._problem(inner, used)
        found = allocate(problem, effort, _met(problem, self._taken))
        for need in inner:
            self._drop(need)
        self._take(found.taken)
        return found

    def _apply(self, change: Change) -> tuple[set[LineId], set[LineId]]:
        """Take a change in; returns the needs and the provisions that it touches."""
        needs = {need.id for need in change.needs}
        provisions = {one.id for one in change.provisions}
        of_needs, of_provisions = (
            needs.union(change.gone_needs),
            provisions.union(change.gone_provisions),
        )
        freed = {one for need in of_needs for one in self._taken.get(need, ())}
        fed = {need for one in of_provisions for need in self._given.get(one, ())}
        for need in of_needs:
            for one in self._links.pop(need, ()):
                self._linked[one].discard(need)
        for one in of_provisions:
            for need in self._linked.pop(one, ()):
                self._links[need].pop(one, None)
        for need in change.gone_needs:
            self._drop(need)
            self._needs.pop(need, None)
            self._of_request[need[0]].discard(need)
        for one in change.gone_provisions:
            for need in self._given.pop(one, ()):
                self._taken[need].pop(one)
            self._provisions.pop(one, None)
        for line in change.needs:
            self._needs[line.id] = line
            self._of_request[line.id[0]].add(line.id)
        self._provisions |= {line.id: line for line in change.provisions}
        for link in change.links:
            self._link(link)
        for ceiling in change.ceilings:
            self._ceilings[ceiling.request][ceiling.offer] = ceiling
            needs |= self._of_request.get(ceiling.request, set())
        for pool in change.pools:
            self._pools[pool.id] = pool
            needs |= {one.need for one in self._drawn(pool)}
        return needs | fed, provisions | freed

    def _neighbourhood(self, needs: set[LineId], provisions: set[LineId]) -> set[LineId]:
        """The needs to solve again: those touched, and ring by ring those beside them."""
        inner: set[LineId] = set()
        links = self._grow(inner, needs)
        there = sorted(provisions & self._provisions.keys())
        ring = [need for one in there for need in self._best_for(one)]
        while True:
            for need in ring:
                if links > MOST_LINKS:
                    return inner
                links += self._grow(inner, {need})
            reached = {id_ for need in inner for id_ in self._links[need]}
            beside = {need for id_ in reached for need in self._given.get(id_, ())}
            ring = sorted(beside - inner, key=self._worth)
            if not ring:
                return inner

    def _best_for(self, provision: LineId) -> list[LineId]:
        """The needs that a provision could serve, those that count most first."""
        linked = self._linked[provision] & self._needs.keys()
        return sorted(
            linked,
            key=lambda id_: (-self._needs[id_].weight * self._links[id_][provision].score, id_),
        )

    def _worth(self, need: LineId) -> tuple[float, LineId]:
        """What the least of what a need is given counts for: what is worth least moves first."""
        line, links = self._needs[need], self._links[need]
        scores = [links[one].score for one in self._taken[need] if one in links]
        return line.weight * min(scores, default=0.0) / line.whole, need

    def _grow(self, inner: set[LineId], needs: set[LineId]) -> int:
        """Add needs with all of their requests and joint projects; returns how many links more."""
        waiting, more = list(needs), 0
        while waiting:
            need = waiting.pop()
            if need in inner or need not in self._needs:
                continue
            inner.add(need)
            links = self._links[need].values()
            is_mixed = any(link.give != link.meet for link in links)
            more += len(links) * MIXED if is_mixed else len(links)
            waiting.extend(self._of_request[need[0]] | self._together.get(need, set()))
        return more

    def _problem(self, needs: Iterable[LineId], used: Mapping[LineId, int]) -> Problem:
        """The problem of some needs, with what is not used of the provisions."""
        inner = set(needs)
        links = [link for need in inner for link in self._links[need].values()]
        provisions = {link.provision for link in links} & self._provisions.keys()
        requests = {need[0] for need in inner}
        return Problem.of(
            [self._needs[need] for need in inner],
            [self._left(self._provisions[id_], used.get(id_, 0)) for id_ in provisions],
            links,
            [one for request in requests for one in self._ceilings.get(request, {}).values()],
            [joint for joint in self._joints.values() if joint.pairs[0][0] in inner],
            [
                replace(pool, limit=pool.limit - self._drawn_outside(pool, inner))
                for pool in self._pools.values()
            ],
        )

    def _drawn(self, pool: Pool) -> Iterator[Taken]:
        """What is taken that a pool counts."""
        for id_ in pool.costs:
            for one in self._given.get(id_, {}).values():
                if pool.requests is None or one.need[0] in pool.requests:
                    yield one

    def _drawn_outside(self, pool: Pool, inner: set[LineId]) -> int:
        """What needs that are not solved again draw from a pool."""
        return sum(
            cost(one.given, *pool.costs[one.provision])
            for one in self._drawn(pool)
            if one.need not in inner
        )

    def _left(self, provision: Provision, used: int) -> Provision:
        return replace(provision, free=provision.free - used) if used else provision

    def _link(self, link: Link) -> None:
        self._links[link.need][link.provision] = link
        self._linked[link.provision].add(link.need)

    def _take(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            self._taken[one.need][one.provision] = one
            self._given[one.provision][one.need] = one

    def _drop(self, need: LineId) -> None:
        for provision in self._taken.pop(need, ()):
            self._given[provision].pop(need)


def _met(problem: Problem, taken: Mapping[LineId, Mapping[LineId, Taken]]) -> Ints:
    """What the links of a problem meet by what is taken."""
    found = (taken.get(link.need, {}).get(link.provision) for link in problem.links)
    return np.fromiter((0 if one is None else one.met for one in found), dtype=np.int64)
