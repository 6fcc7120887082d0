"""Lists as files over HTTP, out of what the services answer page by page."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deploy.cli.example_accounts import session_cookie
from entraide.client import Answer
from services.portal.documents import Account, ExportProgress, Session
from services.portal.house import House
from services.portal.pages.exports import saving
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from tests.services.portal.conftest import Clock

KEY = "0123456789abcdef" * 2
RECORD = {"country": "SEN", "title": "-1+1", "needs": [], "status": "circulated"}


class Register:
    """A service with pages of two records, which may fail, and to which time passes."""

    def __init__(self) -> None:
        self.pages = 3
        self.asked: list[Ask] = []
        self.readers: list[Reader] = []
        self.failing: dict[int, list[Exception]] = {}
        self.then: Callable[[], None] = lambda: None

    def fetch(self, reader: Reader, one: Ask) -> Answer:
        """A page, whose cursor is its number."""
        self.asked.append(one)
        self.readers.append(reader)
        number = int(str(one.query.get("cursor") or 0))
        if self.failing.get(number):
            raise self.failing[number].pop()
        self.then()
        items = [{**RECORD, "id": f"{number}-{place}"} for place in (1, 2)]
        return Answer(
            {"items": items, "next": str(number + 1) if number + 1 < self.pages else None}
        )


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """The services, and no waiting for those that are away."""
    found = Register()
    monkeypatch.setattr(Services, "fetch", lambda _, reader, one: found.fetch(reader, one))
    monkeypatch.setattr(saving, "_PAUSES", (0.0, 0.0))
    return found


@pytest.fixture
def save(
    app: Flask, house: House, make_account: Callable[..., Account]
) -> Callable[..., TestResponse]:
    """Asks for a file as somebody who is signed in with both factors; nobody without a role."""

    def ask(path: str, role: str = "auditor") -> TestResponse:
        client = app.test_client()
        if role:
            cookie = session_cookie(house, make_account(role), "a browser")
            client.set_cookie("entraide-session", cookie)
        return client.get(path)

    return ask


def rows_of(answer: TestResponse) -> list[dict[str, str]]:
    """A CSV's rows by their HXL tags."""
    _header, tags, *rows = csv.reader(io.StringIO(answer.data.decode("utf-8-sig")))
    return [dict(zip(tags, row, strict=True)) for row in rows]


def test_all_pages_of_a_list_by_the_filters_of_its_page(
    register: Register, save: Callable[..., TestResponse]
) -> None:
    answer = save("/exports/requests.csv?theme=marking&country=SEN&status=nothing&cursor=1")
    rows = rows_of(answer)
    assert [row["#meta+id"] for row in rows] == ["0-1", "0-2", "1-1", "1-2", "2-1", "2-2"]
    assert {row["#description+title"] for row in rows} == {"'-1+1"}
    (first, *_) = register.asked
    wanted = {"theme": "marking", "country": "SEN", "status": None, "cursor": None}
    assert wanted.items() <= dict(first.query).items()
    assert 'filename="requests.csv"' in answer.headers["Content-Disposition"]
    assert not ExportProgress.objects(id=KEY)


def test_whoever_has_no_account_has_what_is_public_and_no_token(
    register: Register, save: Callable[..., TestResponse]
) -> None:
    answer = save("/public/exports/requests.jsonl", "")
    assert len([json.loads(line) for line in answer.data.splitlines()]) == 6
    assert {one.path for one in register.asked} == {"/v1/public/requests"}
    assert {one.token for one in register.readers} == {""}


def test_progress_is_told_of_lists_of_several_pages(
    register: Register, save: Callable[..., TestResponse], app: Flask
) -> None:
    told: list[Any] = []
    register.then = lambda: told.append(app.test_client().get(f"/exports/progress/{KEY}").json)
    assert save(f"/exports/requests.jsonl?progress={KEY}").data
    assert told[1:] == [{"records": 2, "done": False}, {"records": 4, "done": False}]
    done = app.test_client().get(f"/exports/progress/{KEY}")
    assert done.json == {"records": 6, "done": True}
    register.pages = 1
    assert save(f"/exports/requests.jsonl?progress={KEY[::-1]}").data
    assert not ExportProgress.objects(id=KEY[::-1])


def test_a_service_that_is_away_for_a_moment_breaks_no_file(
    register: Register, save: Callable[..., TestResponse]
) -> None:
    register.failing = {1: [AwayError("requests"), RefusedError("requests", 429, {})]}
    assert len(rows_of(save("/exports/requests.csv"))) == 6
    register.failing = {1: [AwayError("requests") for _ in range(3)]}
    with pytest.raises(AwayError):  # which ends the connection, so that no file seems whole
        assert save("/exports/requests.csv").data
    register.failing = {0: [AwayError("requests")]}
    assert save("/exports/requests.csv").status_code == 503


def test_a_long_file_gets_a_token_anew_while_its_reader_is_signed_in(
    register: Register, save: Callable[..., TestResponse], clock: Clock
) -> None:
    register.then = lambda: clock.forward(minutes=4)
    assert len(rows_of(save("/exports/requests.csv"))) == 6
    assert len({one.token for one in register.readers}) == 3

    def sign_out() -> None:
        clock.forward(minutes=4)
        Session.objects.delete()

    register.then = sign_out
    with pytest.raises(RuntimeError):
        assert save("/exports/requests.csv").data


@pytest.mark.parametrize(
    "path", ["/exports/requests.pdf", "/exports/nothing.csv", "/exports/unmet.csv?record=../x"]
)
def test_what_is_no_list_is_not_there(save: Callable[..., TestResponse], path: str) -> None:
    assert save(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "role", "patient"),
    [
        ("/exports/requests.csv", "auditor", True),
        ("/public/exports/requests.jsonl", "", True),
        ("/matches/export.xml", "auditor", True),
        ("/requests/export.csv", "requester", True),
        ("/operations", "operator", True),
        ("/requests", "auditor", False),
        ("/public/requests", "", False),
    ],
)
def test_files_and_the_operators_page_wait_for_a_slow_service_as_pages_do_not(
    monkeypatch: pytest.MonkeyPatch,
    save: Callable[..., TestResponse],
    path: str,
    role: str,
    patient: bool,
) -> None:
    readers: list[Reader] = []

    def away(_services: Services, reader: Reader, one: Ask) -> Answer:
        readers.append(reader)
        raise AwayError(one.service)

    monkeypatch.setattr(Services, "fetch", away)
    save(path, role)
    assert {one.patient for one in readers} == {patient}
