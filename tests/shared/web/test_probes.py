"""What operators see: probes, metrics, logs, headers."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared.settings import Settings
from shared.web.health import KEPT_SECONDS, Degraded, Readiness
from shared.web.logging import record_confidential_read
from shared.web.prepared import prepare_worker

REPOSITORY = Path(__file__).parents[3]


def test_health_needs_nothing(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_ready_names_each_check(make_app: Callable[..., Flask]) -> None:
    def fail() -> None:
        raise ConnectionError("10.0.0.7 refused")

    ready = make_app(checks={"index": lambda: None}).test_client().get("/readyz")
    assert ready.status_code == 200, ready.text
    states = {name: check["state"] for name, check in ready.get_json()["checks"].items()}
    assert states == dict.fromkeys(("broker", "database", "keys", "index"), "ok")

    failing = make_app(checks={"index": fail}).test_client().get("/readyz")
    assert failing.status_code == 503
    assert failing.content_type == "application/problem+json"
    problem = failing.get_json()
    assert problem["checks"]["index"]["state"] == "failing"
    assert problem["checks"]["database"]["state"] == "ok"
    assert "index" in problem["detail"]
    assert "10.0.0.7" not in failing.text


def test_what_the_service_can_do_without_leaves_it_ready(make_app: Callable[..., Flask]) -> None:
    def without() -> None:
        raise Degraded("No encoder.")

    answer = make_app(checks={"encoder": without}).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "ready")
    told = answer.get_json()["checks"]["encoder"]
    assert (told["state"], told["detail"]) == ("degraded", "No encoder.")


def test_a_broker_that_cannot_be_reached_is_not_ready(
    make_app: Callable[..., Flask], settings: Settings
) -> None:
    app = make_app(settings=replace(settings, kafka="127.0.0.1:1"))
    checks = app.test_client().get("/readyz").get_json()["checks"]
    assert (checks["broker"]["state"], checks["database"]["state"]) == ("failing", "ok")


def test_checks_run_once_for_many_probes() -> None:
    rounds: list[int] = []
    seconds = [0.0]
    readiness = Readiness({"a": lambda: rounds.append(1)}, lambda: seconds[0])
    for _ in range(10):
        readiness.report()
    assert len(rounds) == 1
    seconds[0] += KEPT_SECONDS
    readiness.report()
    assert len(rounds) == 2


def test_a_slow_round_holds_nobody_up_who_has_a_report() -> None:
    started, going = threading.Event(), threading.Event()
    seconds = [0.0]

    def slow() -> None:
        if seconds[0]:
            started.set()
            assert going.wait(10)

    readiness = Readiness({"slow": slow}, lambda: seconds[0])
    first = readiness.report()
    seconds[0] += KEPT_SECONDS
    thread = threading.Thread(target=readiness.report)
    thread.start()
    assert started.wait(10)
    assert readiness.report() is first
    going.set()
    thread.join()
    assert readiness.report() is not first


def test_checks_run_side_by_side() -> None:
    both = threading.Barrier(2)
    readiness = Readiness({"a": lambda: both.wait(5), "b": lambda: both.wait(5)})
    assert readiness.report().ready


def counted(method: str, route: str, status: int, problem: str = "") -> str:
    """The series of the sample service's answers of this kind."""
    labels = {"method": method, "problem": problem, "route": route, "service": "sample"}
    shown = ",".join(f'{name}="{value}"' for name, value in {**labels, "status": status}.items())
    return f"entraide_http_request_seconds_count{{{shown}}}"


def test_requests_are_counted_by_template(client: FlaskClient, requester: dict[str, str]) -> None:
    client.get("/v1/notes/no-such-note", headers=requester)
    client.open("/v1/notes/x", method="BREW")
    client.get("/some/where")
    text = client.get("/metrics").text
    assert counted("GET", "/v1/notes/<note_id>", 404) in text
    assert counted("GET", "(unmatched)", 404) in text
    assert counted("other", "(unmatched)", 405) in text
    assert "no-such-note" not in text
    assert "/some/where" not in text


def test_server_errors_are_counted_by_their_problem(make_app: Callable[..., Flask]) -> None:
    def fail() -> None:
        raise ConnectionError

    client = make_app(checks={"index": fail}).test_client()
    client.get("/readyz")
    assert counted("GET", "/readyz", 503, "not-ready") in client.get("/metrics").text


