"""Fixtures of the matcher's tests. A module's tests share one database, emptied for each."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import mongoengine
import pytest
from flask import Flask
from pymongo.database import Database

from services.matcher import allocating
from services.matcher.app import create_app
from services.matcher.reading import Reading
from shared.settings import Settings
from shared.web.database import connect_database
from shared.web.tokens import KeyPair
from tests.services.described import described_client
from tests.services.matcher.memory import Made, Memory
from tests.services.matcher.world import Caller, World
from tests.services.written import empty


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.started = self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def api_settings(
    mongodb: str, keys: KeyPair, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of the matcher without a broker."""
    jwks = tmp_path_factory.mktemp("keys") / "jwks.json"
    jwks.write_text(keys.jwks_json())
    yield Settings(
        service="matcher",
        kafka="127.0.0.1:9",
        mongodb=mongodb,
        database=f"test_matcher_{uuid.uuid4().hex[:12]}",
        term_key=b"a key that only the tests use...",
        jwks_file=jwks,
        log_format="console",
    )
    mongoengine.disconnect()


@pytest.fixture
def matcher_settings(make_settings: Callable[[str], Settings], api_settings: Settings) -> Settings:
    """Settings of the matcher with topics of its own."""
    return replace(make_settings("matcher"), database=api_settings.database)


@pytest.fixture
def database(api_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Database[dict[str, Any]]:
    """The matcher's own database, connected and empty; this process has read nothing of it."""
    monkeypatch.setattr(allocating, "READING", Reading())
    connected = connect_database(api_settings)
    empty(connected)
    return connected


@pytest.fixture
def world(database: Database[dict[str, Any]]) -> World:
    """Nothing heard yet."""
    return World()


@pytest.fixture(scope="module")
def api_clock() -> Clock:
    """The clock of the module's app."""
    return Clock()


@pytest.fixture
def clock(api_clock: Clock) -> Clock:
    """The API's clock, where it stood when the module began."""
    api_clock.now = api_clock.started
    return api_clock


@pytest.fixture(scope="module")
def memory() -> Memory:
    """What the module's tests begin with."""
    return Memory()


@pytest.fixture
def remembered(
    memory: Memory, database: Database[dict[str, Any]], clock: Clock
) -> Callable[[str, Callable[[], Made]], Made]:
    """Makes what many tests begin with once a module: remembered("known", make)."""
    del clock  # where it stood the first time

    def make(name: str, made: Callable[[], Made]) -> Made:
        return memory.make(database, name, made)

    return make


@pytest.fixture(scope="module")
def app(api_settings: Settings, api_clock: Clock) -> Flask:
    """The API."""
    return create_app(api_settings, api_clock)


@pytest.fixture
def call(
    app: Flask,
    world: World,
    clock: Clock,
    token: Callable[..., dict[str, str]],
) -> Callable[..., Caller]:
    """Makes callers of the API: call("requester", state="SEN")."""

    def caller(role: str, **bound: Any) -> Caller:
        return Caller(described_client(app), token(role, **bound), caller)

    return caller


@pytest.fixture
def coordinator(call: Callable[..., Caller]) -> Caller:
    """The coordinator."""
    return call("coordinator")
