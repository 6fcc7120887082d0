"""What each process of a stack holds, as time passes: memory, files, threads; and what waits.

Whether that stays as it is, is decided by a straight line through the samples of a soak's end.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymongo
from kafka.errors import KafkaError

from bench.machine import family, held_by
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.stack import SERVICES
from shared.events import clients
from shared.events.pending import WAITING
from shared.events.reader import known_partitions
from shared.events.topics import Topics


@dataclass(frozen=True)
class Sample:
    """A moment: seconds since the first; by process bytes, open files and threads; what waits.

    `waiting` are events that are not published yet, `lag` records that a group has yet to read.
    """

    at: float
    memory: Mapping[str, int]
    files: Mapping[str, int]
    threads: Mapping[str, int]
    waiting: int
    lag: int = 0


KEEPS_ALL = frozenset({"broker", "database"})
"""The embedded servers: the one keeps every event by design, the other fills its cache."""


def take(stack: Stack, begun: float) -> Sample:
    """Look at every process of the stack, its children with it, and at the outboxes."""
    families = {name: list(family(pid)) for name, pid in stack.supervisor.pids().items()}
    return Sample(
        time.monotonic() - begun,
        {name: sum(map(_resident, pids)) for name, pids in families.items()},
        {name: sum(map(_files, pids)) for name, pids in families.items()},
        {name: sum(map(_threads, pids)) for name, pids in families.items()},
        _waiting(stack),
        _lag(stack),
    )


@contextmanager
def sampled(stack: Stack, every: float) -> Iterator[list[Sample]]:
    """Take a sample every so many seconds while the block runs."""
    found: list[Sample] = []
    over, begun = threading.Event(), time.monotonic()

    def look() -> None:
        while not over.wait(every):
            found.append(take(stack, begun))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def latest(samples: Sequence[Sample], seconds: float) -> list[Sample]:
    """Those of the last so many seconds."""
    return [one for one in samples if one.at >= samples[-1].at - seconds]


def growth(samples: Sequence[Sample], of: str, process: str) -> float:
    """How much it grew over these samples, by a straight line, as a part of its mean."""
    values = [getattr(one, of).get(process, 0) for one in samples]
    return _rise(samples, values) / float(np.mean(values)) if any(values) else 0.0


def unsteady(samples: Sequence[Sample], part: float, few: int, rate: float) -> list[str]:
    """What grew over these samples, in words; empty where everything stayed as it was.

    A process may grow by a `part` of its memory; of files and threads by `few` at most, for pools
    are filled by chance; what waits and what is unread by no more than a second's calls.
    """
    told = []
    for name in sorted(samples[-1].memory):
        grown = growth(samples, "memory", name)
        if grown > part and name not in KEEPS_ALL:
            told.append(f"{name} grew by {100 * grown:.1f} % of its memory")
        for of in ("files", "threads"):
            more = _rise(samples, [getattr(one, of).get(name, 0) for one in samples])
            if more > few:
                told.append(f"{name} has {more:.0f} {of} more")
    for of, what in (("waiting", "events that are not published"), ("lag", "records unread")):
        more = _rise(samples, [getattr(one, of) for one in samples])
        if more > rate:
            told.append(f"{more:.0f} more {what}")
    return told


def _rise(samples: Sequence[Sample], values: Sequence[float]) -> float:
    """From the first to the last, on the straight line that lies nearest to all."""
    if len(samples) < 2:
        return 0.0
    slope = np.polyfit([one.at for one in samples], values, 1)[0]
    return float(slope * (samples[-1].at - samples[0].at))


def _resident(pid: int) -> int:
    try:
        return held_by(pid)
    except (OSError, IndexError):  # it ended
        return 0


def _files(pid: int) -> int:
    return _entries(Path(f"/proc/{pid}/fd"))


def _threads(pid: int) -> int:
    return _entries(Path(f"/proc/{pid}/task"))


def _entries(directory: Path) -> int:
    try:
        return sum(1 for _ in directory.iterdir())
    except OSError:  # it ended
        return 0


def _waiting(stack: Stack) -> int:
    """The events that are not published yet, of all services."""
    client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(stack.plan.ports.mongodb)
    with closing(client):
        bases = [client[service_settings(stack.plan, name).database] for name in SERVICES]
        return sum(
            base[name].count_documents(WAITING)
            for base in bases
            for name in base.list_collection_names()
        )


def _lag(stack: Stack) -> int:
    """The records of the topics that the groups have yet to read, of all together; -1: unknown."""
    settings = service_settings(stack.plan, "matcher")
    try:
        with closing(clients.admin(settings)) as admin:
            groups = [group["group_id"] for group in admin.list_groups()]
            told = {group: admin.list_group_offsets(group)[group] for group in groups}
        with closing(clients.consumer(settings, None)) as consumer:
            names = Topics(settings.topic_prefix).states
            ends = consumer.end_offsets(known_partitions(consumer, names))
    except KafkaError:  # it has no time now
        return -1
    return sum(
        max(ends.get(partition, 0) - offset.offset, 0)
        for offsets in told.values()
        for partition, offset in offsets.items()
    )