def test_metrics_of_several_processes_are_added_up(tmp_path: Path) -> None:
    observe = (
        "from shared.web.metrics import observe, exposition\n"
        "observe('sample', 'GET', '/x', 200, 0.1)\n"
        "print(exposition().get_data(as_text=True))\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for count in (1, 2):
        shown = subprocess.run(
            [sys.executable, "-c", observe],
            env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        line = next(line for line in shown.splitlines() if "seconds_count" in line)
        assert line.endswith(f" {float(count)}")


def test_an_api_tells_how_often_the_services_worker_was_started(
    client: FlaskClient, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        prepare_worker(settings)
    worker = f"{settings.service}@{socket.gethostname()}"
    told = f'entraide_worker_starts{{worker="{worker}"}} 4.0'
    assert told in client.get("/metrics").text.splitlines()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert told in client.get("/metrics").text.splitlines()


def test_a_request_id_is_kept_if_it_is_one(client: FlaskClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "abc-DEF_1.2"})
    assert kept.headers["X-Request-ID"] == "abc-DEF_1.2"
    for wrong in ("", " ", "a b", "x" * 65, 'a"b', "é", "<script>"):
        made = client.get("/healthz", headers={"X-Request-ID": wrong}).headers["X-Request-ID"]
        assert made != wrong
        assert len(made) == 32
    problem = client.get("/nowhere", headers={"X-Request-ID": "mine"}).get_json()
    assert problem["instance"] == "urn:entraide:request:mine"


def test_every_answer_has_the_headers_that_protect(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    for path in ("/v1/notes", "/v1/notes/x", "/nowhere", "/healthz", "/openapi.json", "/docs"):
        headers = client.get(path, headers=requester).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        cached = "no-cache" if path in ("/openapi.json", "/docs") else "no-store"
        assert headers["Cache-Control"] == cached


def test_a_request_leaves_one_line_and_none_of_what_it_said(
    capsys: pytest.CaptureFixture[str],
    make_app: Callable[..., Flask],
    settings: Settings,
    requester: dict[str, str],
) -> None:
    client = make_app(settings=replace(settings, log_format="json")).test_client()
    body = {"title": "very private", "colour": "also private"}
    headers = {**requester, "X-Request-ID": "r-1", "Idempotency-Key": "private-key"}
    client.post("/v1/notes?q=private", json=body, headers=headers)
    client.post("/v1/notes", json={"title": "very private"}, headers=headers)
    client.get("/v1/notes/private", headers=requester)
    client.get("/healthz")
    output = capsys.readouterr().out
    lines: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [
        ("/v1/notes", 422),
        ("/v1/notes", 201),
        ("/v1/notes/<note_id>", 404),
    ]
    assert lines[0]["service"] == "test"
    assert lines[0]["request_id"] == "r-1"
    assert lines[0]["method"] == "POST"
    assert lines[0]["role"] == "requester"
    assert lines[0]["ms"] >= 0
    assert lines[0]["message"] == "request"
    assert lines[0]["level"] == "info"
    assert "private" not in output
    assert requester["Authorization"].partition(" ")[2] not in output


def test_other_libraries_log_in_the_same_format(
    capsys: pytest.CaptureFixture[str], make_app: Callable[..., Flask], settings: Settings
) -> None:
    import logging
    import warnings

    make_app(settings=replace(settings, log_format="json"))
    logging.getLogger("somebody").warning("it has %s", "happened")
    logging.getLogger("kafka.client").info("too much")
    try:
        raise ConnectionRefusedError("127.0.0.1:9")
    except ConnectionRefusedError:
        logging.getLogger("somebody").exception("lost")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old", DeprecationWarning, stacklevel=1)
    first, second, *_ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["message"], first["logger"], first["level"]) == (
        "it has happened", "somebody", "warning",
    )  # fmt: skip
    assert second["raised"][0]["message"] == "127.0.0.1:9"
    handbook = (REPOSITORY / "docs" / "operating.md").read_text()
    _, _, told = handbook.partition("One JSON object a line on standard output: ")
    named = set(re.findall(r"`(\w+)`", told.partition(" within a request")[0]))
    assert named == first.keys() | {"request_id"}
    assert time.strptime(first["timestamp"][:19], "%Y-%m-%dT%H:%M:%S")


def test_the_console_format_shows_exceptions_too(
    capsys: pytest.CaptureFixture[str], make_app: Callable[..., Flask], requester: dict[str, str]
) -> None:
    client = make_app().test_client()
    client.post("/v1/notes", json={"title": "secret of the crash"}, headers=requester)
    captured = capsys.readouterr()
    assert "builtins.RuntimeError" in captured.out
    assert "secret" not in captured.out + captured.err


def test_who_read_what_is_put_on_record_at_any_level(
    capsys: pytest.CaptureFixture[str], make_app: Callable[..., Flask], settings: Settings
) -> None:
    make_app(settings=replace(settings, log_format="json", log_level="ERROR"))
    record_confidential_read("somebody", "donor", "r1", 2)
    record_confidential_read("qzvexor@state.example", "donor", "r1", 2)
    line, other = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert other["subject"].startswith("sha256:")
    assert line["message"] == "confidential record read"
    assert (line["subject"], line["role"], line["id"], line["hidden_lines"]) == (
        "somebody", "donor", "r1", 2,
    )  # fmt: skip
    make_app()
