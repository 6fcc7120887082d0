"""Numbers about the requests that a service answers, for Prometheus."""

import os
from http import HTTPStatus

from flask import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from shared.events.starts import Starts

REQUEST_SECONDS = Histogram(
    "entraide_http_request_seconds",
    "Seconds from a request's arrival to its answer.",
    ("service", "method", "route", "status", "problem"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

QUEUE_SECONDS = Histogram(
    "entraide_http_queue_seconds",
    "Seconds that a request waited for a thread before its handling began.",
    ("service",),
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)

STARTS = Starts()
REGISTRY.register(STARTS)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(
    service: str, method: str, route: str, status: int, seconds: float, problem: str = ""
) -> None:
    """Count one answered request; `route` is the path's template, never the path itself.

    `problem` is the code of what it was answered with. Of server errors alone it is kept, which
    need telling apart: others are many, and say nothing of the service.
    """
    kept = problem if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    labels = (service, known_method(method), route, str(status), kept)
    REQUEST_SECONDS.labels(*labels).observe(seconds)


def known_method(method: str) -> str:
    """The method; `other` for one that callers made up."""
    return method if method in _METHODS else "other"


def exposition() -> Response:
    """All metrics in Prometheus' text format, of every process of an API that has several."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the variable that prometheus_client reads
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        registry.register(STARTS)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
