"""`python -m bench.load`: what a whole stack bears, of reads and writes as they are in life.

With no option: the rate at which 99 of 100 calls are answered within a second, found by doubling
and then halving between; calls come by themselves (bench/arrivals.py), their shares stand in
bench/visits.py. Then four times that rate for a while: what is answered then, and after how long
all is as before. `--soak MINUTES` runs at half that rate (or `--rate`) and tells what each process
holds at the end of it, and how much that grew in the last two thirds of the time: in the last 20 of
30 minutes, and keeps its samples in build/soak.json. It ends with 1 where something grew that is to
stay as it is; without a soak, where overload was answered otherwise than with 429 or 503 and
Retry-After, or not all was as before afterwards.

Who calls shares the machine with who answers: figures are of this machine and this run.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.arrivals import Stretch, arrive
from bench.samples import Sample, growth, latest, sampled, unsteady
from bench.stacks import scratch_stack
from bench.visits import Visits, introduce
from deploy.cli.client import Client
from deploy.cli.goldset import read_set
from deploy.cli.loading import load
from deploy.cli.target import stack_target
from deploy.local.running import Stack

EXAMPLES = Path(__file__).parents[1] / "examples"
LIMIT_SECONDS = 1.0
FIRST_RATE = 8.0
NARROWINGS = 3
OVER = 4
CALLERS = 128
CALM_SECONDS = 5.0
MOST_CALMS = 24
JUDGED = 2 / 3
"""The part of a soak, its end, in which nothing may grow."""
MOST_GROWTH, FEW = 0.02, 4
SAMPLES = 180
SOAK = Path("build") / "soak.json"
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Find the rate, go beyond it, or soak; 1 if something was not as it is to be, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="of each stretch")
    parser.add_argument("--soak", type=float, metavar="MINUTES")
    parser.add_argument("--rate", type=float, help="calls a second of the soak")
    options = parser.parse_args()
    with _running() as (stack, visits):
        if options.soak and options.rate:
            return _soak(stack, visits, options.rate, 60 * options.soak)
        bears = find_rate(visits, options.seconds)
        console.print(f"99 of 100 within {LIMIT_SECONDS:g} s up to {bears:.1f} calls a second")
        if options.soak:
            return _soak(stack, visits, bears / 2, 60 * options.soak)
        return overload(visits, bears, options.seconds)


@contextmanager
def _running() -> Iterator[tuple[Stack, Visits]]:
    gold = read_set(EXAMPLES)
    with scratch_stack(console.print) as stack:
        client = Client(stack_target(stack.plan.ports, stack.plan.keys, "load"), "operator")
        with console.status("registering the examples"):
            load(gold, client)
            introduce(stack)
        visits = Visits(stack, [row.id for row in gold.requests])
        arrive(FIRST_RATE, 5, visits.act, callers=CALLERS)  # what is first used is loaded by then
        yield stack, visits


def find_rate(visits: Visits, seconds: float) -> float:
    """The highest rate of those tried at which 99 of 100 are served in time; 0 for none."""
    low, high, rate = 0.0, float("inf"), FIRST_RATE
    for seed in range(2, 100):
        stretch = arrive(rate, seconds, visits.act, callers=CALLERS, seed=seed)
        _tell(stretch)
        if stretch.holds(LIMIT_SECONDS):
            low = rate
        else:
            high = rate
        if high / max(low, FIRST_RATE / 8) < 2 ** (1 / 2**NARROWINGS) * 1.001:
            break
        rate = 2 * low if high == float("inf") else (max(low, high / 4) * high) ** 0.5
    return low


def _tell(stretch: Stretch) -> None:
    console.print(
        f"{stretch.rate:6.1f} calls/s: p50 {1000 * stretch.quantile(50):6.0f} ms, "
        f"p99 {1000 * stretch.quantile(99):6.0f} ms, {_refused(stretch)}"
    )


def _refused(stretch: Stretch) -> str:
    told = [one for one in stretch.outcomes if one.status in (429, 503)]
    when = sum(one.told_when for one in told)
    broken = sum(one.status >= 500 and one.status != 503 for one in stretch.outcomes)
    silent = sum(one.status == 0 for one in stretch.outcomes)
    wrong = [
        f"{one.what} ({one.status})" for one in stretch.outcomes if one.served and one.status >= 400
    ]
    return (
        f"{len(stretch.outcomes)} calls: {len(told)} told to wait ({when} for how long), "
        f"{broken} failed, {silent} without an answer, {len(wrong)} refused {sorted(set(wrong))}"
    )


def overload(visits: Visits, bears: float, seconds: float) -> int:
    """Go beyond what it bears, and wait until all is as before; 1 if that is not as it is to be."""
    rate = max(OVER * bears, OVER)
    stretch = arrive(rate, seconds, visits.act, callers=CALLERS, seed=1000)
    console.print(f"{OVER} times as much, {rate:.0f} calls/s for {seconds:.0f} s")
    console.print(
        f"  served p50 {1000 * stretch.quantile(50):.0f} ms, p99 {1000 * stretch.quantile(99):.0f} "
        f"ms; {_refused(stretch)}"
    )
    faults = wrongly_answered(stretch)
    for calm in range(MOST_CALMS):
        after = arrive(bears / 2, CALM_SECONDS, visits.act, callers=CALLERS, seed=2000 + calm)
        if after.holds(LIMIT_SECONDS):
            console.print(f"  as before within {CALM_SECONDS * (calm + 1):.0f} s")
            break
    else:
        faults.append(f"NOT as before after {CALM_SECONDS * MOST_CALMS:.0f} s")
    for fault in faults:
        console.print(f"  {fault}")
    return int(bool(faults))


def wrongly_answered(stretch: Stretch) -> list[str]:
    """What is not answered as it is to be whatever the load: not at all, with a 5xx that is no 503,
    or with a 429 or 503 that does not tell how long to wait."""
    broken = Counter(
        f"{one.what} ({one.status})" if one.status else f"{one.what} without an answer"
        for one in stretch.outcomes
        if one.status == 0 or (one.status >= 500 and one.status != 503)
    )
    mute = Counter(
        f"{one.what} ({one.status}) without Retry-After"
        for one in stretch.outcomes
        if one.status in (429, 503) and not one.told_when
    )
    return [f"{count} times {what}" for what, count in (*broken.items(), *mute.items())]


def _soak(stack: Stack, visits: Visits, rate: float, seconds: float) -> int:
    soaking = console.status(f"soaking at {rate:.1f} calls a second")
    with sampled(stack, max(seconds / SAMPLES, 2)) as samples, soaking:
        stretch = arrive(rate, seconds, visits.act, callers=CALLERS, seed=3000)
    _tell(stretch)
    SOAK.parent.mkdir(exist_ok=True)
    SOAK.write_text(json.dumps([asdict(one) for one in samples]))
    judged = latest(samples, JUDGED * seconds)
    console.print(_table(judged))
    for what, values in (
        ("not published", [one.waiting for one in samples]),
        ("not read by a group", [one.lag for one in samples]),
    ):
        console.print(f"{what}: {values[-1]} at the end, {max(values)} at most")
    grew = unsteady(judged, MOST_GROWTH, FEW, rate)
    console.print(f"in the last {JUDGED * seconds / 60:.0f} minutes: {'; '.join(grew) or 'flat'}")
    faults = wrongly_answered(stretch)
    for fault in faults:
        console.print(f"  {fault}")
    return int(bool(grew or faults))


def _table(samples: list[Sample]) -> Table:
    """What is held at the end of these samples, and how much more than at their beginning."""
    table = Table("process", "memory", "grew", "files", "threads", title="at the end of the soak")
    for column in table.columns[1:]:
        column.justify = "right"
    last = samples[-1]
    for name in sorted(last.memory):
        table.add_row(
            name,
            f"{last.memory[name] / 2**20:.0f} MiB",
            f"{100 * growth(samples, 'memory', name):+.1f} %",
            f"{last.files[name]} ({100 * growth(samples, 'files', name):+.0f} %)",
            f"{last.threads[name]} ({100 * growth(samples, 'threads', name):+.0f} %)",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
