"""Traces are sent where a collector is named, and cost nothing where none is."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from shared import tracing
from shared.settings import Settings, SettingsError


class Collector(HTTPServer):
    """Keeps what it is sent, by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[str, bytes]] = []


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    one = Collector()
    thread = threading.Thread(target=one.serve_forever)
    thread.start()
    yield one
    one.shutdown()
    thread.join()
    one.server_close()


def environ(**more: str) -> dict[str, str]:
    return {
        "ENTRAIDE_KAFKA": "127.0.0.1:9",
        "ENTRAIDE_MONGODB": "mongodb://127.0.0.1:9",
        "ENTRAIDE_TERM_KEY": "YSBrZXkgdGhhdCBvbmx5IHRoZSB0ZXN0cyB1c2UuLi4=",
        **more,
    }


def test_spans_go_to_the_collector_that_is_named(collector: Collector) -> None:
    address = f"http://127.0.0.1:{collector.server_port}/"
    tracing.start(Settings.from_environment("offers", environ(ENTRAIDE_TRACES=address)))
    span = tracing.begin("POST /v1/offers", None)
    assert span is not None
    assert tracing.current() == span.traceparent
    after = tracing.follow("publish", "producer", tracing.current())
    assert after is not None
    assert after.traceparent.split("-")[1] == span.traceparent.split("-")[1]
    tracing.end([after])
    span.end({"http.response.status_code": 201})
    tracing.leave()
    tracing.stop()
    assert {path for path, _ in collector.taken} == {"/v1/traces"}
    sent = b"".join(body for _, body in collector.taken)
    assert all(word in sent for word in (b"POST /v1/offers", b"publish", b"offers"))


def test_nothing_is_traced_or_imported_without_a_collector() -> None:
    tracing.start(Settings.from_environment("offers", environ()))
    assert tracing.begin("GET /", None) is None
    assert tracing.follow("publish", "producer", "00-" + "1" * 32 + "-" + "2" * 16 + "-01") is None
    assert tracing.current() is None
    asked = "import sys, shared.web.service, shared.events.consumer, shared.events.relay\n"
    asked += "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="ENTRAIDE_TRACES must be a URL"):
        Settings.from_environment("offers", environ(ENTRAIDE_TRACES="collector:4318"))
