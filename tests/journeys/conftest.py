"""A whole stack for the journeys: real processes, the embedded broker or Apache Kafka's own."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from deploy.kafka.server import kafka_command
from deploy.local.running import Stack, local_stack
from deploy.local.servers import BrokerCommand, broker_command, wait_until
from deploy.local.stack import DataDirectory, Ports


def _broker(directory: Path) -> BrokerCommand:
    """Apache Kafka under `make test-kafka`, else the embedded broker."""
    if os.environ.get("ENTRAIDE_TEST_KAFKA"):
        return partial(kafka_command, directory)
    return broker_command


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A ready stack that is supervised in a thread of its own until the module's tests end."""
    directory = DataDirectory(tmp_path_factory.mktemp("stack") / "data")
    broker = _broker(tmp_path_factory.mktemp("broker"))
    said: list[str] = []
    started: list[Stack] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def supervise() -> None:
        try:
            with local_stack(directory, Ports.free(), said.append, broker=broker) as running:
                if running.wait_ready():
                    started.append(running)
                    running.step_while(lambda: not over.is_set())
        except BaseException as error:  # noqa: BLE001 (told to the test, whatever it was)
            failed.append(error)

    thread = threading.Thread(target=supervise)
    thread.start()
    try:
        wait_until(lambda: bool(started or failed), 180, "the stack becoming ready")
        assert not failed, (failed, said)
        yield started[0]
    finally:
        over.set()
        thread.join(120)


@pytest.fixture(scope="session")
def examples() -> Path:
    """The example data of the repository."""
    return Path(__file__).parents[2] / "examples"
