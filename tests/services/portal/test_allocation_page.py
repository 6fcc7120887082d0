"""The page of an allocation that takes long to find."""

import re
from collections.abc import Callable, Mapping
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
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from shared.registers.schemas import MOST_LEFT_OUT
from shared.web.addresses import MOST_ADDRESS
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser


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
        found = answers.get(one.path)
        if found is None:
            raise AwayError(one.service)
        return Answer(found(one) if callable(found) else found)

    monkeypatch.setattr(Services, "fetch", fetch)
    return answers


WHAT_IF = "/v1/allocation/what-if"
ORGANISATIONS = {
    "acme": "Acme",
    "far": "Far away",  # which no list of the newest has
    "twin-1": "The same",
    "twin-2": "the  Same",
}


def registered(asked: Ask) -> dict[str, Any]:
    """The register's answer: the newest one, or those of an id or of a word."""
    query: Mapping[str, Any] = asked.query
    if query.get("id"):
        found = [one for one in ORGANISATIONS if one in query["id"]]
    elif query.get("q"):
        words = query["q"].casefold().split()
        found = [id_ for id_, name in ORGANISATIONS.items() if words[0] in name.casefold()]
    else:
        found = ["acme"]
    return {"items": [{"id": one, "name": ORGANISATIONS[one]} for one in found]}


SUPPOSING = {
    "language": "en",
    "o1-theme": "marking",
    "o1-kind": "equipment",
    "o1-quantity": "9",
    "o1-unit": "machines",
}


def supposed_of(client: Any, supposing: dict[str, Any], donor: str) -> tuple[Any, str | None]:
    """The page of one more offer of that donor, and of whom the matcher was told that it is."""
    told: list[Any] = []

    def compare(asked: Ask) -> dict[str, Any]:
        told.append(asked.body)
        return THEN

    supposing[WHAT_IF] = compare
    answer = client.get("/allocation/what-if", query_string={**SUPPOSING, "o1-organisation": donor})
    return answer, told[0]["with"]["offers"][0]["organisation"] if told else None


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Acme", "acme"),
        ("far  AWAY", "far"),
        ("far", "far"),
        ("twin-2", "twin-2"),
        ("", "somebody-new"),
    ],
)
def test_a_donor_is_found_by_name_however_many_there_are(
    client: Any, supposing: dict[str, Any], written: str, told: str
) -> None:
    supposing["/v1/organisations"] = registered
    answer, donor = supposed_of(client, supposing, written)
    assert (answer.status_code, donor) == (200, told)
    assert 'list="organisations"' in answer.text
    assert '<option value="Acme">acme</option>' in answer.text


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("Nobody", "No organisation is registered by this name."),
        ("The same", "Write the id of the one that you mean: twin-1 and twin-2"),
    ],
)
def test_a_donor_that_is_none_or_several_is_told_at_its_field(
    client: Any, supposing: dict[str, Any], written: str, says: str
) -> None:
    supposing["/v1/organisations"] = registered
    answer, donor = supposed_of(client, supposing, written)
    assert (answer.status_code, donor) == (422, None)
    assert answer.text.count(says) == 2  # above all, and at the field
    assert f'value="{written}"' in answer.text


def test_donors_that_are_away_are_said_to_be_and_an_id_is_taken_for_one(
    client: Any, supposing: dict[str, Any]
) -> None:
    away = "The register of offers cannot be reached just now."
    answer, donor = supposed_of(client, supposing, "acme")
    assert (answer.status_code, donor) == (200, "acme")
    assert away in answer.text
    assert 'value="acme"' in answer.text
    answer, donor = supposed_of(client, supposing, "Far away")
    assert (answer.status_code, donor) == (422, None)
    assert f'id="o1-organisation-error">{away}' in answer.text


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
    supposing[WHAT_IF] = {**THEN, "needs": {"share": share, "whole": 3}}
    text = client.get(f"/allocation/what-if?language={language}&without=o1").text
    row = re.findall(r"<tr>.*?</tr>", text, re.DOTALL)[1]
    *_others, told = re.findall(r"<td[^>]*>(.*?)</td>", row)
    plain = re.sub(r"<span[^>]*>", "*", told).replace("</span>", "")
    assert plain.replace("<bdi>", "").replace("</bdi>", "") == (says or "–")


def register(path: str) -> Callable[[Ask], dict[str, Any]]:
    """A register that knows every id that is asked for, by its title."""
    return lambda asked: {
        "items": [{"id": one, "title": f"{path} {one}"} for one in asked.query["id"]]
    }


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, with the registers' titles beside what is supposed."""
    return Browser(app).enter(house, make_account("coordinator"))


def pasted(count: int) -> list[str]:
    """Addresses of pages as they are copied, of so many requests."""
    host = "https://entraide.a-ministry-of-somewhere.example"
    return [f"{host}/requests/{number:024x}?language=fr#history" for number in range(count)]


