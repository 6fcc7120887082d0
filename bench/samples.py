"""What each process of a stack holds, as time passes: memory, files, threads; and what waits."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pymongo

from bench.machine import family, held_by
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.stack import SERVICES
from shared.events.pending import WAITING


@dataclass(frozen=True)
class Sample:
    """A moment: seconds since the first; by process bytes, open files and threads; what waits."""

    at: float
    memory: Mapping[str, int]
    files: Mapping[str, int]
    threads: Mapping[str, int]
    waiting: int


def take(stack: Stack, begun: float) -> Sample:
    """Look at every process of the stack, its children with it, and at the outboxes."""
    families = {name: list(family(pid)) for name, pid in stack.supervisor.pids().items()}
    return Sample(
        time.monotonic() - begun,
        {name: sum(map(_resident, pids)) for name, pids in families.items()},
        {name: sum(map(_files, pids)) for name, pids in families.items()},
        {name: sum(map(_threads, pids)) for name, pids in families.items()},
        _waiting(stack),
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


def growth(samples: Sequence[Sample], of: str, process: str, since: float = 1 / 3) -> float:
    """How much it grew from a part of the time on, by a straight line, as a part of its mean."""
    late = [one for one in samples if one.at >= samples[0].at + since * _span(samples)]
    values = [getattr(one, of).get(process, 0) for one in late]
    if len(late) < 2 or not any(values):
        return 0.0
    slope = np.polyfit([one.at for one in late], values, 1)[0]
    return float(slope * (late[-1].at - late[0].at) / np.mean(values))


def _span(samples: Sequence[Sample]) -> float:
    return samples[-1].at - samples[0].at


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
