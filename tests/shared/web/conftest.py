"""The sample service, and a client of it."""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from mongoengine import disconnect

from deploy.local.servers import LOOPBACK, free_port
from shared.settings import Settings
from tests.serving import serve, stop

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


@pytest.fixture
def serve_sample(settings: Settings, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serves the sample service by gunicorn; gives its address.

    serve_sample(workers=1, threads=4, SAMPLE_DELAY="0.4") has handlers that take so many seconds.
    """
    processes = []

    def start(workers: int, threads: int, **more: str) -> str:
        port = free_port()
        environment = {
            **os.environ,
            "ENTRAIDE_KAFKA": settings.kafka,
            "ENTRAIDE_MONGODB": settings.mongodb,
            "ENTRAIDE_DATABASE": settings.database,
            "ENTRAIDE_JWKS_FILE": str(settings.jwks_file),
            "ENTRAIDE_TERM_KEY": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
            **more,
        }
        command = [
            *(sys.executable, "-m", "gunicorn", "--pythonpath", str(Path(__file__).parent)),
            *("--worker-class", "shared.web.queueing.QueueingWorker"),
            *("--workers", str(workers), "--threads", str(threads)),
            *("--bind", f"{LOOPBACK}:{port}", "sample_service:create_app()"),
        ]
        processes.append(
            serve(command, port, tmp_path / f"gunicorn-{port}.log", environment=environment)
        )
        return f"http://{LOOPBACK}:{port}"

    yield start
    for process in processes:
        stop(process)
