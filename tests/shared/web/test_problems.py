"""Every error is a problem document, whatever raised it."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask
from flask.testing import FlaskClient
from mongoengine import NotUniqueError, OperationError
from pymongo.errors import AutoReconnect, WriteError
from werkzeug.exceptions import ImATeapot

from deploy.local.servers import free_port
from shared.events.outbox import Contention, DuplicateId, NotFound, StaleVersion
from shared.events.versions import Version
from shared.lifecycle import OFFER, IllegalTransition
from shared.settings import Settings
from shared.vocabulary.themes import THEMES
from shared.web.identity import public
from shared.web.problems import FieldError, Problem, conflict, invalid

FULL = WriteError("available disk space is less than required", 14031)


def problem_of(answer: Any) -> dict[str, Any]:
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == answer.status_code
    assert problem["instance"] == f"urn:entraide:request:{answer.headers['X-Request-ID']}"
    assert all(isinstance(problem[name], str) and problem[name] for name in ("title", "detail"))
    return dict(problem)


def test_an_unknown_address_is_a_404(client: FlaskClient, requester: dict[str, str]) -> None:
    for path in ("/", "/v2/notes", "/v1/notes/", "//v1/notes", "/v1/notes/x/y", "/%00", "/%ff"):
        answer = client.get(path, headers=requester)
        assert answer.status_code == 404, path
        assert problem_of(answer)["type"] == "urn:entraide:problem:not-found"


def test_an_unknown_record_is_a_404(client: FlaskClient, requester: dict[str, str]) -> None:
    for name in ("0" * 24, "x", "%00", "$ne", "%F0%9F%92%A9"):
        assert problem_of(client.get(f"/v1/notes/{name}", headers=requester))["status"] == 404


def test_another_method_is_a_405_that_says_which_are_allowed(
    client: FlaskClient, requester: dict[str, str]
) -> None:
    answer = client.delete("/v1/notes", headers=requester)
    assert problem_of(answer)["status"] == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_an_unexpected_exception_is_a_500_that_tells_nothing_and_is_logged_without_text(
    capsys: pytest.CaptureFixture[str],
    make_app: Callable[..., Flask],
    settings: Settings,
    requester: dict[str, str],
) -> None:
    client = make_app(settings=replace(settings, log_format="json")).test_client()
    answer = client.post("/v1/notes", json={"title": "secret of the crash"}, headers=requester)
    assert problem_of(answer)["status"] == 500
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text
    logged = capsys.readouterr().out
    records = [json.loads(line) for line in logged.splitlines()]
    failure = next(record for record in records if "raised" in record)
    assert failure["request_id"] == answer.headers["X-Request-ID"]
    assert failure["raised"][0]["type"] == "builtins.RuntimeError"
    assert failure["raised"][0]["frames"][-1].endswith("create_note")
    assert "secret" not in logged


def test_the_services_own_exceptions_have_mappers(
    make_app: Callable[..., Flask], requester: dict[str, str]
) -> None:
    from sample_service import TeapotError

    app = make_app(errors={TeapotError: lambda _: conflict("teapot", "It is a teapot.")})
    answer = app.test_client().post("/v1/notes", json={"title": "teapot"}, headers=requester)
    assert problem_of(answer)["type"] == "urn:entraide:problem:teapot"
    assert answer.status_code == 409


def _illegal() -> Exception:
    try:
        OFFER.target("publish", "closed")
    except IllegalTransition as error:
        return error
    raise AssertionError


def _saving(error: Exception) -> Exception:
    """What mongoengine makes of it."""
    try:
        try:
            raise error
        except WriteError as cause:
            raise OperationError(f"Could not save document ({cause})") from cause
    except OperationError as made:
        return made


def _unknown_code() -> Exception:
    try:
        THEMES.get("markings")
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFound("x"), 404, "not-found"),
        (DuplicateId("x"), 409, "duplicate"),
        (StaleVersion(Version(1, 7)), 412, "stale"),
        (Contention("x"), 503, "unavailable"),
        (AutoReconnect("x"), 503, "unavailable"),
        (FULL, 503, "unavailable"),
        (_saving(FULL), 503, "unavailable"),
        (_saving(WriteError("x", 2)), 500, "internal"),
        (NotUniqueError("x"), 500, "internal"),
        (_illegal(), 409, "illegal-transition"),
        (_unknown_code(), 422, "unknown-code"),
        (ma.ValidationError({"a": {0: ["Wrong."]}}), 422, "invalid"),
        (ma.ValidationError("Wrong."), 422, "invalid"),
        (ImATeapot(), 418, "im-a-teapot"),
        (invalid([FieldError("a", "\ud800", "text")]), 422, "invalid"),
    ],
)
def test_known_exceptions_have_their_problems(
    app: Flask, error: Exception, status: int, code: str
) -> None:
    @public
    def fail() -> str:
        raise error

    app.add_url_rule("/fail", view_func=fail)
    answer = app.test_client().get("/fail")
    problem = problem_of(answer)
    assert problem["status"] == status
    found = [problem["type"].rpartition(":")[2], *(e["code"] for e in problem.get("errors", []))]
    assert code in found
    if status == 412:
        assert answer.headers["ETag"] == '"1.7"'
    if status == 503:
        assert answer.headers["Retry-After"] == ("1" if isinstance(error, Contention) else "5")


def test_a_database_that_cannot_be_reached_is_a_503(
    make_app: Callable[..., Flask],
    settings: Settings,
    requester: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shared.web.database.SELECTION_TIMEOUT_MS", 200)
    nowhere = f"mongodb://127.0.0.1:{free_port()}"
    client = make_app(settings=replace(settings, mongodb=nowhere)).test_client()
    for headers in (requester, {**requester, "Idempotency-Key": "a"}):
        answer = client.post("/v1/notes", json={"title": "x"}, headers=headers)
        assert problem_of(answer)["status"] == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "127.0.0.1" not in answer.text
    checks = client.get("/readyz").get_json()["checks"]
    assert checks["database"]["state"] == "failing"
    assert client.get("/healthz").status_code == 200


def test_many_errors_are_cut_short(app: Flask) -> None:
    problem = invalid([FieldError(f"a[{n}]", "Wrong.") for n in range(1000)])
    with app.test_request_context("/"):
        document = json.loads(problem.response().get_data())
    assert len(document["errors"]) == 100
    assert "999 more" in document["detail"]


def test_a_problem_is_an_exception_with_a_readable_text() -> None:
    assert "because" in str(Problem(400, "no", "No", "because"))
