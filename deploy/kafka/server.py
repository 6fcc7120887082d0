"""A single Apache Kafka node (KRaft) on loopback: fetched, formatted, started, stopped."""

import hashlib
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.servers import LOOPBACK, free_port, listens, wait_until

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).parents[2] / ".kafka"
LEAST_JAVA = 17
_TOLD_LINES = 20


class KafkaUnavailableError(RuntimeError):
    """Java, Maven or Maven Central is not to be had; the message says which and why."""


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


def prepare_node(port: int, directory: Path, advertised: int | None = None) -> list[str]:
    """The command of a node on this port with its log under `directory`, formatted if it is new.

    It tells its clients to come to the port `advertised`, where that is another. Raises
    KafkaUnavailableError where Kafka cannot be fetched, RuntimeError where the log cannot be
    formatted.
    """
    java = ["java", "-Xmx768m", "-cp", f"{fetch_libraries()}/*"]
    properties = directory / "server.properties"
    controller = directory / "controller-port"
    if not controller.exists():
        directory.mkdir(parents=True, exist_ok=True)
        controller.write_text(str(free_port()))
    properties.write_text(
        _properties(directory / "log", port, int(controller.read_text()), advertised or port)
    )
    formatted = subprocess.run(
        [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
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
    if formatted.returncode != 0:
        said = formatted.stdout + formatted.stderr
        raise RuntimeError(f"Kafka's log could not be formatted:\n{_tail(said)}")
    return [*java, "kafka.Kafka", str(properties)]


def kafka_command(directory: Path, port: int, advertised: int | None = None) -> list[str]:
    """The command that prepares a node and becomes it: for whoever supervises a broker."""
    more = [] if advertised is None else [str(advertised)]
    return [sys.executable, "-m", "deploy.kafka.node", str(port), str(directory), *more]


@contextmanager
def kafka_node(directory: Path) -> Iterator[str]:
    """Run one node with its log under `directory`; gives its bootstrap address.

    Raises KafkaUnavailableError where Kafka cannot be fetched, RuntimeError with the end of its
    log where it stops at once, TimeoutError where it does not start within a minute.
    """
    port = free_port()
    output = directory / "server.out"
    command = prepare_node(port, directory)
    with output.open("wb") as sink:
        process = subprocess.Popen(command, stdout=sink, stderr=sink, start_new_session=True)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, 60, "Apache Kafka starting")
        if process.poll() is not None:
            said = output.read_text(errors="replace")
            raise RuntimeError(f"Kafka stopped at once ({process.returncode}):\n{_tail(said)}")
        yield f"{LOOPBACK}:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_TOLD_LINES:])


def _properties(log: Path, port: int, controller: int, advertised: int) -> str:
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": (
            f"PLAINTEXT://{LOOPBACK}:{advertised},CONTROLLER://{LOOPBACK}:{controller}"
        ),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": str(log),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        # A group forms at once: waiting three seconds for more members helps no test.
        "group.initial.rebalance.delay.ms": "0",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
