"""What a fault does to a house. Each returns the moment from which its recovery counts."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local import child
from deploy.local.programs import programs, service_settings
from deploy.local.servers import wait_until
from shared.events import clients
from shared.events.reader import read_to_end
from shared.events.relay import LEASE
from shared.events.topics import Topics
from shared.settings import Settings
from tests.faults.history import now
from tests.faults.house import House
from tests.faults.proxy import Mode

Inject = Callable[[House, float], float]
"""With the seconds that the fault lasts, where it lasts."""
PRODUCT = tuple(
    f"{service}{kind}"
    for service in ("portal", "requests", "offers", "matcher")
    for kind in ("", "-worker")
)
READY_SECONDS = 120
HOUR = 3600
RELAYS = ("requests-worker", "offers-worker")
POISON = (
    (b"poison", b"{", []),
    (None, None, []),
    (b"poison", b"\xff\xfe", [("ce_type", b"nobody.knows.v1"), ("ce_id", b"1")]),
)
"""Keys, values and headers that no consumer understands."""


def kill(*names: str) -> Inject:
    """SIGKILL all at once."""

    def inject(house: House, _seconds: float) -> float:
        since = now()
        house.kill(*names)
        return since

    return inject


def stop(*names: str) -> Inject:
    """SIGSTOP all at once, and SIGCONT."""

    def inject(house: House, seconds: float) -> float:
        house.signal(signal.SIGSTOP, *names)
        time.sleep(seconds)
        house.signal(signal.SIGCONT, *names)
        return now()

    return inject


def link(name: str, mode: Mode, delay: float = 0.0) -> Inject:
    """Have the proxy before `kafka` or `mongodb` do it for a while."""

    def inject(house: House, seconds: float) -> float:
        with getattr(house, name).doing(mode, delay):
            time.sleep(seconds)
        return now()

    return inject


@contextmanager
def wrong_clocks(house: House, ahead: int, *names: str) -> Iterator[None]:
    """The wall clocks of some processes are ahead by so many seconds (or behind) for the block."""
    if house.clocks is None:
        pytest.skip("no clock can be made wrong here: that takes a C compiler")
    groups = [house.pids()[name] for name in names]
    for group in groups:
        house.clocks.set(group, ahead)
    try:
        yield
    finally:
        for group in groups:
            house.clocks.set(group, 0)


def clock(ahead: int, *names: str) -> Inject:
    """Wall clocks jump, all at once, and after a while jump back."""

    def inject(house: House, seconds: float) -> float:
        with wrong_clocks(house, ahead, *names):
            time.sleep(seconds)
        return now()

    return inject


def die_ahead(*names: str) -> Inject:
    """Wall clocks jump on, and then their processes die: what they took is theirs until later."""

    def inject(house: House, seconds: float) -> float:
        with wrong_clocks(house, HOUR, *names):
            time.sleep(seconds)
            since = now()
            house.kill(*names)
        return since

    return inject


def restart_all(house: House, _seconds: float) -> float:
    """SIGTERM each process of the product in turn, each once the one before is ready again."""
    for name in PRODUCT:
        before = house.pids()[name]
        os.kill(before, signal.SIGTERM)
        wait_until(
            lambda name=name, before=before: house.pids().get(name) not in {before, None},  # type: ignore[misc]
            READY_SECONDS,
            f"{name} being started again",
        )
        wait_until(house.stack.supervisor.ready, READY_SECONDS, f"{name} being ready again")
    return now()


@contextmanager
def beside(house: House, *workers: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Second processes of some workers, killed at the end of the block."""
    started: list[Second] = []
    try:
        started += [second(house, name) for name in workers]
        for one in started:
            wait_until(one.ready.exists, READY_SECONDS, f"a second {one.name}")
        yield [one.process for one in started]
    finally:
        for one in started:
            one.process.kill()
            one.process.wait()


@dataclass(frozen=True)
class Second:
    """A second process of a worker, and the file that is there once it is ready."""

    name: str
    process: subprocess.Popen[bytes]
    ready: Path
    log: Path


