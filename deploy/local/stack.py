"""The data directory of a local stack: its lock, its keys, and where its processes are found."""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.local.servers import LOOPBACK, database_uri, free_ports
from shared.web.tokens import KeyPair, generate_key, read_private_key

DEFAULT_DIRECTORY = Path(".entraide")
DEFAULT_PORT_BASE = 8100
SERVICES = ("requests", "offers", "matcher")
_OFFSETS = {"portal": 0, "requests": 1, "offers": 2, "matcher": 3, "broker": 8, "database": 9}


class StackError(Exception):
    """The data directory cannot be used as asked; the message says what to do."""


@dataclass(frozen=True)
class Ports:
    """The TCP ports of a stack, all on loopback."""

    portal: int
    requests: int
    offers: int
    matcher: int
    broker: int
    database: int

    @classmethod
    def from_base(cls, base: int) -> "Ports":
        """The ports counted from `base`: portal +0, the services +1 to +3, the servers +8, +9."""
        return cls(**{name: base + offset for name, offset in _OFFSETS.items()})

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nothing listened on a moment ago."""
        return cls(*free_ports(len(_OFFSETS)))

    def items(self) -> list[tuple[str, int]]:
        """Names and ports."""
        return list(asdict(self).items())

    def of(self, name: str) -> int:
        """The port of an API or server by its name."""
        return int(getattr(self, name))

    def url(self, name: str) -> str:
        """The address of an API by its name."""
        return f"http://{LOOPBACK}:{self.of(name)}"

    @property
    def kafka(self) -> str:
        """The broker's bootstrap address."""
        return f"{LOOPBACK}:{self.broker}"

    @property
    def mongodb(self) -> str:
        """The database's URI."""
        return database_uri(self.database)


@dataclass(frozen=True)
class Keys:
    """The deployment's secrets: what signs the commands' tokens, what hashes terms (base64).

    `portal_key` seals what the portal keeps (base64).
    """

    pair: KeyPair
    jwks_file: Path
    term_key: str
    portal_key: str


@dataclass(frozen=True)
class DataDirectory:
    """Names of the files in a stack's data directory."""

    path: Path

    @property
    def lock(self) -> Path:
        """Locked while a supervisor runs; holds its process id."""
        return self.path / "lock"

    @property
    def logs(self) -> Path:
        """One log a process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """What lives only as long as the processes: ready files, metrics."""
        return self.path / "run"

    @property
    def database(self) -> Path:
        """The database's files."""
        return self.path / "database"

    @property
    def keys(self) -> Path:
        """The deployment's secrets."""
        return self.path / "keys"

    @property
    def description(self) -> Path:
        """Addresses and process ids of the running stack, as JSON."""
        return self.path / "stack.json"


@contextmanager
def locked(directory: DataDirectory) -> Iterator[None]:
    """Own the data directory; raises StackError naming the process that owns it already.

    The lock ends with the process that holds it, however that one ends.
    """
    try:
        for path in (directory.path, directory.logs, directory.run, directory.keys):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StackError(
            f"the data directory {directory.path} cannot be used ({error.strerror}): "
            "name another with --data-dir"
        ) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(descriptor, 20).decode().strip() or "unknown"
            raise StackError(
                f"a stack runs on {directory.path} already (process {owner}): "
                "stop it first, or name another directory with --data-dir and other ports with "
                "--port-base"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def is_running(directory: DataDirectory) -> bool:
    """Whether a supervisor holds the data directory now."""
    if not directory.lock.exists():
        return False
    with directory.lock.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def make_keys(directory: DataDirectory) -> Keys:
    """The deployment's keys, made at the first start, in files that only the owner may read."""
    private, jwks = directory.keys / "private.jwk", directory.keys / "jwks.json"
    if not private.exists():
        pair = generate_key()
        write_private(jwks, pair.jwks_json())
        write_private(private, pair.private_json())
    for name in ("term.key", "portal.key"):
        if not (directory.keys / name).exists():
            fresh = base64.b64encode(secrets.token_bytes(32)).decode()
            write_private(directory.keys / name, fresh)
    return load_keys(directory)


def load_keys(directory: DataDirectory) -> Keys:
    """The keys of an existing stack; raises StackError when they are damaged."""
    try:
        pair = read_private_key((directory.keys / "private.jwk").read_text())
        term_key, portal_key = (
            (directory.keys / name).read_text().strip() for name in ("term.key", "portal.key")
        )
    except (OSError, ValueError) as error:
        raise StackError(f"the keys in {directory.keys} cannot be read: {error}") from None
    return Keys(pair, directory.keys / "jwks.json", term_key, portal_key)


def describe(directory: DataDirectory, ports: Ports, pids: Mapping[str, int]) -> None:
    """Write where the stack's processes are found, for the other commands."""
    content = {
        "version": 1,
        "supervisor": os.getpid(),
        "ports": dict(ports.items()),
        "addresses": {name: ports.url(name) for name in ("portal", *SERVICES)}
        | {"broker": ports.kafka, "database": ports.mongodb},
        "processes": dict(pids),
    }
    write_private(directory.description, json.dumps(content, indent=2) + "\n")


def running_ports(directory: DataDirectory) -> Ports:
    """The ports of the stack that runs on this directory; StackError when none does."""
    try:
        content = json.loads(directory.description.read_text())
        ports = Ports(**{name: int(content["ports"][name]) for name in _OFFSETS})
    except (OSError, ValueError, KeyError, TypeError):
        ports = None
    if ports is None or not is_running(directory):
        raise StackError(
            f"no stack runs on {directory.path}: start one with `entraide up`, or name its "
            "directory with --data-dir"
        )
    return ports


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, in one move."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
