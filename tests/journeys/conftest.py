"""A whole stack for the journeys: real processes, the embedded broker or Apache Kafka's own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.client import Client
from deploy.cli.target import stack_target
from deploy.kafka.server import kafka_broker
from deploy.local.beside import stack_beside
from deploy.local.running import Stack
from deploy.local.servers import EMBEDDED, Broker
from deploy.local.stack import DataDirectory, Ports
from entraide.client import ProblemError

AS_OF = "2026-11-23"
"""The day that the examples are made for: their windows must not close on the tests."""


def _broker(directory: Path, ports: Ports) -> Broker:
    """Apache Kafka under `make test-kafka`, else the embedded broker."""
    if os.environ.get("ENTRAIDE_TEST_KAFKA"):
        return kafka_broker(directory, [ports.broker])
    return EMBEDDED


@pytest.fixture(scope="module")
def surroundings() -> dict[str, str]:
    """What a module's stack is told of besides: variables of its processes."""
    return {}


@contextmanager
def running_stack(
    temporary: pytest.TempPathFactory, surroundings: dict[str, str] | None = None
) -> Iterator[Stack]:
    """A ready stack that is supervised in a thread of its own until the block ends."""
    directory = DataDirectory(temporary.mktemp("stack") / "data")
    ports = Ports.free()
    broker = _broker(temporary.mktemp("broker"), ports)
    extra = {"ENTRAIDE_AS_OF": AS_OF, **(surroundings or {})}
    with stack_beside(directory, ports, print, extra, broker) as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, surroundings: dict[str, str]
) -> Iterator[Stack]:
    """A stack for the tests of one module."""
    with running_stack(tmp_path_factory, surroundings) as running:
        yield running


@pytest.fixture
def operator(stack: Stack) -> Client:
    """Registers everything."""
    return Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "operator")


@pytest.fixture
def coordinator(stack: Stack) -> Client:
    """Reviews."""
    return Client(stack_target(stack.plan.ports, stack.plan.keys, "journey"), "coordinator")


@pytest.fixture
def published(operator: Client) -> Iterator[Callable[[str, dict[str, Any]], str]]:
    """Registers a record and brings it to where it is matched; says its id.

    After the test they are withdrawn, so that nothing of theirs is matched with the next test's.
    """
    made: list[tuple[str, str]] = []
    steps: dict[str, tuple[tuple[str, Any, str], ...]] = {
        "offers": (("submit", None, "operator"), ("publish", None, "operator")),
        "requests": (
            ("submit", {"consent": "express"}, "operator"),
            ("authenticate", None, "coordinator"),
        ),
    }

    def publish(service: str, body: dict[str, Any]) -> str:
        answer = operator.post(service, f"/v1/{service}", body)
        path = f"/v1/{service}/{answer.body['id']}"
        for step, sent, role in steps[service]:
            answer = operator.post_as(role, service, f"{path}/{step}", sent, if_match=answer.etag)
        made.append((service, path))
        return str(answer.body["id"])

    yield publish
    for service, path in made:
        _withdraw(operator, service, path)


def _withdraw(operator: Client, service: str, path: str) -> None:
    stale = True
    while stale:
        try:
            operator.post(service, f"{path}/withdraw", if_match=operator.get(service, path).etag)
            return
        except ProblemError as problem:  # else the test itself withdrew or closed it
            stale = problem.status == HTTPStatus.PRECONDITION_FAILED


@pytest.fixture(scope="session")
def examples() -> Path:
    """The example data of the repository."""
    return Path(__file__).parents[2] / "examples"
