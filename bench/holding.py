"""`python -m bench.holding`: what a matcher worker holds of the records on both sides, and how long
it takes to rebuild that when it starts.

The worker's own parts take events as they come from the topics, without broker or database: the
index with what it knows of commitments (the engine's feed), then likely duplicates, then alliances
and coverage, which share what texts say. Told is how much the process grew from step to step, and
the time of each, with that of reading an event (its JSON, its schema) first. Texts
are two hundred, each of many records: what is held does not depend on whether they differ. What the
engine alone holds at 100,000 and a million records `bench.engine` measures.
"""

import argparse
import dataclasses
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console
from rich.progress import track

from bench import machine, synthetic
from bench.market import AS_OF
from services.matcher.alliance_keeping import AllianceKeeper
from services.matcher.coverage_watch import CoverageWatch
from services.matcher.duplicate_watch import DuplicateWatch
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.ranking import prior_model
from services.matcher.engine.texts import Texts
from services.matcher.index_feed import IndexFeed
from shared.events.envelope import OFFER, Event, decode, encode
from shared.events.reader import Received
from shared.garbage import look_seldom

TEXTS = 100
PARTITIONS = 6
SIZES = (2_000, 10_000)
console = Console(highlight=False)

Step = Callable[[Received], object]


def main() -> None:
    """Measure at each size and print a line of figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.holding", description=__doc__)
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="records of each side"
    )
    options = parser.parse_args()
    machine.one_thread()
    source = synthetic.source()
    texts = [*synthetic.offers(source, TEXTS), *synthetic.requests(source, TEXTS)]
    geography = Geography.of_vocabulary(AS_OF)
    feed = IndexFeed(Engine(prior_model(), geography, AS_OF))
    watch = DuplicateWatch(feed.engine)
    shared = Texts()
    alliances, coverage = AllianceKeeper(geography, shared), CoverageWatch(shared)
    steps: dict[str, Step] = {
        "index": feed.apply,
        "duplicates": watch.note,
        "alliances and coverage": lambda received: (
            alliances.hear(received),
            coverage.note(received),
            coverage.hear(received),
        ),
    }
    console.print(f"before any record: {machine.resident() / 2**20:,.0f} MB")
    look_seldom()  # as a worker does
    grown = dict.fromkeys(steps, 0)
    held = 0
    for size in sorted(set(options.sizes)):
        added = list(range(held, size))
        spent: Counter[str] = Counter()
        for name, step in steps.items():
            before = machine.resident()
            for record in track(
                of_both_sides(texts, added), f"{name} {size:,}", 2 * len(added), console=console
            ):
                begun = time.perf_counter()
                received = read(record)
                taken = time.perf_counter()
                step(received)
                spent[name] += time.perf_counter() - taken
                spent["reading"] += (taken - begun) / len(steps)
            if name == "index":
                feed.forget_offers()
                feed.mark_partitions(set(range(PARTITIONS)))
            grown[name] += machine.resident() - before
        held = size
        told = ", ".join(f"{name} {of / 2**20:,.0f} MB" for name, of in grown.items())
        rest = sum(of for name, of in grown.items() if name != "index") / (2 * size)
        console.print(
            f"{size:,} of each side: {told}; beside the index {rest:,.0f} B a record",
            soft_wrap=True,
        )
        each = {name: 1e6 * of / (2 * len(added)) for name, of in sorted(spent.items())}
        console.print(
            f"  rebuilt at {spent.total() / (2 * len(added)) * 1e6:,.0f} µs a record: "
            + ", ".join(f"{name} {of:,.0f}" for name, of in each.items()),
            soft_wrap=True,
        )


class Sent(NamedTuple):
    """A record as it comes from a topic."""

    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    number: int


def of_both_sides(texts: Sequence[Event], numbers: Sequence[int]) -> Iterator[Sent]:
    """An offer and a request for each number, all with ids of their own."""
    sides = [
        [event for event in texts if (event.type == OFFER) is first] for first in (True, False)
    ]
    for number, side in itertools.product(numbers, sides):
        event = side[number % len(side)]
        subject = f"{number:023x}{event.subject[-1]}"
        data = {**event.data, "id": subject}
        made = dataclasses.replace(event, subject=subject, data=data, time=datetime.now(UTC))
        yield Sent(*encode(made), number)


def read(sent: Sent) -> Received:
    """A record as a reader gives it to the parts: nothing of it is shared with another's."""
    event = decode(sent)
    return Received(
        event=event,
        type=event.type,
        subject=event.subject,
        version=event.version,
        topic=event.type,
        partition=sent.number % PARTITIONS,
        offset=sent.number,
    )


if __name__ == "__main__":
    main()
