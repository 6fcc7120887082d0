"""`python -m bench.duplicates`: what asking for likely duplicates costs an event.

One engine grows from size to size; at each, new offers are put one after another and each asks
which of N offers it seems to be the same as, and so do new requests among N requests. On one
thread; printed as it comes, by the clock and in time of the process, which other work on the
machine tells little wrong. The records are made up (bench/market.py).
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from bench import machine
from bench.engine import SIZES
from bench.market import AS_OF, Market
from bench.reporting import size_text, time_text
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.records import Side

_WARM = 5
console = Console(highlight=False)


def main() -> None:
    """Measure at each size and print a line of figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.duplicates", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--queries", type=int, default=200, help="events a figure")
    options = parser.parse_args()
    machine.one_thread()
    market = Market()
    sides: dict[Side, Callable[[int, int], Iterator[Any]]] = {
        "offer": market.offers,
        "request": market.requests,
    }
    for side, drawn in sides.items():
        engine = Engine(prior_model(), Geography.of_vocabulary(AS_OF), AS_OF)
        put = engine.put_offer if side == "offer" else engine.put_request
        held = 0
        for size in sorted(set(options.sizes)):
            _hold(put, drawn, held, size, side)
            held = size + options.queries + _WARM
            events = list(drawn(options.queries + _WARM, size))
            taken, found = _measured(engine, side, put, events)
            (clock, spent), (clock99, spent99) = np.percentile(taken, [50, 99], axis=0)
            console.print(
                f"{side}s at {size_text(size)}: p50 {time_text(clock)}, p99 {time_text(clock99)}; "
                f"of the process p50 {time_text(spent)}, p99 {time_text(spent99)}; "
                f"{found / len(taken):.2f} asserted an event",
                soft_wrap=True,
            )


def _hold(
    put: Callable[[Any], object],
    drawn: Callable[[int, int], Iterator[Any]],
    held: int,
    size: int,
    side: Side,
) -> None:
    count = max(0, size - held)
    what = f"{side}s up to {size_text(size)}"
    for record in track(
        drawn(count, held),
        what,
        total=count,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ):
        put(record)


def _measured(
    engine: Engine, side: Side, put: Callable[[Any], object], events: Sequence[Any]
) -> tuple[list[tuple[float, float]], int]:
    """Seconds of each event but the first ones, by the clock and of the process, and how many
    pairs were asserted in them."""
    taken: list[tuple[float, float]] = []
    found = 0
    for event in events:
        begun, spent = time.perf_counter(), time.process_time()
        put(event)
        likely = engine.duplicates(side, event.id)
        taken.append((time.perf_counter() - begun, time.process_time() - spent))
        found += len(likely)
    return taken[_WARM:], found


if __name__ == "__main__":
    main()
