"""Fixtures that every test may use: a real broker, a real database, settings and tokens."""

import os
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from pymongo.collection import Collection
from xdist.scheduler import LoadScopeScheduling

from deploy.local.running import Stack
from deploy.local.servers import (
    LOOPBACK,
    broker_command,
    database_command,
    database_uri,
    free_port,
)
from shared.events import clients
from shared.settings import Settings
from shared.web.identity import Identity
from shared.web.tokens import KeyPair, generate_key, issue_token
from tests.logged import faults
from tests.serving import serve, stop

REPOSITORY = Path(__file__).parent.parent
GOLD = REPOSITORY.parent / "shared" / "gold"

SettingsMaker = Callable[..., Settings]
TokenMaker = Callable[..., dict[str, str]]

SHARING = ("tests/journeys/together", "tests/pages")
"""Folders whose tests share a running stack, which only one of the workers needs to start."""
APART = ("tests/pages/browser/test_every_page.py",)
"""Files of such a folder that take a stack of their own: with them it would take longer than all
else that runs beside it."""
LONGEST = (*APART, "tests/pages/")
SLOWEST = 40
EARLY = timedelta(minutes=10)
"""Tokens are older by so much: to an app whose clock a test stopped none may come of the future,
however slow the machine."""


class FolderScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """A file's tests go to one worker, which starts once what they share; so do a folder's that
    shares a stack."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if file in APART:
            return file
        return next((folder for folder in SHARING if file.startswith(f"{folder}/")), file)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where long tests alone are asked for, a file that marks none is not even imported: each
    worker would take half of what it begins with for these."""
    if config.option.markexpr != "long" or collection_path.suffix != ".py":
        return None
    return True if "mark.long" not in collection_path.read_text(encoding="utf-8") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that it is not what is waited for at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """How tests are shared out.

    xdist's own groups are by a mark that xdist 3.8 loses under pytest 9.2: each test went by
    itself, and all that files share was started again and again.
    """
    return FolderScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a test with a running stack failed, show what that stack's processes died of."""
    report = yield
    if report.failed:
        for given in getattr(item, "funcargs", {}).values():
            if isinstance(given, Stack):
                report.sections += faults(given.plan.directory.logs)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which files take longest, with what they start and stop."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.location[0]] += report.duration
    terminalreporter.section(f"slowest {SLOWEST} files of {seconds.total():.0f} s")
    for file, took in seconds.most_common(SLOWEST):
        terminalreporter.write_line(f"{took:7.1f} s  {file}")


@pytest.fixture(scope="session", autouse=True)
def templates_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Templates are compiled for the first app that shows them, and not again for each."""
    kept = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {**Flask.jinja_options, "bytecode_cache": kept})
        yield


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap address of a broker: the embedded one, or what ENTRAIDE_TEST_KAFKA names.

    The embedded one waits for half a session for whoever may join a group too, and tests join many:
    theirs are half as long. Kafka's own allows none that are shorter.
    """
    given = os.environ.get("ENTRAIDE_TEST_KAFKA")
    if given:
        yield given
        return
    port = free_port()
    process = serve(broker_command(port), port, tmp_path_factory.mktemp("broker") / "log")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SESSION_TIMEOUT_MS", "HEARTBEAT_MS"):
            patch.setattr(clients, name, getattr(clients, name) // 2)
        yield f"{LOOPBACK}:{port}"
    stop(process)


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URI of an embedded database server with its files in a temporary directory.

    No test kills this one, so it need not wait for the disk.
    """
    directory = tmp_path_factory.mktemp("database")
    port = free_port()
    command = database_command(port, directory / "files", lasting=False)
    process = serve(command, port, directory / "log")
    yield database_uri(port)
    stop(process)


@pytest.fixture
def repeated_inserts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every insert is sent twice, as the driver does where the first one's answer is lost."""
    for name in ("insert_one", "bulk_write"):
        once = getattr(Collection, name)

        def twice(*args: Any, once: Callable[..., Any] = once, **options: Any) -> Any:
            once(*args, **options)
            return once(*args, **options)

        monkeypatch.setattr(Collection, name, twice)


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
        regions: frozenset[str] | None = None,
        scopes: frozenset[str] | None = None,
        subject: str = "test",
        inviter: str | None = None,
        lifetime: timedelta = timedelta(minutes=5),
        now: datetime | None = None,
    ) -> dict[str, str]:
        identity = Identity(subject, role, state, organisation, regions, scopes, inviter)
        early = EARLY if now is None else timedelta()
        issued = (now or datetime.now(UTC)) - early
        text = issue_token(keys, identity, lifetime + early, issued)
        return {"Authorization": f"Bearer {text}"}

    return make
