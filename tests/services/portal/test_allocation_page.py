"""The page of an allocation that takes long to find."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from deploy.cli.example_accounts import session_cookie
from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.allocation.accepting import Outcome
from services.portal.pages.allocation.rows import Names, Pair, pair_row
from services.portal.pages.frame import show
from services.portal.services import Ask, AwayError, Reader, Services
from shared.web.problems import TYPE_PREFIX


@pytest.fixture
def client(app: Flask, house: House, make_account: Callable[..., Account]) -> Any:
    """A coordinator's browser, signed in with both factors."""
    found = app.test_client()
    cookie = session_cookie(house, make_account("coordinator"), "a browser")
    found.set_cookie("entraide-session", cookie)
    return found


@pytest.mark.parametrize(
    ("code", "language", "says"),
    [
        ("being-found", "en", "load it again in a moment"),
        ("being-found", "es", "vuelva a cargar"),
        ("being-found", "fr", "le calcul de la meilleure affectation"),
        ("being-found", "ru", "расчёт лучшего распределения"),
        ("being-found", "zh", "计算最佳分配"),
        ("overloaded", "en", "Try again"),
    ],
)
def test_one_that_is_being_found_is_no_fault_of_the_matcher(
    client: Any, monkeypatch: pytest.MonkeyPatch, code: str, language: str, says: str
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Any:
        raise AwayError(one.service, {"type": f"{TYPE_PREFIX}{code}", "status": 503})

    monkeypatch.setattr(Services, "fetch", fetch)
    answer = client.get(f"/allocation?language={language}")
    assert answer.status_code == 503
    assert says in answer.text
    assert (answer.headers.get("Retry-After") == "20") is (code == "being-found")


TITLE = "\u2069\u202eالوسم"


def named_row() -> Pair:
    """A commitment of records and an organisation whose texts would turn what is beside them."""
    one = {"country": "SEN", "request": "r1", "offer": "o1", "organisation": "acme"}
    record = {"title": TITLE, "language": "ar"}
    names = Names({"r1": record}, {"o1": record}, {"acme": {"name": "\u202eAcme"}})
    return pair_row({**one, "lines": [], "conditions": []}, names)


@pytest.mark.parametrize("template", ["accepted", "refused"])
def test_what_came_of_it_names_records_in_their_own_language(app: Flask, template: str) -> None:
    row = named_row()
    refused = {"row": row, "proposal": "p1", "said": "Gone.", "detail": None}
    accepted = {"held": [Outcome("p1", row)], "refused": [Outcome("p2", row, "Gone.")]}
    values = refused if template == "refused" else accepted
    with app.test_request_context("/?language=en"):
        text = show(f"allocation/{template}.html", room_style="", id="a1", **values).get_data(
            as_text=True
        )
    assert text.count('<bdi lang="ar">\u202eالوسم</bdi>') == (2 if template == "refused" else 4)
    assert text.count("\u202eAcme") == text.count("<bdi>\u202eAcme</bdi>") > 0


NOW = {
    "id": None,
    "needs": {"share": 0.9641, "whole": 3},
    "value": 2.0,
    "unmet": 1,
    "commitments": 3,
    "donors": [],
    "themes": [],
    "first_commitments": [],
}
THEN = {
    **NOW,
    "needs": {"share": 0.9611, "whole": 3},
    "gap": 0,
    "changes": {"needs": [], "donors": [], "needs_changed": 0, "donors_changed": 0},
}


@pytest.fixture
def supposing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the matcher answers to a supposition; the register of offers is away until it is in."""
    answers: dict[str, Any] = {"/v1/allocation": NOW}

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path not in answers:
            raise AwayError(one.service)
        return Answer(answers[one.path])

    def send(_services: Services, *_asked: object, **_more: object) -> Answer:
        return Answer(answers["then"])

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", send)
    return answers


def donors_offered(text: str) -> dict[str, bool]:
    """The ids of the donors that the first supposed offer may be of, and whether it is chosen."""
    field = re.search(r'<select[^>]*id="o1-organisation".*?</select>', text, re.DOTALL)
    assert field
    options = re.findall(r"<option([^>]*)>", field[0])
    return {re.findall(r'value="([^"]*)"', one)[0]: "selected" in one for one in options}


def test_donors_that_are_away_are_said_to_be_missing_and_the_chosen_one_stays(
    client: Any, supposing: dict[str, Any]
) -> None:
    address = "/allocation/what-if?language=en&o1-organisation=acme&o1-quantity=many"
    missing = "The list of donors cannot be shown just now."
    answer = client.get(address)
    assert answer.status_code == 422  # the quantity is none
    assert missing in answer.text
    assert donors_offered(answer.text) == {"": False, "acme": True}
    assert missing in client.get("/allocation/what-if").text
    supposing["/v1/organisations"] = {"items": [{"id": "acme", "name": "Acme"}]}
    answer = client.get(address)
    assert missing not in answer.text
    assert donors_offered(answer.text) == {"": False, "acme": True}
    assert ">\u2068Acme\u2069</option>" in answer.text
    chosen = donors_offered(client.get(address.replace("acme", "other")).text)
    assert chosen == {"": False, "acme": False, "other": True}


@pytest.mark.parametrize(
    ("language", "share", "says"),
    [
        ("en", 0.9611, "percentage points: *-0.3"),
        ("fr", 0.9741, "points de pourcentage : *+1"),
        ("ar", 0.9611, "بالنقاط المئوية: *-0.3"),
        ("en", 0.9642, None),
    ],
)
def test_a_difference_of_shares_says_that_it_is_in_points(
    client: Any, supposing: dict[str, Any], language: str, share: float, says: str | None
) -> None:
    supposing["then"] = {**THEN, "needs": {"share": share, "whole": 3}}
    text = client.get(f"/allocation/what-if?language={language}&without=o1").text
    row = re.findall(r"<tr>.*?</tr>", text, re.DOTALL)[1]
    *_others, told = re.findall(r"<td[^>]*>(.*?)</td>", row)
    plain = re.sub(r"<span[^>]*>", "*", told).replace("</span>", "")
    assert plain.replace("<bdi>", "").replace("</bdi>", "") == (says or "–")
