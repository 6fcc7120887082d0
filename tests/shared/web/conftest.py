"""The sample service, and a client of it."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from mongoengine import disconnect

from shared.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))  # gunicorn is told the same


class Clock:
    """A clock that tests set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def moving_clock() -> Clock:
    """A clock that a test can set forward."""
    return Clock()


@pytest.fixture
def make_app(settings: Settings, moving_clock: Clock) -> Iterator[Callable[..., Flask]]:
    """Makes the sample service."""
    from sample_service import make

    def build(**more: Any) -> Flask:
        return make(more.pop("settings", settings), moving_clock, **more)

    yield build
    disconnect()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    """The sample service."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the sample service."""
    return app.test_client()


@pytest.fixture
def requester(token: Callable[..., dict[str, str]]) -> dict[str, str]:
    """Headers of Senegal's requester."""
    return token("requester", state="SEN")
