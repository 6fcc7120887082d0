"""A whole local stack from start to end: lock, keys, servers, services, supervision."""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

from kafka.errors import KafkaError

from deploy.local.programs import (
    Plan,
    check_ports_free,
    programs,
    replay_program,
    service_settings,
)
from deploy.local.servers import EMBEDDED, Broker
from deploy.local.stack import DataDirectory, Ports, StackError, describe, locked, make_keys
from deploy.local.supervisor import StartError, Supervisor
from shared.events.topics import TopicsDiffer, TopicsMissing, ensure_topics

_PORT_PATIENCE = 4.0
Tell = Callable[[str], None]
T = TypeVar("T")


class Interrupts:
    """Counts SIGINT, SIGTERM and SIGHUP instead of dying of them."""

    def __init__(self) -> None:
        self.count = 0

    def stopping(self) -> bool:
        """Whether the person or the system wants the stack to stop."""
        return self.count > 0

    def impatient(self) -> bool:
        """Whether it was asked for twice."""
        return self.count > 1

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.count += 1

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Catch the signals inside the block, in the main thread; elsewhere do nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._handle) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True)
class Stack:
    """A stack whose supervisor runs in this process; nothing is started until it steps."""

    plan: Plan
    supervisor: Supervisor
    interrupts: Interrupts

    def wait_ready(self, each: Callable[[], None] = lambda: None) -> bool:
        """Step until everything is ready; False when it was interrupted before.

        Calls `each` about ten times a second. Raises StartError as the supervisor does.
        """
        self.step_while(lambda: not self.supervisor.ready(), each)
        return self.supervisor.ready()

    def step_while(
        self, condition: Callable[[], bool], each: Callable[[], None] = lambda: None
    ) -> None:
        """Supervise while the condition holds and nobody interrupts."""
        while condition() and not self.interrupts.stopping():
            self.supervisor.step()
            each()
            time.sleep(0.1)

    def run_beside(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises, done in another thread while this one supervises.

        Children are started by the main thread only, so work must not be done in it. Raises
        KeyboardInterrupt when interrupted; the work is then left to end with the process.
        """
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 (handed to the caller)
                future.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        self.step_while(lambda: not future.done())
        if not future.done():
            raise KeyboardInterrupt
        return future.result()


@contextmanager
def local_stack(
    directory: DataDirectory,
    ports: Ports,
    tell: Tell,
    extra: Mapping[str, str] | None = None,
    broker: Broker = EMBEDDED,
) -> Iterator[Stack]:
    """A stack on this data directory, stopped as a whole at the end of the block.

    `extra` are environment variables of the services, `broker` the one to run. Raises StackError
    when the directory is in use, a port is taken, or the embedded servers are not installed.
    """
    interrupts = Interrupts()
    with locked(directory), interrupts.caught():
        _wait_for_ports(ports)
        plan = Plan(directory, ports, make_keys(directory), extra or {}, broker)
        supervisor = Supervisor(
            programs(plan),
            replay_program(plan),
            directory.logs,
            lambda: _make_topics(plan),
            tell,
            lambda pids: describe(directory, ports, pids),
        )
        try:
            yield Stack(plan, supervisor, interrupts)
        finally:
            supervisor.stop(interrupts.impatient)
            directory.description.unlink(missing_ok=True)


def _wait_for_ports(ports: Ports) -> None:
    """A stack that was killed a moment ago may need seconds to let its ports go."""
    deadline = time.monotonic() + _PORT_PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(StackError):
            check_ports_free(ports)
            return
        time.sleep(0.2)
    check_ports_free(ports)


def _make_topics(plan: Plan) -> None:
    try:
        ensure_topics(service_settings(plan, "local"))
    except KafkaError as error:
        raise ConnectionError(str(error) or type(error).__name__) from None
    except TopicsMissing as error:  # a slow broker does not show yet what was made
        raise TimeoutError(str(error)) from None
    except TopicsDiffer as error:
        raise StartError(str(error)) from None
