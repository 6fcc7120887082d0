"""Reads of confidential records: noted before they are answered, or not answered."""

from typing import Any

import pytest
from flask import Flask
from pymongo.errors import ServerSelectionTimeoutError

from shared.events.auditing import NOTES
from shared.web import reads
from shared.web.database import current_database
from shared.web.logging import record_confidential_read


def reading(app: Flask) -> Flask:
    """The service as if every call read a confidential record, twice."""

    @app.before_request
    def read() -> None:
        for _ in range(2):
            record_confidential_read("somebody", "requester", "r1", 1)

    return app


def test_a_read_is_noted_once_a_call(app: Flask, requester: dict[str, str]) -> None:
    before = _noted(app)
    answer = reading(app).test_client().get("/v1/notes", headers=requester)
    assert answer.status_code == 200
    assert _noted(app) == before + 1


def test_what_cannot_be_noted_is_not_answered(
    app: Flask, requester: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise ServerSelectionTimeoutError("10.0.0.7:27017: timed out")

    monkeypatch.setattr(reads, "leave_notes", fails)
    answer = reading(app).test_client().get("/v1/notes", headers=requester)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "10.0.0.7" not in answer.text


def _noted(app: Flask) -> int:
    with app.app_context():
        return int(current_database()[NOTES].count_documents({"record": "r1"}))
