"""The measured runs of `bench.engine`: each in a process of its own, started for it alone."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar

import numpy as np

from bench import machine
from bench.market import AS_OF, BLOCK, Market, renumbered
from bench.peers import peers
from services.matcher.engine.explanation import explain
from services.matcher.engine.geography import Geography
from services.matcher.engine.matching import Engine
from services.matcher.engine.pairing import Pairing
from services.matcher.engine.ranking import prior_model
from shared.garbage import look_seldom

TOP = 50
_WARM = 50
"""Queries before those that count: what a list needs is in memory that was written while building,
and comes near the processor by and by."""
_EDITS = 200
_RECALLED = 100
_TELL_EVERY = 500

Told = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and how much there is."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class Job:
    """What to measure: `system` is "requests" (new requests against offers), "offers" (new offers
    against requests) or a peer's name; `size` is how many records of the other side there are."""

    system: str
    size: int
    mixed: bool = False
    queries: int = 200
    recall: bool = False
    ends: tuple[float, ...] = ()
    """For "offers": scores at which full lists end, to be given to the requests."""


@dataclass
class Figures:
    """What a job measured: seconds by step, bytes, and numbers by name.

    Of the steps "event" is an event's time, and "work" the part of it in which the process ran;
    "asked" and "asked work" are the same without putting the event's record into the engine.
    """

    job: Job
    build: float = 0.0
    memory: int = 0
    floor: float = 0.0
    share: float = 1.0
    """The part of the events' time in which the process had a core, from 0 to 1."""
    steps: dict[str, list[float]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    ends: tuple[float, ...] = ()

    def at(self, step: str, percentile: float) -> float | None:
        """Seconds of a step at a percentile; None for a step that was not measured."""
        taken = self.steps.get(step)
        return float(np.percentile(taken, percentile)) if taken else None


def measured(job: Job, tell: Told) -> Figures:
    """Run a job in a new process; RuntimeError if that fails."""
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(job, there))
    process.start()
    there.close()
    try:
        while True:
            message = here.recv()
            if isinstance(message, Figures):
                return message
            tell(*message)
    except EOFError:
        process.join()
        raise RuntimeError(
            f"measuring {job.system} at {job.size:,} ended with {process.exitcode}"
        ) from None
    finally:
        process.join()


def _child(job: Job, there: Connection) -> None:
    def tell(what: str, done: int, of: int) -> None:
        there.send((what, done, of))

    there.send(run(job, tell))


def run(job: Job, tell: Told) -> Figures:
    """Run a job in this process."""
    if job.system == "requests":
        return _requests_against_offers(job, tell)
    if job.system == "offers":
        return _offers_against_requests(job, tell)
    return _text_search(job, tell)


def _requests_against_offers(job: Job, tell: Told) -> Figures:
    figures = Figures(job)
    market = Market(mixed=job.mixed)
    asked = list(market.requests(job.queries + _WARM))
    edits = list(market.offers(_EDITS * 2, job.size))
    engine = _engine()
    before = machine.resident()
    figures.build = _held(engine.put_offer, market.offers(job.size), job.size, tell)
    figures.memory = machine.resident() - before
    look_seldom()  # as a worker does
    ends = []
    events = _Events()
    listed = []
    clock = _Clock()
    for request in _told("ask", asked, tell):
        with events.whole:
            engine.put_request(request)
            with events.asked:
                entries = engine.shortlist(request.id).entries
        listed.append(len(entries))
        if len(entries) == engine.size:
            ends.append(entries[-1].score)
    figures.share = clock.share()
    figures.steps |= events.steps()
    figures.ends = tuple(ends)
    figures.numbers["listed"] = float(np.mean(listed[_WARM:]))
    figures.floor = machine.floor(job.size)
    new, other = edits[:_EDITS], edits[_EDITS:]
    figures.steps["add"] = _timed(engine.put_offer, new)
    changed = [renumbered(mine, said) for mine, said in zip(new, other, strict=True)]
    figures.steps["change"] = _timed(engine.put_offer, changed)
    figures.steps["withdraw"] = _timed(engine.remove_offer, [offer.id for offer in new])
    shown = [engine.shortlist(one.id).entries for one in asked[: _WARM + 20]]
    figures.steps["sentences"] = _timed(lambda entries: _sentences(engine, entries), shown)[_WARM:]
    if job.recall:
        figures.numbers["recall"] = _recall(
            [one.id for one in asked[:_RECALLED]],
            lambda request, exact: [
                entry.offer for entry in engine.shortlist(request, exact=exact).entries
            ],
            tell,
        )
    tell("another day", 0, 1)
    begun = time.perf_counter()
    engine.advance(AS_OF + timedelta(days=1))
    figures.numbers["another day"] = time.perf_counter() - begun
    return figures


def _sentences(engine: Engine, entries: Sequence[Pairing]) -> None:
    """What showing a list to one reader adds to it."""
    for entry in entries:
        explain(entry, engine.model, "fr")


