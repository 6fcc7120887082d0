"""Fixtures of the matcher's tests: its database, and records as their events tell of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import mongoengine
import pytest
from pymongo.database import Database

from services.matcher.app import create_app
from shared.settings import Settings
from shared.web.database import connect_database
from tests.services.matcher.world import Caller, World


@pytest.fixture
def matcher_settings(make_settings: Callable[[str], Settings]) -> Settings:
    """Settings of the matcher with topics and a database of its own."""
    return make_settings("matcher")


@pytest.fixture
def database(matcher_settings: Settings) -> Iterator[Database[dict[str, Any]]]:
    """The matcher's own empty database, connected."""
    yield connect_database(matcher_settings)
    mongoengine.disconnect()


@pytest.fixture
def world(database: Database[dict[str, Any]]) -> World:
    """Nothing heard yet."""
    return World()


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The API's clock."""
    return Clock()


@pytest.fixture
def call(
    matcher_settings: Settings,
    world: World,
    clock: Clock,
    token: Callable[..., dict[str, str]],
) -> Callable[..., Caller]:
    """Makes callers of the API: call("requester", state="SEN")."""
    client = create_app(matcher_settings, clock).test_client()

    def make(role: str, **bound: str) -> Caller:
        return Caller(client, token(role, **bound))

    return make


@pytest.fixture
def coordinator(call: Callable[..., Caller]) -> Caller:
    """The coordinator."""
    return call("coordinator")
