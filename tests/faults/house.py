"""A whole stack under load behind proxies, with all that is done to it and seen of it."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from deploy.cli.client import Client
from deploy.cli.goldset import Row, record_id
from deploy.cli.loading import bring
from deploy.cli.settling import Watch, wait_until_settled
from deploy.cli.target import Target, stack_target
from deploy.kafka.server import kafka_broker
from deploy.local.beside import stack_beside
from deploy.local.programs import service_settings
from deploy.local.running import Stack
from deploy.local.servers import (
    LOOPBACK,
    Broker,
    broker_command,
    database_uri,
    free_port,
    wait_until,
)
from deploy.local.stack import SERVICES, DataDirectory, Ports
from tests.faults.calls import Calls
from tests.faults.checker import MENDED_BY_TIME, Violation, check
from tests.faults.clocks import Clocks, settable_clocks
from tests.faults.coordinating import Coordinating
from tests.faults.coordinator import Seat, Window, take_seat
from tests.faults.history import Final, History, Operation, Recorder, now
from tests.faults.load import MATCHED, ORGANISATION, Bank, Load, Record, activity_for, made_up
from tests.faults.means import small_disk
from tests.faults.proxy import Proxy
from tests.faults.reading import AS_OF, Asked, known_already, read_final
from tests.faults.watching import Watching
from tests.journeys.speaking import both_agree

_START_SECONDS = 400.0
_PATIENCE = 300.0
"""Seconds: a service's first text makes it read its models, for long where much else runs."""
_LOOK_SECONDS = 0.2
NODES = {"embedded": 1, "kafka": 1, "kafka3": 3}
"""How many nodes each kind of broker has: the embedded one, and Apache Kafka's own. Three keep each
event thrice and acknowledge what two have."""
PAIRS = 3
CAPACITY = 100
"""Machines that each side of the bank has: some 770 commitments of one thousandth more each."""
MOST_COMMITMENTS = 300
"""With so many a bank gives way to a new one: its lines are long, and run out."""


@dataclass
class House:
    """A running stack, its load, its recorder and what watches it."""

    stack: Stack
    load: Load
    client: Client
    watching: Watching
    kafka: Sequence[Proxy]
    mongodb: Sequence[Proxy]
    recorder: Recorder
    seat: Seat
    """Whose decisions at the portal are."""
    disk: Path | None = None
    clocks: Clocks | None = None
    banks: int = 0
    """How many banks were opened; each has records of its own."""
    judged: tuple[History, Final] | None = None
    """What was judged last."""

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return self.stack.supervisor.pids()

    def signal(self, number: signal.Signals, *names: str) -> None:
        """Send a signal to all processes of each program, at once."""
        for name in names:
            os.killpg(self.pids()[name], number)

    def kill(self, *names: str) -> None:
        """SIGKILL, and wait until each death was seen."""
        before = {name: self.pids()[name] for name in names}
        for name in names:
            os.killpg(before[name], signal.SIGKILL)
        wait_until(
            lambda: all(self.pids().get(name) != pid for name, pid in before.items()),
            30,
            "the deaths being seen",
        )

    def recovered(self, since: float, seconds: float) -> float:
        """Seconds from `since` until nothing is behind any more (see Watching.behind).

        Raises TimeoutError naming what is.
        """
        reason = ""

        def well() -> bool:
            nonlocal reason
            reason = self.watching.behind(self.recorder.history(), since)
            if reason:
                time.sleep(_LOOK_SECONDS)  # looking costs the house something too
            return not reason

        try:
            wait_until(well, seconds, "recovery")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {reason}") from None
        return now() - since

    def violations(self, seconds: float = 120) -> list[Violation]:
        """Rest the load, wait until nothing is left to do, read everything, judge, and go on."""
        found, final = self.judge(seconds)
        if self.load.bank.made() > MOST_COMMITMENTS:
            _open_bank(self)
        self.go_on(known_already(final, self.load.bank.pairs))
        return found

    def judge(self, seconds: float = 120) -> tuple[list[Violation], Final]:
        """Rest the load, wait until nothing is left to do, read everything, and judge."""
        self.load.pause()
        wait_until(self.stack.supervisor.ready, seconds, "every process being ready")
        settings = {name: service_settings(self.stack.plan, name) for name in SERVICES}
        ids = published(self.recorder.history())
        wait_until_settled(Watch(settings, ids), 0.6, seconds)
        wait_until(self.watching.nothing_half_done, seconds, "commitments being finished")
        uri = database_uri(self.stack.plan.ports.database)
        settings["portal"] = service_settings(self.stack.plan, "portal")
        history = self.recorder.history()
        asked = self.asked(history)
        found, final = judge_patiently(
            history, lambda: read_final(self.client, settings, uri, asked), seconds
        )
        self.judged = history, final
        return found, final

    def asked(self, history: History) -> Asked:
        """Of what all is read that a history tells of."""
        return Asked(
            records={one.name for one in self.load.records},
            pairs=self.load.bank.pairs,
            deferred={
                one.key: one.record.partition(":")[2]
                for one in history.operations
                if one.kind == "defer"
            },
            account=self.seat.account,
        )

    def go_on(self, known: Iterable[Operation]) -> None:
        """Let the load go on; the next history begins with what is known already."""
        self.recorder = Recorder()
        for one in known:
            self.recorder.add(one)
        self.load.go_on()


