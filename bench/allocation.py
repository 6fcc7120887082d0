"""What an allocation takes: `python -m bench.allocation`.

Made-up registers, drawn with a fixed seed: one in a single unit, which is a flow, and one as in
life, where money pays for machines and courses, some offers come in grants, and ceilings bind.
Then events: what the engine takes to repair what they touch, and what a process of the API takes
that remembers its last allocation (services/matcher/remembering.py).
Times are of the process, the least of the runs, so that a busy machine tells little wrong.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from services.matcher.engine.allocation import EFFORT, allocate
from services.matcher.engine.allocation_change import Links, Register, grouped
from services.matcher.engine.allocation_problem import (
    Ceiling,
    LineId,
    Link,
    Need,
    Problem,
    Provision,
)
from services.matcher.engine.allocation_repair import Allocator, Change
from services.matcher.remembering import CP_SAT, Memory

_MACHINES = 1000
_DOLLAR = 100
_WEIGHTS = (1.0, 2.0, 4.0, 8.0)
_T = TypeVar("_T")


def one_unit(requests: int, offers: int, edges: int, seed: int = 1) -> tuple[list[Need], ...]:
    """Needs, provisions and links, all in machines."""
    draw = np.random.default_rng(seed)
    asked = draw.integers(1, 12, requests) * _MACHINES
    given = draw.integers(1, 12, offers) * _MACHINES
    needs = [
        Need((f"r{at:05d}", 1), int(whole), int(whole), float(draw.choice(_WEIGHTS)), _MACHINES)
        for at, whole in enumerate(asked)
    ]
    provisions = [
        Provision((f"o{at:05d}", 1), int(free), _MACHINES) for at, free in enumerate(given)
    ]
    links = [
        Link(need.id, (f"o{other:05d}", 1), float(score))
        for need in needs
        for other, score in zip(
            draw.choice(offers, min(edges, offers), replace=False),
            draw.uniform(0.05, 1.0, edges),
            strict=False,
        )
    ]
    return needs, provisions, links  # type: ignore[return-value]


def as_in_life(requests: int, offers: int, edges: int, seed: int = 1) -> tuple[list[Any], ...]:
    """A third of the offers is money, that pays for machines and persons; ceilings and grants."""
    needs, provisions, links = one_unit(requests, offers, edges, seed)
    draw = np.random.default_rng(seed + 1)
    money = {one.id for at, one in enumerate(provisions) if at % 3 == 0}
    price = {need.id: int(draw.integers(500, 90_000)) * _DOLLAR for need in needs}
    provisions = [
        replace(
            one,
            free=int(draw.integers(10, 900)) * 1000 * _DOLLAR,
            grain=50_000 * _DOLLAR if at % 30 == 0 else 1,
        )
        if one.id in money
        else one
        for at, one in enumerate(provisions)
    ]
    provisions = [one for one in provisions if one.free >= one.grain]
    links = [
        replace(link, give=price[link.need], meet=_MACHINES) if link.provision in money else link
        for link in links
    ]
    ceilings = [
        Ceiling(link.need[0], link.provision[0], 60_000 * _DOLLAR, {1: (1, 1)})
        for link in links
        if link.provision in money and int(link.provision[0][1:]) % 9 == 0
    ]
    return needs, provisions, links, ceilings


def timed(work: Callable[[], _T], runs: int) -> tuple[_T, float, float]:
    """What the work found, with the least process time and the least time by the clock."""
    found: _T | None = None
    spent, passed = [], []
    for _ in range(runs):
        began, clock = time.process_time(), time.perf_counter()
        found = work()
        spent.append(time.process_time() - began)
        passed.append(time.perf_counter() - clock)
    assert found is not None
    return found, min(spent), min(passed)


def repairs(
    needs: list[Need], provisions: list[Provision], links: list[Link], events: int = 20
) -> str:
    """Requests and offers come and go in the register in one unit; what a repair takes."""
    allocator = Allocator(needs, provisions, links)
    allocator.solve()
    draw = np.random.default_rng(3)
    of_need: dict[LineId, list[Link]] = {}
    of_provision: dict[LineId, list[Link]] = {}
    for link in links:
        of_need.setdefault(link.need, []).append(link)
        of_provision.setdefault(link.provision, []).append(link)
    spent = []
    for at in range(events):
        need, one = needs[draw.integers(len(needs))], provisions[draw.integers(len(provisions))]
        smaller = replace(one, free=one.free // 2 // _MACHINES * _MACHINES)
        change = (
            Change(needs=(replace(need, weight=8.0),), links=tuple(of_need[need.id])),
            Change(gone_needs=(need.id,)),
            Change(provisions=(smaller,), links=tuple(of_provision.get(one.id, ()))),
            Change(gone_provisions=(one.id,)),
        )[at % 4]
        began = time.process_time()
        allocator.repair(change)
        spent.append(time.process_time() - began)
    kept = allocator.value()
    anew = allocator.solve().value
    return (
        f"repairs: {events} events, median {np.median(spent) * 1e3:.0f} ms, most "
        f"{max(spent) * 1e3:.0f} ms of the process; worth {kept / anew:.4%} of solving the whole"
    )


def remembered(parts: tuple[list[Any], ...], events: int = 18) -> str:
    """What a process takes that remembers its last allocation, as lines and links change.

    As from the database, every line comes as a new object; links of requests that nothing concerns
    are those that were read before (services/matcher/reading.py).
    """
    needs, provisions, every, *rest = (list(part) for part in parts)
    linked, memory, now = grouped(every), Memory(), datetime.now(UTC)
    draw = np.random.default_rng(5)

    def spent(name: str) -> tuple[float, int, float]:
        lines = ([replace(line) for line in part] for part in (needs, provisions))
        register = Register(*map(tuple, lines), dict(linked), *map(tuple, rest))
        began = time.process_time()
        answer = memory.find(name, now.date(), register, now, EFFORT)
        return time.process_time() - began, answer.whole.repairs, answer.found.gap

    spent("whole")
    import_module(CP_SAT)
    found = []
    for at in range(events):
        place = int(draw.integers(len(needs))) % len(provisions)
        need, one = needs[place], provisions[place]
        if at % 3 == 0:
            needs[place] = replace(need, weight=8.0 if need.weight < 8.0 else 4.0)
        elif at % 3 == 1:
            provisions[place] = replace(one, free=max(one.grain, one.free // 2))
        else:
            links = linked[need.id[0]].every
            linked[need.id[0]] = Links(tuple(replace(one, score=one.score * 0.9) for one in links))
        found.append(spent(f"event {at}"))
    times = [one for one, *_ in found]
    return (
        f"remembered: {events} events, {sum(repairs > 0 for _, repairs, _ in found)} repaired, "
        f"median {np.median(times) * 1e3:.0f} ms, most {max(times) * 1e3:.0f} ms of the process; "
        f"gap {found[-1][2]:.3%}"
    )


def main() -> None:
    """Print what was found and how long it took."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=2000)
    arguments.add_argument("--offers", type=int, default=2000)
    arguments.add_argument("--edges", type=int, default=50)
    arguments.add_argument("--runs", type=int, default=3)
    asked = arguments.parse_args()
    sizes = (asked.requests, asked.offers, asked.edges)
    plain = one_unit(*sizes)
    for name, parts in (("one unit", plain), ("as in life", as_in_life(*sizes))):
        problem, built, _ = timed(lambda parts=parts: Problem.of(*parts), asked.runs)
        # Built anew for each run: what a problem remembers of itself is work too.
        found, spent, passed = timed(lambda parts=parts: allocate(Problem.of(*parts)), asked.runs)
        print(
            f"{name}: {sizes[0]} requests x {sizes[1]} offers, {len(problem.links)} links: "
            f"value {found.value:.3f}, greedy {found.greedy:.3f} "
            f"({found.greedy / found.value:.2%} of it), gap {found.gap:.3%}, {found.solvers}; "
            f"built in {built:.2f} s, built and solved in {spent:.2f} s of the process, "
            f"{passed:.2f} s by the clock",
            flush=True,
        )
        print(f"{name}: {remembered(parts)}", flush=True)
    print(repairs(*plain))


if __name__ == "__main__":
    main()
