"""Committed matches as an IATI file over HTTP, out of what the services answer page by page."""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from deploy.cli.example_accounts import session_cookie
from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from tests.deploy.cli.test_export_iati import MATCH


class Register:
    """Services with so many matches, two a page; some may be away."""

    def __init__(self) -> None:
        self.matches = 3
        self.away: set[str] = set()
        self.asked: list[Ask] = []

    def fetch(self, _reader: Reader, one: Ask) -> Answer:
        self.asked.append(one)
        if one.service in self.away:
            raise AwayError(one.service)
        if one.service == "requests":
            texts = {"title": "Une demande", "description": "À titre d’exemple.", "language": "fr"}
            empty: dict[str, Any] = {"window": None, "objectives": [], "needs": []}
            items = [{"id": id_, **texts, **empty} for id_ in one.query["id"]]  # type: ignore[attr-defined]
            return Answer({"items": items, "next": None})
        if one.service == "offers":
            return Answer({"items": [], "next": None})
        at = int(str(one.query["cursor"] or 0))
        items = [{**MATCH, "id": f"r{n}.o"} for n in range(at, min(at + 2, self.matches))]
        return Answer({"items": items, "next": str(at + 2) if at + 2 < self.matches else None})


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    found = Register()
    monkeypatch.setattr(Services, "fetch", lambda _, reader, one: found.fetch(reader, one))
    return found


@pytest.fixture
def save(
    app: Flask, house: House, make_account: Callable[..., Account]
) -> Callable[..., TestResponse]:
    """Asks for the file as an auditor who is signed in with both factors."""

    def ask(path: str = "/matches/export.xml") -> TestResponse:
        client = app.test_client()
        cookie = session_cookie(house, make_account("auditor"), "a browser")
        client.set_cookie("entraide-session", cookie)
        return client.get(path)

    return ask


def test_every_page_is_in_the_file(register: Register, save: Callable[..., TestResponse]) -> None:
    answer = save()
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    assert "matches-iati.xml" in answer.headers["Content-Disposition"]
    found = fromstring(answer.data).findall("iati-activity")
    assert [one.findtext("iati-identifier") for one in found] == [
        f"org-1-r{number}.o" for number in range(3)
    ]
    assert {one.findtext("title/narrative") for one in found} == {"Une demande"}
    assert register.asked[0].query["confidential"] is None
    save("/matches/export.xml?confidential=1")
    asked = [one.query["confidential"] for one in register.asked if one.service == "matcher"]
    assert asked == [None, None, "true"]  # the second page is read once the first was sent


def test_what_is_away_is_told_before_anything_is_sent(
    register: Register, save: Callable[..., TestResponse]
) -> None:
    for service in ("matcher", "requests", "offers"):
        register.away = {service}
        assert save().status_code == 503, service


def test_where_nothing_is_committed_there_is_no_file(
    register: Register, save: Callable[..., TestResponse]
) -> None:
    register.matches = 0
    answer = save()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/matches")
