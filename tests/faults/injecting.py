"""What a fault does to a house. Each returns the moment from which its recovery counts."""

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local import child
from deploy.local.programs import programs, service_settings
from deploy.local.servers import wait_until
from shared.events import clients
from shared.events.dead_letters import list_dead_letters
from shared.events.reader import read_to_end
from shared.events.relay import LEASE
from shared.events.topics import ACTIVITIES, MATCHES, OFFERS, REQUESTS, TYPES, Topics
from shared.events.versions import Version
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
POISON: tuple[tuple[bytes | None, list[tuple[str, bytes]]], ...] = (
    (b"{", []),
    (None, []),
    (b"\xff\xfe", [("ce_type", b"nobody.knows.v1"), ("ce_id", b"1")]),
)
"""Values and headers that no consumer understands."""
MOST_AGAIN = 200
"""So many events of a topic are said again, a quarter of them twice."""
_ALL = ("matcher-ledger", "matcher-index")
READERS: Mapping[str, tuple[str, ...]] = {
    REQUESTS: (*_ALL, "portal"),
    OFFERS: (*_ALL, "portal"),
    ACTIVITIES: _ALL,
    MATCHES: (*_ALL, "portal", "requests", "offers"),
}
"""Who reads each topic, by the names that their dead letters tell."""


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
    """Have the proxies before `kafka` or `mongodb` do it for a while."""

    def inject(house: House, seconds: float) -> float:
        with ExitStack() as doing:
            for proxy in getattr(house, name):
                doing.enter_context(proxy.doing(mode, delay))
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
        _restart(house, name)
    return now()


def restart_services(house: House, _seconds: float) -> float:
    """As `restart_all`, with a service's two processes at once."""
    for api, worker in zip(PRODUCT[::2], PRODUCT[1::2], strict=True):
        _restart(house, api, worker)
    return now()


def _restart(house: House, *names: str) -> None:
    before = {name: house.pids()[name] for name in names}
    for pid in before.values():
        os.kill(pid, signal.SIGTERM)
    wait_until(
        lambda: all(house.pids().get(name) not in {pid, None} for name, pid in before.items()),
        READY_SECONDS,
        f"{' and '.join(names)} being started again",
    )
    wait_until(house.stack.supervisor.ready, READY_SECONDS, f"{' and '.join(names)} being ready")


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


def share_late(house: House, seconds: float) -> float:
    """A second matcher's worker stands still while a third comes: the group waits for it before it
    shares out anew, and the first is without partitions of which some come back to it."""
    with beside(house, "matcher-worker") as (still,):
        still.send_signal(signal.SIGSTOP)
        with beside(house, "matcher-worker"):
            time.sleep(seconds)
    return now()


def pause_past_lease(house: House, _seconds: float) -> float:
    """The relays stand still past their leases while second ones publish; then they go on."""
    with beside(house, *RELAYS), paused_past_lease(house):
        pass
    return now()


@contextmanager
def paused_past_lease(house: House) -> Iterator[None]:
    """The relays stand still for the block, and at any rate past their leases; then they go on."""
    house.signal(signal.SIGSTOP, *RELAYS)
    over = now() + LEASE.total_seconds() + 3
    try:
        yield
        time.sleep(max(over - now(), 0))
    finally:
        house.signal(signal.SIGCONT, *RELAYS)
    time.sleep(3)


def direct(house: House) -> Settings:
    """Settings that go past the proxy."""
    settings = service_settings(house.stack.plan, "matcher")
    return replace(settings, kafka=house.stack.plan.kafka)


def say_again(house: House, _seconds: float) -> float:
    """Old events of every topic come again in any order, some twice, as the last word of their
    keys."""
    settings = direct(house)
    rng = random.Random("said again")
    with closing(clients.producer(settings)) as producer:
        for topic in (settings.topic_prefix + name for name in TYPES):
            said = list(read_to_end(settings, [topic]))
            again = rng.sample(said, min(len(said), MOST_AGAIN))
            again += again[: len(again) // 4]
            rng.shuffle(again)
            for one in again:
                producer.send(topic, key=one.key, value=one.value, headers=list(one.headers))
        producer.flush()
    wait_until(lambda: not stale(settings), READY_SECONDS, "what is newest being said again")
    return now()


def stale(settings: Settings) -> list[str]:
    """The keys, with their topics, whose last event is older than another of theirs."""
    newest: dict[str, Version] = {}
    last: dict[str, Version] = {}
    for one in read_to_end(settings, Topics(settings.topic_prefix).states):
        headers = dict(one.headers)
        if one.key is None or not {"ce_epoch", "ce_number"} <= headers.keys():
            continue  # poison, which a fault put there
        name = f"{one.topic} {one.key.decode(errors='replace')}"
        last[name] = Version(int(headers["ce_epoch"]), int(headers["ce_number"]))
        newest[name] = max(last[name], newest.get(name, last[name]))
    return [name for name, version in last.items() if version < newest[name]]


def poison(house: House, _seconds: float) -> float:
    """What nobody understands stands in each topic; whoever reads it puts aside each piece."""
    settings = direct(house)
    mark = uuid.uuid4().hex
    due: set[tuple[str, str, bytes]] = set()
    with closing(clients.producer(settings)) as producer:
        for name, readers in READERS.items():
            topic = settings.topic_prefix + name
            for number, (value, headers) in enumerate(POISON):
                key = f"poison {mark} {number}".encode()
                producer.send(topic, key=key, value=value, headers=headers)
                due |= {(topic, reader, key) for reader in readers}
        producer.flush()
    missing = due

    def put_aside() -> bool:
        nonlocal missing
        missing = due - {(one.topic, one.consumer, one.key) for one in list_dead_letters(settings)}
        return not missing

    try:
        wait_until(put_aside, READY_SECONDS, "the poison being put aside")
    except TimeoutError as error:
        raise TimeoutError(f"{error}: not by {sorted(missing)}") from None
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
        *((name, (name,)) for name in PRODUCT if name not in RELAYS),
        ("relays", RELAYS),
    )
    for way, ahead in (("ahead", HOUR), ("behind", -HOUR))
}