def published(history: History) -> list[str]:
    """The ids of requests that were acknowledged to be matched."""
    return sorted(
        {
            one.record.partition(":")[2]
            for one in history.operations
            if one.kind == "publish" and one.outcome == "ok" and one.record.startswith("request")
        }
    )


def judge_patiently(
    history: History, read: Callable[[], Final], seconds: float
) -> tuple[list[Violation], Final]:
    """What is wrong with what is read, and that.

    What another moment may mend is read again: on a busy machine what looks at rest may not be.
    """
    deadline = now() + seconds
    while True:
        final = read()
        found = check(history, final)
        late = bool(found) and {one.kind for one in found} <= MENDED_BY_TIME
        if not late or now() > deadline:
            return found, final
        time.sleep(1)


@contextmanager
def running_house(
    directory: Path, kind: str, rate: float, clients: int, most: int, *, equipped: bool = False
) -> Iterator[House]:
    """A house whose load runs, on a kind of broker (NODES). Each node has a proxy before it.

    `equipped` with a small disk for the database, where one may be mounted.
    """
    ports = Ports.free()
    nodes = [ports.broker, *(free_port() for _ in range(1, NODES[kind]))]
    kafka, mongodb = [Proxy(port) for port in nodes], Proxy(ports.database)
    advertised = [proxy.port for proxy in kafka]
    broker = (
        Broker(partial(broker_command, advertised=advertised[0]))
        if kind == "embedded"
        else kafka_broker(directory / "kafka", nodes, advertised)
    )
    extra = {
        "ENTRAIDE_AS_OF": AS_OF,
        "ENTRAIDE_KAFKA": ",".join(f"{LOOPBACK}:{port}" for port in advertised),
        "ENTRAIDE_MONGODB": database_uri(mongodb.port),
        "ENTRAIDE_TOPIC_REPLICATION": str(len(nodes)),
        "ENTRAIDE_TOPIC_MIN_INSYNC": str(len(nodes) // 2 + 1),
    }
    data = DataDirectory(directory / "data")
    with ExitStack() as means:
        disk = means.enter_context(small_disk(data.database)) if equipped else None
        clocks = means.enter_context(settable_clocks(directory / "clocks"))
        for proxy in (*kafka, mongodb):
            proxy.start()
            means.callback(proxy.stop)
        with stack_beside(data, ports, print, extra, broker, _START_SECONDS) as stack:
            target = stack_target(ports, stack.plan.keys, "faults")
            client = Client(target, "operator", _PATIENCE)
            calls, portal, seat = Calls(target), ports.url("portal"), take_seat(stack)
            watching = Watching(stack, database_uri(ports.database), stack.plan.kafka)
            house: House
            own = Calls(Target({"portal": portal}, lambda _role: seat.token))
            coordinators = Coordinating(
                *(calls, own, lambda: house.recorder), lambda: Window(portal, seat)
            )
            load = Load(calls, lambda: house.recorder, coordinators, rate, clients, most)
            house = House(
                *(stack, load, client, watching, kafka, [mongodb], Recorder(), seat), disk, clocks
            )
            named = {"name": "Agency of the faults (illustrative)", "type": "ngo", "country": None}
            client.put("offers", f"/v1/organisations/{ORGANISATION}", named)
            _open_bank(house)
            load.start()
            try:
                yield house
            finally:
                load.end()
                watching.close()


def _open_bank(house: House) -> None:
    """Some proposals that both sides agreed to."""
    client = house.client
    house.banks += 1
    rng = random.Random(f"bank {house.banks}")
    # What commitments take comes in thousandths (load.Bank): of a unit of which there are parts.
    line = {"theme": "marking", "unit": "kilograms"}
    offer = _brought(house, "offer", made_up("offer", rng, **line, capacity=CAPACITY))
    requests = [
        _brought(house, "request", made_up("request", rng, **line, quantity=CAPACITY))
        for _ in range(PAIRS)
    ]
    pairs = []
    for request in requests:
        pair = f"{request.id}.{offer.id}"
        wait_until(partial(_proposed, client, request.id, offer.id), 120, "the proposal")
        path = f"/v1/proposals/{pair}"
        seen = client.get("matcher", path).etag
        decision = {"decision": "endorse"}
        client.post_as("coordinator", "matcher", f"{path}/decision", decision, if_match=seen)
        both_agree(house.stack, pair, request.body["country"], ORGANISATION)
        pairs.append(pair)
    _double(house, requests[0].body, rng)
    house.load.bank = Bank(pairs)


def _double(house: House, body: dict[str, Any], rng: random.Random) -> None:
    """Let a request be made once more, and assistance be under way that both ask for.

    So there are cases that last, whatever else comes and goes.
    """
    fresh = made_up("request", rng)
    _brought(house, "request", body | {name: fresh[name] for name in ("title", "external_id")})
    given = house.client.post("offers", "/v1/activities", activity_for(body, rng))
    house.load.lasting.add(given.body["id"])


def _brought(house: House, kind: Literal["request", "offer"], body: dict[str, Any]) -> Record:
    """A record that is matched, which everybody reads and nobody writes."""
    row = Row(kind, "", record_id(kind, body["external_id"]["source"], body), body, "", 0)
    bring(house.client, row)
    record = Record(kind, row.id, body, "", MATCHED[kind])
    house.load.records.append(record)
    return record


def _proposed(client: Client, request: str, offer: str) -> bool:
    items = client.items("matcher", "/v1/proposals", request=request)
    return offer in [one["offer"] for one in items]