def _offers_against_requests(job: Job, tell: Told) -> Figures:
    figures = Figures(job)
    market = Market(mixed=job.mixed)
    given = list(market.offers(job.queries + _WARM))
    engine = _engine()
    before = machine.resident()
    figures.build = _held(engine.put_request, market.requests(job.size), job.size, tell)
    _end_lists(engine, job)
    figures.memory = machine.resident() - before
    look_seldom()
    events = _Events()
    touched = []
    clock = _Clock()
    for offer in _told("ask", given, tell):
        with events.whole:
            engine.put_offer(offer)
            with events.asked:
                found = engine.affected(offer.id)
        touched.append(len(found))
    figures.share = clock.share()
    figures.steps |= events.steps()
    figures.numbers["touched"] = float(np.mean(touched[_WARM:]))
    figures.floor = machine.floor(job.size)
    if job.recall:
        figures.numbers["recall"] = _recall(
            [one.id for one in given[:_RECALLED]],
            lambda offer, exact: engine.affected(offer, exact=exact),
            tell,
        )
    return figures


def _text_search(job: Job, tell: Told) -> Figures:
    figures = Figures(job)
    market = Market()
    strings = market.texts.strings
    queries = [[term for term, _ in r.text.terms] for r in market.requests(job.queries + _WARM)]
    # A first one brings in what it is made of, and compiles it.
    peers()[job.system](market.terms("offer", TOP), strings).top(queries[0], TOP)
    before = machine.resident()
    blocks = _told("index", market.terms("offer", job.size), tell, -(-job.size // BLOCK))
    begun = time.perf_counter()
    peer = peers()[job.system](blocks, strings)
    figures.build = time.perf_counter() - begun
    figures.memory = machine.resident() - before
    asked = _told("ask", queries, tell, len(queries))
    clock = _Clock()
    taken = _Laps()
    for query in asked:
        with taken:
            peer.top(query, TOP)
    figures.steps["event"], figures.steps["work"] = taken.times[_WARM:], taken.work[_WARM:]
    figures.share = clock.share()
    figures.floor = machine.floor(job.size)
    return figures


class _Laps:
    """What each run of a block takes, in seconds: its time, and the process's work in it."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.work: list[float] = []

    def __enter__(self) -> None:
        self._worked, self._begun = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.times.append(time.perf_counter() - self._begun)
        self.work.append(time.process_time() - self._worked)


class _Events:
    """What events take: the whole of each, and the part in which the engine is asked."""

    def __init__(self) -> None:
        self.whole, self.asked = _Laps(), _Laps()

    def steps(self) -> dict[str, list[float]]:
        """As Figures has them, without the first ones."""
        return {
            "event": self.whole.times[_WARM:],
            "work": self.whole.work[_WARM:],
            "asked": self.asked.times[_WARM:],
            "asked work": self.asked.work[_WARM:],
        }


class _Clock:
    """From its making on: which part of the time the process had a core."""

    def __init__(self) -> None:
        self._wall, self._process = time.perf_counter(), time.process_time()

    def share(self) -> float:
        """The part, from 0 to 1."""
        ran = time.process_time() - self._process
        return min(1.0, ran / (time.perf_counter() - self._wall))


def _engine() -> Engine:
    return Engine(prior_model(), Geography.of_vocabulary(AS_OF), AS_OF, TOP)


def _held(put: Callable[[Item], object], records: Iterator[Item], size: int, tell: Told) -> float:
    """Put all records; returns the seconds that putting took, without those of making them up."""
    taken = 0.0
    for done, record in enumerate(records, start=1):
        begun = time.perf_counter()
        put(record)
        taken += time.perf_counter() - begun
        if done % _TELL_EVERY == 0:
            tell("hold", done, size)
    return taken


def _end_lists(engine: Engine, job: Job) -> None:
    """Have the requests' lists end where others did against as many offers.

    Ranking each of a million requests first, for the sake of that one number, would take longer
    than everything else; so this writes where the engine keeps it.
    """
    if job.ends:
        records = engine._records
        ends = np.random.default_rng(0).choice(job.ends, len(records.requests)).tolist()
        for row, end in enumerate(ends):
            records.found.set_end(row, end)


def _timed(work: Callable[[Item], object], items: Iterable[Item]) -> list[float]:
    taken = []
    for item in items:
        begun = time.perf_counter()
        work(item)
        taken.append(time.perf_counter() - begun)
    return taken


def _recall(
    records: list[str], found_for: Callable[[str, bool], Iterable[str]], tell: Told
) -> float:
    """The part of what is found exactly that is found as usual too; `found_for` a record, exactly
    or not."""
    found = wanted = 0
    for record in _told("compare", records, tell):
        usual, exact = set(found_for(record, False)), set(found_for(record, True))
        found += len(usual & exact)
        wanted += len(exact)
    return found / wanted if wanted else 1.0


def _told(what: str, items: Iterable[Item], tell: Told, count: int | None = None) -> Iterator[Item]:
    of = count if count is not None else len(items)  # type: ignore[arg-type]
    for done, item in enumerate(items):
        if done % 10 == 0:
            tell(what, done, of)
        yield item
