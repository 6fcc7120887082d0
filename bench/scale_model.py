"""The partition scheme as arithmetic: who owns what, what each event costs whom, who waits.

A matcher worker is one thread. It takes in every event of every partition and works the requests
of its own partitions (services/matcher/ranking_worker.py). All times are in seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
_YEAR, _FIRST_SECOND, _PROCESSES = 31_536_000, 1_767_225_600, 4
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_MULTIPLIER, _SEED = np.uint32(0x5BD1E995), np.uint32(0x9747B28C)


@dataclass(frozen=True)
class Costs:
    """Seconds of one worker: `take_*` of every worker for each event, `rank` and `store` of the
    owner for each list, `read` of every worker for each list that any of them wrote.

    `touched` is how many requests' lists a changed offer makes to be ranked again, `changed` which
    part of those come out differently.
    """

    take_request: float
    take_offer: float
    rank: float
    store: float
    read: float
    touched: float
    changed: float


@dataclass(frozen=True)
class Traffic:
    """`offers` is which part of events are offers'; the others are of requests."""

    offers: float


@dataclass(frozen=True)
class Shares:
    """Of each worker: its partitions' part of requests' events and of requests, and how many
    partitions it has. Both parts add to 1 over all workers."""

    events: Numbers
    records: Numbers
    partitions: Places


def keys(count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Records' ids as MongoDB's clients make them, a row each: second, process, counter."""
    seconds = np.sort(rng.integers(0, _YEAR, count)) + _FIRST_SECOND
    processes = rng.integers(0, 2**40, _PROCESSES)[np.arange(count) % _PROCESSES]
    counters = (int(rng.integers(0, 2**24)) + np.arange(count)) % 2**24
    places = [*((seconds, 4 * at) for at in range(7, -1, -1))]
    places += [*((processes, 4 * at) for at in range(9, -1, -1))]
    places += [*((counters, 4 * at) for at in range(5, -1, -1))]
    return _HEX[np.stack([(part >> shift) & 15 for part, shift in places], axis=1)]


def partition_of(written: NDArray[np.uint8], partitions: int) -> Places:
    """The partition of each key, as Kafka's clients place it: murmur2 of its bytes.

    Keys are rows of as many bytes each, which four divides.
    """
    words = np.ascontiguousarray(written).view("<u4")
    with np.errstate(over="ignore"):
        hashed = np.full(len(words), _SEED ^ np.uint32(written.shape[1]), dtype=np.uint32)
        for at in range(words.shape[1]):
            word = words[:, at] * _MULTIPLIER
            word ^= word >> np.uint32(24)
            hashed = (hashed * _MULTIPLIER) ^ (word * _MULTIPLIER)
        hashed ^= hashed >> np.uint32(13)
        hashed *= _MULTIPLIER
        hashed ^= hashed >> np.uint32(15)
    return (hashed & np.uint32(0x7FFFFFFF)).astype(np.int64) % partitions


def popularity(count: int, skew: float, rng: np.random.Generator) -> Numbers:
    """Which part of events is of each key: Zipf's law with this exponent, in any order."""
    weights = np.arange(1, count + 1, dtype=np.float64) ** -skew
    return rng.permutation(weights / weights.sum())


def owner_of(partitions: int, workers: int) -> Places:
    """The worker of each partition, as Kafka's range assignor gives them: runs of neighbours."""
    each, more = divmod(partitions, workers)
    return np.repeat(np.arange(workers), [each + (at < more) for at in range(workers)])


def shares(places: Places, events: Numbers, partitions: int, workers: int) -> Shares:
    """What falls to each worker; `places` and `events` are of each key."""
    owners = owner_of(partitions, workers)
    by_key = owners[places]
    return Shares(
        np.bincount(by_key, events, minlength=workers),
        np.bincount(by_key, minlength=workers) / len(places),
        np.bincount(owners, minlength=workers),
    )


def unevenness(parts: Numbers) -> float:
    """How many times as much as the mean the most laden one has."""
    return float(parts.max() / parts.mean())


def busy(costs: Costs, traffic: Traffic, held: Shares) -> Numbers:
    """Each worker's seconds of work for one event of the mean kind."""
    requests = 1 - traffic.offers
    own = held.events * requests * (costs.rank + costs.store)
    touched = traffic.offers * costs.touched * held.records
    own += touched * (costs.rank + costs.changed * costs.store)
    return own + common(costs, traffic)


def common(costs: Costs, traffic: Traffic) -> float:
    """Seconds of every worker for one event of the mean kind, however many workers there are."""
    requests = 1 - traffic.offers
    written = requests + traffic.offers * costs.touched * costs.changed
    taken = requests * costs.take_request + traffic.offers * costs.take_offer
    return float(taken + written * costs.read)


def capacity(costs: Costs, traffic: Traffic, held: Shares) -> float:
    """Events a second at which the most laden worker never rests."""
    return float(1 / busy(costs, traffic, held).max())


def finished(arrived: Numbers, work: Numbers) -> Numbers:
    """When a worker has done each event, in the order of arrival; `work` is seconds of each."""
    done = np.cumsum(work)
    return np.asarray(done + np.maximum.accumulate(arrived - (done - work)))


def delays(
    costs: Costs,
    traffic: Traffic,
    held: Shares,
    rate: float,
    count: int,
    rng: np.random.Generator,
) -> tuple[Numbers, Numbers]:
    """From arrival until ranked and stored: of requests' events, and of offers' (the last list).

    `count` events arrive at random, `rate` a second on the average, at workers that rest. What a
    worker reads of others' lists is laid on the event that they are of, and a list that is touched
    twice while it waits is ranked twice; so delays near the capacity are upper bounds.
    """
    workers = len(held.events)
    arrived = np.cumsum(rng.exponential(1 / rate, count))
    offers = rng.random(count) < traffic.offers
    touched = rng.poisson(costs.touched, count) * offers
    owners = rng.choice(workers, count, p=held.events / held.events.sum())
    lists = rng.multinomial(touched, held.records / held.records.sum())
    written = np.where(offers, touched * costs.changed, 1)
    taken = np.where(offers, costs.take_offer, costs.take_request) + written * costs.read
    of_requests = np.zeros(count)
    of_offers = np.zeros(count)
    for worker in range(workers):
        mine = (owners == worker) & ~offers
        work = taken + lists[:, worker] * (costs.rank + costs.changed * costs.store)
        work += mine * (costs.rank + costs.store)
        waited = finished(arrived, work) - arrived
        of_requests[mine] = waited[mine]
        of_offers = np.maximum(of_offers, np.where(lists[:, worker] > 0, waited, 0.0))
    return of_requests[~offers], of_offers[offers]