def second(house: House, worker: str, code: Sequence[str] = (), **environ: str) -> Second:
    """Start a second process of a worker, or `code` (arguments of Python) in its place."""
    found = next(one for one in programs(house.stack.plan) if one.name == worker)
    ready = Path(f"{found.ready_file}-beside")
    ready.unlink(missing_ok=True)
    log = house.stack.plan.directory.logs / f"{worker}-beside.log"
    # Bound to this process, as the supervisor's are to it.
    bound = [sys.executable, str(Path(child.__file__)), str(os.getpid()), sys.executable]
    environment = {**found.environment, "ENTRAIDE_READY_FILE": str(ready), **environ}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*bound, *(code or ("-m", *found.command))],
            env=environment,
            stdout=output,
            stderr=output,
        )
    return Second(worker, process, ready, log)


def two_of(*workers: str) -> Inject:
    """Two of each worker at once for a while; then the second ones are killed."""

    def inject(house: House, seconds: float) -> float:
        with beside(house, *workers):
            time.sleep(seconds)
        return now()

    return inject


def pause_past_lease(house: House, _seconds: float) -> float:
    """The relays stand still past their leases while second ones publish; then they go on."""
    with beside(house, *RELAYS):
        house.signal(signal.SIGSTOP, *RELAYS)
        time.sleep(LEASE.total_seconds() + 3)
        house.signal(signal.SIGCONT, *RELAYS)
        time.sleep(3)
    return now()


def direct(house: House) -> Settings:
    """Settings that go past the proxy."""
    settings = service_settings(house.stack.plan, "matcher")
    return replace(settings, kafka=house.stack.plan.ports.kafka)


def say_again(house: House, _seconds: float) -> float:
    """Old events come again in any order, as the last word of their keys."""
    settings = direct(house)
    names = [Topics(settings.topic_prefix).requests, Topics(settings.topic_prefix).offers]
    said = list(read_to_end(settings, names))
    random.Random(len(said)).shuffle(said)
    with closing(clients.producer(settings)) as producer:
        for one in said[:500]:
            producer.send(one.topic, key=one.key, value=one.value, headers=list(one.headers))
        producer.flush()
    return now()


def poison(house: House, _seconds: float) -> float:
    """What nobody understands stands in each topic, and becomes dead letters."""
    settings = direct(house)
    topics = Topics(settings.topic_prefix)
    before = sum(1 for _ in read_to_end(settings, topics.dead_letters))
    with closing(clients.producer(settings)) as producer:
        for topic in topics.states:
            for key, value, headers in POISON:
                producer.send(topic, key=key or b"none", value=value, headers=headers)
        producer.flush()
    least = before + len(topics.states)
    wait_until(
        lambda: sum(1 for _ in read_to_end(settings, topics.dead_letters)) >= least,
        READY_SECONDS,
        "the poison being put aside",
    )
    return now()


def full_disk(house: House, seconds: float) -> float:
    """The database's disk is full for a while."""
    if house.disk is None:
        pytest.skip("no small disk can be mounted here: that takes root")
    filler = house.disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(65_536))
    time.sleep(seconds)
    filler.unlink()
    return now()


ALONE: dict[str, Inject] = {
    **{f"kill {name}": kill(name) for name in (*PRODUCT, "broker", "database")},
    **{f"stop {name}": stop(name) for name in (*PRODUCT, "broker", "database")},
}
LINKS: dict[str, Inject] = {
    f"{mode} {name}": link(name, mode, delay)  # type: ignore[arg-type]
    for name in ("kafka", "mongodb")
    for mode, delay in (("delay", 0.2), ("cut", 0), ("hold", 0), ("halve", 0), ("reset", 0))
}
CLOCKS: dict[str, Inject] = {
    f"clock {way} {name}": clock(ahead, *names)
    for name, names in (
        ("requests", ("requests",)),
        ("matcher", ("matcher",)),
        ("matcher-worker", ("matcher-worker",)),
        ("relays", RELAYS),
    )
    for way, ahead in (("ahead", HOUR), ("behind", -HOUR))
}
