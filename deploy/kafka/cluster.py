"""Several Apache Kafka nodes on loopback that keep each event together, and may die apart."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.kafka.server import Place, await_node, prepare_node, start_node, stop_node
from deploy.local.servers import LOOPBACK, free_ports


class Cluster:
    """Nodes by their numbers, from 1; each is a broker and one of the controllers."""

    def __init__(self, directory: Path, size: int) -> None:
        self._directory = directory
        ports = free_ports(2 * size)
        self._ports, self._controllers = ports[:size], ports[size:]
        self._running: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """The bootstrap addresses of all nodes, those that are down too."""
        return ",".join(f"{LOOPBACK}:{port}" for port in self._ports)

    @property
    def numbers(self) -> range:
        """All nodes, those that are down too."""
        return range(1, len(self._ports) + 1)

    def start(self, *numbers: int) -> None:
        """Start nodes on the logs that they had, and wait for all of them.

        Raises what prepare_node and await_node do.
        """
        for number in numbers:
            place = Place(number, self._controllers)
            command = prepare_node(self._port(number), self._of(number), place=place)
            self._running[number] = start_node(command, self._of(number))
        for number in numbers:
            await_node(self._running[number], self._port(number), self._of(number))

    def _port(self, number: int) -> int:
        return self._ports[number - 1]

    def _of(self, number: int) -> Path:
        return self._directory / str(number)

    def kill(self, number: int) -> None:
        """SIGKILL: it tells nobody, and writes nothing more."""
        process = self._running.pop(number)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop what runs, all at once: the last of them would wait for the others in vain."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            stop_node(process)
        self._running.clear()


@contextmanager
def kafka_cluster(directory: Path, size: int) -> Iterator[Cluster]:
    """Run nodes with their logs under `directory`. Raises what prepare_node and await_node do."""
    cluster = Cluster(directory, size)
    try:
        cluster.start(*cluster.numbers)
        yield cluster
    finally:
        cluster.stop()
