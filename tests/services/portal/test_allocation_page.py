"""The page of an allocation that takes long to find."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from deploy.cli.example_accounts import session_cookie
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
