"""`python -m bench.scale`: what one, ten and a hundred matcher workers would give, by simulation.

Costs of one event, measured on one machine, are laid on a model of the partition scheme: keys of
uneven weight, placed as Kafka's clients place them; workers that take in everything and work the
requests of their partitions; members that die. `--report` writes the table and its charts.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from bench.scale_deaths import Deaths, Group, deaths
from bench.scale_model import (
    Costs,
    Numbers,
    Places,
    Traffic,
    capacity,
    common,
    delays,
    keys,
    partition_of,
    popularity,
    shares,
    unevenness,
)
from bench.scale_report import Row, Run, text, write
from shared.events.clients import HEARTBEAT_MS, SESSION_TIMEOUT_MS

_MS = 1e-3


@dataclass(frozen=True)
class Default:
    """What a cost is unless told otherwise, in its unit, and where the figure comes from."""

    value: float
    source: str


DEFAULTS = {
    "take-request-ms": Default(
        1.12, "docs/performance.md, likely duplicates: a new request put and asked, p50 at 100k"
    ),
    "take-offer-ms": Default(
        3.73,
        "docs/performance.md at 100k: a new offer put and asked of duplicates 3.14 ms, and "
        "whose lists it enters alone, .59 ms",
    ),
    "rank-ms": Default(0.65, "docs/performance.md at 100k: a new request's list alone"),
    "touched": Default(128.8, "docs/performance.md, lists touched by a new offer at 100k"),
    "store-ms": Default(1.0, "assumed, for docs/performance.md has no figure"),
    "read-ms": Default(
        0.17, "docs/scaling.md: decoding a shortlist's event of 50 offers, p50 of 2,000"
    ),
    "changed": Default(1.0, "assumed: each list that an offer touches comes out differently"),
    "take-partition-ms": Default(20.0, "assumed: the fence and three updates in the database"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate every number of workers with every number of partitions, and tell the table."""
    options = _parser().parse_args(arguments)
    run = simulated(options)
    command = " ".join(
        ["python -m bench.scale", *(sys.argv[1:] if arguments is None else arguments)]
    )
    print(text(run, command))
    if options.report is not None:
        for path in write(run, options.report, command):
            print(f"wrote {path}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--partitions", type=int, nargs="+", default=[6, 60, 600])
    parser.add_argument("--requests", type=int, default=100_000, help="keys in the register")
    parser.add_argument(
        "--skew", type=float, default=0.8, help="exponent of Zipf's law by which requests change"
    )
    parser.add_argument("--offers", type=float, default=0.1, help="part of events that are offers'")
    parser.add_argument("--load", type=float, default=0.7, help="part of the capacity for delays")
    parser.add_argument("--events", type=int, default=20_000, help="events simulated for delays")
    parser.add_argument("--trials", type=int, default=200, help="deaths simulated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="Markdown file to write; its charts beside it")
    for name, default in DEFAULTS.items():
        parser.add_argument(
            f"--{name}",
            type=float,
            default=default.value,
            help=f"{default.value}: {default.source}",
        )
    return parser


def simulated(options: argparse.Namespace) -> Run:
    """Everything that the options ask for; the same options give the same figures."""
    costs = Costs(
        take_request=options.take_request_ms * _MS,
        take_offer=options.take_offer_ms * _MS,
        rank=options.rank_ms * _MS,
        store=options.store_ms * _MS,
        read=options.read_ms * _MS,
        touched=options.touched,
        changed=options.changed,
    )
    traffic = Traffic(options.offers)
    rng = np.random.default_rng(options.seed)
    written = keys(options.requests, rng)
    events = popularity(options.requests, options.skew, rng)
    rows = [
        _row(
            options, costs, traffic, partition_of(written, partitions), events, partitions, workers
        )
        for partitions in options.partitions
        for workers in options.workers
    ]
    inputs = {
        name: (getattr(options, name.replace("-", "_")), default.value, default.source)
        for name, default in DEFAULTS.items()
    }
    return Run(
        rows,
        inputs,
        options.requests,
        options.skew,
        options.offers,
        options.load,
        options.seed,
        1 / common(costs, traffic),
    )


def _row(
    options: argparse.Namespace,
    costs: Costs,
    traffic: Traffic,
    places: Places,
    events: Numbers,
    partitions: int,
    workers: int,
) -> Row:
    rng = np.random.default_rng([options.seed, workers])
    held = shares(places, events, partitions, workers)
    most = capacity(costs, traffic, held)
    rate = most * options.load
    requests, offers = delays(costs, traffic, held, rate, options.events, rng)
    by_partition = np.bincount(places, minlength=partitions)
    died = None
    if workers > 1:
        group = Group(SESSION_TIMEOUT_MS * _MS, HEARTBEAT_MS * _MS, options.take_partition_ms * _MS)
        died = deaths(group, by_partition, workers, costs.rank, options.trials, rng)
    return Row(
        workers=workers,
        partitions=partitions,
        working=int((held.partitions > 0).sum()),
        uneven_partitions=unevenness(np.bincount(places, events, minlength=partitions)),
        uneven_workers=unevenness(held.events),
        capacity=most,
        rate=rate,
        request_p99=_percentile(requests, 99),
        offer_p99=_percentile(offers, 99),
        deaths=None if died is None else _summed(died),
    )


def _summed(died: Deaths) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile of what was told of the deaths."""
    return {
        one.name: (
            _percentile(getattr(died, one.name), 50),
            _percentile(getattr(died, one.name), 99),
        )
        for one in fields(died)
    }


def _percentile(values: Numbers, at: float) -> float:
    return float(np.percentile(values, at)) if len(values) else float("nan")


if __name__ == "__main__":
    main()