def test_as_many_pasted_addresses_as_may_be_become_one_that_is_served(
    browser: Browser, supposing: dict[str, Any]
) -> None:
    told: list[Any] = []

    def compare(asked: Ask) -> dict[str, Any]:
        told.append(asked.body)
        return THEN

    supposing |= {
        WHAT_IF: compare,
        "/v1/requests/titles": register("R"),
        "/v1/offers/titles": lambda _asked: {"items": []},
    }
    browser.open("/allocation/what-if?language=en")
    many = pasted(MOST_LEFT_OUT)
    browser.send("/allocation/what-if", also="\n".join(many), **{"o1-theme": "marking"})
    assert browser.answer is not None
    assert browser.answer.request.method == "GET"
    assert MOST_ADDRESS >= len(browser.answer.request.full_path) > 5000
    assert browser.answer.request.args["o1-theme"] == "marking"
    assert browser.status == 422  # of the supposed offer, once all of it is looked at
    assert browser.answer.text.count('name="without" value="') == MOST_LEFT_OUT
    browser.send("/allocation/what-if", also=" ".join(many), **{"o1-theme": ""})
    assert (browser.status, len(told[0]["without"])) == (200, MOST_LEFT_OUT)
    browser.open("/allocation/what-if")
    for wrong, says in (
        (f"{many[0]} rubbish!", "is no request and no offer."),
        (" ".join([*many, "one-more"]), "At most 200 can be left out at once."),
    ):
        browser.send("/allocation/what-if", also=wrong)
        assert browser.status == 422
        assert says in browser.page.text
        assert browser.page.forms[-1].values["also"] == wrong
    browser.send("/allocation/what-if", also=many[0], csrf_token="another visit's")
    assert browser.status == 422
    assert "This page had been open for too long." in browser.page.text
    assert "without=" not in browser.answer.request.full_path


def test_what_is_too_long_for_an_address_is_shown_all_the_same(
    browser: Browser, supposing: dict[str, Any]
) -> None:
    supposing[WHAT_IF] = THEN
    ids = {"without": [f"{number:0128x}" for number in range(MOST_LEFT_OUT)]}
    browser.open("/allocation/what-if?language=en")
    browser.send("/allocation/what-if", **ids)
    assert browser.answer is not None
    assert (browser.status, browser.answer.request.method) == (200, "POST")
    assert "Compared with the present" in browser.page.text
    assert browser.answer.text.count('name="without" value="') == MOST_LEFT_OUT


OPEN: Mapping[str, Any] = {
    "id": "a1",
    "status": "accepting",
    "commitments": 2,
    "without": [],
    "computed_at": "2026-11-01T00:00:00+00:00",
    "whole_at": None,
    "donors": [],
    "first_commitments": [],
    "first_unmet": [],
}


def test_who_chose_some_while_a_colleague_accepts_all_keeps_the_choice(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = {"country": "SEN", "request": "r1", "offer": "o1", "organisation": "acme"}
    pair |= {"lines": [], "conditions": [], "priority": None, "alliance": None}
    every = [{**pair, "proposal": one} for one in ("r1.o1", "r1.o2", "r1.o3")]
    found = {
        "/v1/allocations/a1": OPEN,
        "/v1/allocations/a1/commitments": {"items": every, "next": None},
        **{key: {"items": []} for key in ("/v1/requests/titles", "/v1/offers/titles")},
        "/v1/organisations": {"items": []},
    }

    def refuse(*_told: Any, **_more: Any) -> Answer:
        raise RefusedError("matcher", 409, {"type": f"{TYPE_PREFIX}accepting"})

    answer(monkeypatch, found, "")
    monkeypatch.setattr(Services, "send", refuse)
    browser.open("/allocation/a1/accept?chosen=r1.o1&chosen=r1.o3&language=en")
    browser.send("/allocation/a1/accept", chosen=["r1.o1", "r1.o3"])
    assert browser.status == 409
    assert "This cannot be done just now. Try again in a moment." in browser.page.text
    boxes = [one for tag, one in browser.page.tags if one.get("name") == "chosen"]
    assert [(one["value"], "checked" in one) for one in boxes] == [("r1.o1", True), ("r1.o3", True)]


def test_of_changes_that_are_not_all_told_it_is_said_how_many_are_left(
    client: Any, supposing: dict[str, Any]
) -> None:
    amount = {"amount": None, "unit": "machines"}
    told = {"before": {"quantity": 1, **amount}, "after": {"quantity": 3, **amount}}
    needs = [{"request": f"r{one}", "line": 1, "country": "SEN", **told} for one in range(3)]
    donors = [{"organisation": f"org-{one}", **told} for one in range(2)]
    changes = {"needs": needs, "donors": donors, "needs_changed": 1_240, "donors_changed": 2}
    supposing[WHAT_IF] = {**THEN, "changes": changes}
    text = client.get("/allocation/what-if?language=en&without=o1").text
    assert "Needs met more or less: 1,240" in text
    assert "<p>And 1,237 more.</p>" in text
    assert text.count("more.</p>") == 1
