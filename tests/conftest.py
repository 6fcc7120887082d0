"""Fixtures that every test may use: a real broker, a real database, settings and tokens."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.servers import (
    LOOPBACK,
    broker_command,
    database_command,
    free_port,
    listens,
    wait_until,
)
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, generate_key, issue_token

REPOSITORY = Path(__file__).parent.parent
GOLD = REPOSITORY.parent / "shared" / "gold"

SettingsMaker = Callable[..., Settings]
TokenMaker = Callable[..., dict[str, str]]


def _serve(command: Sequence[str], port: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
    wait_until(lambda: listens(port) or process.poll() is not None, 30, f"{command[0]} starting")
    assert process.poll() is None, log.read_text()
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker: the embedded one, or what ENTRAIDE_TEST_KAFKA names."""
    given = os.environ.get("ENTRAIDE_TEST_KAFKA")
    if given:
        yield given
        return
    port = free_port()
    process = _serve(broker_command(port), port, tmp_path_factory.mktemp("broker") / "log")
    yield f"{LOOPBACK}:{port}"
    _stop(process)


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of an embedded database server with its files in a temporary directory."""
    directory = tmp_path_factory.mktemp("database")
    port = free_port()
    process = _serve(database_command(port, directory / "files"), port, directory / "log")
    yield f"mongodb://{LOOPBACK}:{port}"
    _stop(process)


@pytest.fixture(scope="session")
def keys() -> KeyPair:
    """A key pair that signs the tests' tokens."""
    return generate_key()


@pytest.fixture
def make_settings(
    broker: str, mongodb: str, keys: KeyPair, tmp_path: Path
) -> Callable[[str], Settings]:
    """Makes settings of a service: every test has topics and databases of its own."""
    unique = uuid.uuid4().hex[:12]
    jwks = tmp_path / "jwks.json"
    jwks.write_text(keys.jwks_json())

    def make(service: str) -> Settings:
        return Settings(
            service=service,
            kafka=broker,
            mongodb=mongodb,
            database=f"test_{service}_{unique}",
            term_key=b"a key that only the tests use...",
            topic_prefix=f"t{unique}.",
            topic_partitions=3,
            jwks_file=jwks,
            log_format="console",
        )

    return make


@pytest.fixture
def settings(make_settings: SettingsMaker) -> Settings:
    """Settings of a service named `test`."""
    return make_settings("test")


@pytest.fixture
def token(keys: KeyPair) -> TokenMaker:
    """Makes the headers of a caller: token("requester", state="SEN")."""

    def make(
        role: str,
        *,
        state: str | None = None,
        organisation: str | None = None,
        subject: str = "test",
        lifetime: timedelta = timedelta(minutes=5),
        now: datetime | None = None,
    ) -> dict[str, str]:
        identity = Identity(subject=subject, role=role, state=state, organisation=organisation)
        text = issue_token(keys, identity, lifetime, now or datetime.now(UTC))
        return {"Authorization": f"Bearer {text}"}

    return make
