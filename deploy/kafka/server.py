"""An Apache Kafka node (KRaft) on loopback: fetched, formatted, started, stopped."""

import hashlib
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.servers import LOOPBACK, Broker, free_port, free_ports, listens, wait_until

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).parents[2] / ".kafka"
LEAST_JAVA = 17
_TOLD_LINES = 20


class KafkaUnavailableError(RuntimeError):
    """Java, Maven or Maven Central is not to be had; the message says which and why."""


@dataclass(frozen=True)
class Place:
    """A node's place among others: its number, from 1, and the ports of all their controllers."""

    number: int
    controllers: Sequence[int]

    @property
    def voters(self) -> str:
        """All controllers, as Kafka's settings name them."""
        return ",".join(
            f"{number}@{LOOPBACK}:{port}" for number, port in enumerate(self.controllers, 1)
        )


def fetch_libraries() -> Path:
    """The folder with Kafka's server and its libraries, fetched once for every pom.

    Raises KafkaUnavailableError.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise KafkaUnavailableError(f"{program} is not installed")
    _check_java()
    folder = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not folder.exists():
        arriving = CACHE / f"arriving-{uuid.uuid4().hex}"
        fetched = subprocess.run(
            [
                "mvn",
                "--batch-mode",
                "--quiet",
                "--file",
                str(POM),
                "dependency:copy-dependencies",
                f"-Dkafka.libraries={arriving}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode != 0:
            shutil.rmtree(arriving, ignore_errors=True)
            lines = (fetched.stdout + fetched.stderr).strip().splitlines()
            raise KafkaUnavailableError(f"Maven did not bring Kafka: {lines[0] if lines else '?'}")
        # Renamed when whole, so that an interrupted fetch is never taken for a finished one.
        arriving.rename(folder)
    return folder


def _check_java() -> None:
    printed = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    words = printed.stderr.split('"')
    version = words[1] if len(words) > 1 else ""
    major = version.split(".")[0]
    if not major.isdigit() or int(major) < LEAST_JAVA:
        raise KafkaUnavailableError(f"Java {LEAST_JAVA} or newer is needed, here is {version!r}")


def prepare_node(
    port: int, directory: Path, advertised: int | None = None, place: Place | None = None
) -> list[str]:
    """The command of a node on this port with its log under `directory`, formatted if it is new.

    It tells its clients to come to the port `advertised`, where that is another, and is alone
    unless it has a `place` among others. Raises KafkaUnavailableError where Kafka cannot be
    fetched, RuntimeError where the log cannot be formatted.
    """
    java = ["java", "-Xmx768m", "-cp", f"{fetch_libraries()}/*"]
    properties = directory / "server.properties"
    controller = directory / "controller-port"
    if not controller.exists():
        directory.mkdir(parents=True, exist_ok=True)
        own = place.controllers[place.number - 1] if place else free_ports(1, but=[port])[0]
        controller.write_text(str(own))
    properties.write_text(
        _properties(directory / "log", port, int(controller.read_text()), advertised or port, place)
    )
    formatted = directory / "formatted"
    if not (formatted.exists() and (directory / "log").exists()):
        _format(java, properties, alone=place is None)
        formatted.touch()
    return [*java, "kafka.Kafka", str(properties)]


def _format(java: Sequence[str], properties: Path, *, alone: bool) -> None:
    done = subprocess.run(
        [
            *java,
            "kafka.tools.StorageTool",
            "format",
            *(["--standalone"] if alone else []),
            "--ignore-formatted",
            "--cluster-id",
            "entraide-test-cluster0",
            "--config",
            str(properties),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = done.stdout + done.stderr
        raise RuntimeError(f"Kafka's log could not be formatted:\n{_tail(said)}")


def kafka_broker(
    directory: Path, ports: Sequence[int], advertised: Sequence[int] | None = None
) -> Broker:
    """A broker to be supervised, with a node for each port and their logs under `directory`.

    Nodes tell their clients to come to the ports `advertised`, where those are others. Several keep
    each event together, where topics are made so.
    """
    controllers = free_ports(len(ports), but=ports) if len(ports) > 1 else []

    def command(port: int) -> list[str]:
        at = ports.index(port)
        told = ports if advertised is None else advertised
        given = [port, directory / str(at + 1), told[at], at + 1, *controllers]
        return [sys.executable, "-m", "deploy.kafka.node", *map(str, given)]

    return Broker(command, lasting=True, more=tuple(ports[1:]))


@contextmanager
def kafka_node(directory: Path) -> Iterator[str]:
    """Run one node with its log under `directory`; gives its bootstrap address.

    Raises what prepare_node and await_node do.
    """
    port = free_port()
    process = start_node(prepare_node(port, directory), directory)
    try:
        await_node(process, port, directory)
        yield f"{LOOPBACK}:{port}"
    finally:
        stop_node(process)


def start_node(command: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    """Start a prepared node, which says what it says in its directory."""
    with _output(directory).open("ab") as sink:
        return subprocess.Popen(command, stdout=sink, stderr=sink, start_new_session=True)


def await_node(process: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    """Wait until a node listens, which one among others does once most of them are there.

    Raises RuntimeError with the end of its log where it stops at once, TimeoutError where it does
    not start within a minute.
    """
    wait_until(lambda: listens(port) or process.poll() is not None, 60, "Apache Kafka starting")
    if process.poll() is not None:
        said = _output(directory).read_text(errors="replace")
        raise RuntimeError(f"Kafka stopped at once ({process.returncode}):\n{_tail(said)}")


def _output(directory: Path) -> Path:
    return directory / "server.out"


def stop_node(process: subprocess.Popen[bytes]) -> None:
    """End a node, gently first."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TOLD_LINES:])


def _properties(log: Path, port: int, controller: int, advertised: int, place: Place | None) -> str:
    if place is None:
        number, copies = 1, 1
        quorum = {"controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller}"}
    else:
        number, copies = place.number, len(place.controllers)
        quorum = {"controller.quorum.voters": place.voters}
    settings = {
        "process.roles": "broker,controller",
        "node.id": str(number),
        **quorum,
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": (
            f"PLAINTEXT://{LOOPBACK}:{advertised},CONTROLLER://{LOOPBACK}:{controller}"
        ),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(log),
        "auto.create.topics.enable": "false",
        # That a node is gone is known after three seconds, in place of nine.
        "broker.heartbeat.interval.ms": "500",
        "broker.session.timeout.ms": "3000",
        "offsets.topic.replication.factor": str(copies),
        "transaction.state.log.replication.factor": str(copies),
        "transaction.state.log.min.isr": str(copies // 2 + 1),
        # A group forms at once: waiting three seconds for more members helps no test.
        "group.initial.rebalance.delay.ms": "0",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
