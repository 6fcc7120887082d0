"""Keeps the processes of a stack as they should be: started in order, restarted, stopped.

`step` compares what is with what should be and does what can be done now; it never waits. So the
first start, a worker that crashed, a broker that lost its log and both servers dying at once all
go the same way, and Ctrl-C is answered between any two steps.
"""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.children import Child, Kind, Program
from deploy.local.forking import Prepared

SERVERS: tuple[Kind, ...] = ("broker", "database")


class StartError(Exception):
    """A process died again and again before the stack was ready; the message says why."""


@dataclass(frozen=True)
class RestartPolicy:
    """Seconds to wait before a restart: `first`, doubled with each death up to `most`.

    A process that lived for `calm` seconds starts counting anew. `looping` deaths in a row are
    told as a crash loop; before the stack was ready once they end the start. A process that was
    asked to stop is killed after `grace`.
    """

    first: float = 0.5
    most: float = 30.0
    calm: float = 60.0
    looping: int = 4
    grace: float = 10.0


USUAL_POLICY = RestartPolicy()


@dataclass(frozen=True)
class Progress:
    """How far a start has come: processes ready of all, and what it waits for."""

    done: int
    total: int
    waiting_for: str


class Supervisor:
    """Runs the programs of a stack. All methods belong to the process's main thread.

    `prepare_broker` makes the topics and may raise OSError, after which it is tried again, or
    StartError, which passes through. `replay` is the program that fills an empty broker from the
    stores; it must end with 0. Where the broker's log is lasting nothing fills it, and nobody is
    stopped or kept from starting while one of its nodes is away: its clients have to live with that
    as they do in production. `tell` gets one line for the person at the terminal, `changed` is
    called after any process was started or has ended.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        replay: Program,
        logs: Path,
        prepare_broker: Callable[[], None],
        tell: Callable[[str], None],
        changed: Callable[[dict[str, int]], None] = lambda _: None,
        policy: RestartPolicy = USUAL_POLICY,
    ) -> None:
        self._prepared_process = Prepared()
        self._replay, *self._children = (
            Child(program, logs / f"{program.name}.log", self._prepared_process)
            for program in (replay, *programs)
        )
        (self._database,) = self._of_kind("database")
        self._lasting = all(broker.program.lasting for broker in self._of_kind("broker"))
        self._prepare_broker = prepare_broker
        self._tell = tell
        self._changed = changed
        self._policy = policy
        self._prepared = 0
        self._prepare_due = 0.0
        self._replayed = 0
        self._was_ready = False

    def ready(self) -> bool:
        """Whether everything runs and the broker holds what the stores hold."""
        return all(child.ready for child in self._children) and self._broker_filled()

    def progress(self) -> Progress:
        """How far the start has come."""
        waiting = self._not_ready(*SERVERS, "api")
        if not self._broker_filled():
            waiting.append("the replay of what is stored")
        waiting += self._not_ready("worker")
        total = len(self._children) + 1
        return Progress(total - len(waiting), total, ", ".join(waiting) or "nothing")

    def pids(self) -> dict[str, int]:
        """The ids of the processes that run now, by the program's name."""
        return {
            child.program.name: child.pid
            for child in (*self._children, self._replay)
            if child.pid is not None
        }

    def step(self) -> None:
        """Do what can be done now; raises StartError on a crash loop before the first ready."""
        before = self.pids()
        for child in self._children:
            self._reap(child)
        self._keep_servers()
        if self._servers_ready() and self._broker_prepared():
            self._keep_all("api")
            self._keep_filled()
            if self._broker_filled():
                self._keep_all("worker")
        if self.pids() != before:
            self._changed(self.pids())
        self._was_ready = self._was_ready or self.ready()

    def stop(self, impatient: Callable[[], bool] = lambda: False) -> None:
        """Stop all processes, the servers last, and return when none is left.

        Each gets the policy's grace to end by itself; none once `impatient` says so.
        """
        services = [self._replay, *self._of_kind("api", "worker")]
        for group in (services, self._of_kind(*SERVERS)):
            while any(child.running for child in group):
                for child in group:
                    child.terminate(0.0 if impatient() else self._policy.grace)
                    child.ended()
                time.sleep(0.02)
        self._prepared_process.close()
        self._changed({})

    def _not_ready(self, *kinds: Kind) -> list[str]:
        return [child.program.name for child in self._of_kind(*kinds) if not child.ready]

    def _of_kind(self, *kinds: Kind) -> list[Child]:
        return [child for child in self._children if child.program.kind in kinds]

    def _log(self) -> int:
        """Which log the broker has, counted from 1: a lasting one has its first for ever."""
        started = sum(broker.incarnation for broker in self._of_kind("broker"))
        return min(started, 1) if self._lasting else started

    def _broker_filled(self) -> bool:
        return self._lasting or 0 < self._replayed == self._log()

    def _servers_ready(self) -> bool:
        """Whether services may be started: once it was prepared a lasting broker may be away."""
        away = self._lasting and self._prepared == 1
        needed = ("database",) if away else SERVERS
        return all(server.ready for server in self._of_kind(*needed))

    def _keep_servers(self) -> None:
        """Start what is down; a broker that is not lasting only once none of its clients is left.

        Such a one has an empty log then. Whoever read the old one keeps positions that mean nothing
        now, and must not live on to meet the new one.
        """
        self._keep(self._database)
        for broker in self._of_kind("broker"):
            if self._lasting or broker.running or self._clients_stopped():
                self._keep(broker)

    def _clients_stopped(self) -> bool:
        clients = [self._replay, *self._of_kind("worker")]
        for client in clients:
            client.terminate(self._policy.grace)
            client.ended()
            client.deaths.clear()
            client.due = 0.0
        return not any(client.running for client in clients)

    def _keep_all(self, kind: Kind) -> None:
        for child in self._of_kind(kind):
            self._keep(child)

    def _broker_prepared(self) -> bool:
        """Whether the running broker has its topics; makes them if it can."""
        if self._prepared == self._log():
            return True
        if time.monotonic() < self._prepare_due:
            return False
        try:
            self._prepare_broker()
        except OSError as error:
            self._tell(f"the topics could not be made, trying again: {error}")
            self._prepare_due = time.monotonic() + self._policy.first
            return False
        self._prepared = self._log()
        return True

    def _keep_filled(self) -> None:
        """Replay the stores into an empty broker, before any worker reads it: they learn at once
        what they would hear record by record, and leave the store to the replay."""
        if self._broker_filled():
            return
        code = self._replay.ended()
        if code == 0:
            self._replayed = self._prepared
            if self._was_ready:
                self._tell("the broker has been filled again from the stores")
        elif code is not None:
            self._died(self._replay, code)
        elif not self._replay.running and time.monotonic() >= self._replay.due:
            self._replay.start()

    def _keep(self, child: Child) -> None:
        if not child.running:
            if time.monotonic() >= child.due:
                child.start()
        elif not child.ready and child.program.ready():
            child.ready = True
            if child.incarnation > 1:
                self._tell(f"{child.program.name} is ready again")

    def _reap(self, child: Child) -> None:
        asked_to = child.terminated is not None
        code = child.ended()
        if code is None or asked_to:
            return
        self._died(child, code)
        if child.program.kind == "broker" and not self._lasting and self._was_ready:
            self._tell(
                "the broker's log is gone with it: workers are stopped, the broker is started "
                "again, and the stores are replayed into it"
            )

    def _died(self, child: Child, code: int) -> None:
        now, policy = time.monotonic(), self._policy
        if now - child.started > policy.calm:
            child.deaths.clear()
        child.deaths.append(now)
        wait = min(policy.first * 2 ** (len(child.deaths) - 1), policy.most)
        child.due = now + wait
        name, how = child.program.name, _how(code)
        # Whoever was killed had no time to say why.
        lines = [*(child.said() if code >= 0 else []), f"log: {child.log}"]
        reasons = "".join(f"\n    {line}" for line in lines)
        if len(child.deaths) >= policy.looping and not self._was_ready:
            raise StartError(f"{name} does not start ({how}){reasons}")
        if len(child.deaths) == policy.looping:
            self._tell(
                f"{name} keeps crashing ({how}, {len(child.deaths)} times in a row); it is tried "
                f"again at most every {policy.most:.0f} s{reasons}"
            )
        elif len(child.deaths) < policy.looping and self._was_ready:
            self._tell(f"{name} ended ({how}); started again in {wait:.1f} s{reasons}")


def run_until(supervisor: Supervisor, done: Callable[[], bool]) -> None:
    """Step the supervisor about ten times a second until `done` says so."""
    while not done():
        supervisor.step()
        time.sleep(0.1)


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
