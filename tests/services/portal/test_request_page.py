"""The pages of a request, out of what the services answer to each of its readers."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import RefusedError, Services
from shared.vocabulary.currencies import to_usd_cents
from tests.services.portal.answering import NEED, Asked, answer
from tests.services.portal.browsing import Browser
from tests.services.portal.test_embargoed_pages import EMPTY, LACKS, LINES, REQUEST

CENTS = {"amount": 25_000_00, "amount_of": 50_000_00}
AIM = {"text": "zqaim", "indicator": None, "baseline": None, "target": None, "date": None}
LINE = {
    **NEED,
    **LINES,
    **LACKS,
    "priority": "high",
    "sites": ["zqsite"],
    "visibility": "parties",
    "objectives": [{**AIM, "text": "zqaim of the line"}],
}
WHOLE = {
    **REQUEST,
    "objectives": [AIM],
    "action_plan": {"title": "zqplan", "url": None},
    "source_report": {"title": "zqreport", "url": None, "year": 2025},
    "evidence": [{"text": "zqevidence", "url": None}],
    "partners": ["WCO"],
    "needs": [LINE],
    "circulates_at": None,
}
FOUND = {
    "/v1/requests/r1/attachments": EMPTY,
    "/v1/requests/r1/reads": EMPTY,
    "/v1/requests/r1/similar": EMPTY,
    "/v1/requests/r1/advice": {"summary": "As it is.", "items": []},
    "/v1/proposals": EMPTY,
    "/v1/organisations": {"items": [{"id": "acme", "name": "Acme Fund"}]},
    "/v1/embargoes/rulings/r1": {"permitted": True, "notices": []},
}

Opens = Callable[..., Browser]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the services answer by path."""
    return answer(monkeypatch, {**FOUND, "/v1/requests/r1": WHOLE}, '"1.0"')


@pytest.fixture
def opens(app: Flask, house: House, make_account: Callable[..., Account]) -> Opens:
    """Opens a page in English as somebody: opens("/requests/r1", "donor")."""

    def opens(path: str, role: str, **bound: Any) -> Browser:
        browser = Browser(app).enter(house, make_account(role, **bound))
        browser.open(f"{path}?language=en")
        assert browser.status == 200
        return browser

    return opens


def as_others_see(request: Any) -> Any:
    """A request as it is shown to who does not oversee it."""
    return {name: request[name] for name in request if name != "inferred"}


def test_what_is_checked_before_it_is_submitted_is_all_that_is_submitted(
    answers: Asked, opens: Opens
) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "status": "draft"}
    for page in ("/requests/r1/edit/check", "/requests/r1"):
        text = opens(page, "requester").page.text
        for said in ("zqaim", "zqaim of the line", "zqplan", "zqreport (2025)", "zqevidence"):
            assert said in text, (page, said)
        assert "Priority High Where zqsite" in text, page
        assert "Who sees this line Donors whose offers were endorsed for it" in text, page
        assert "Partners World Customs Organization" in text, page


@pytest.mark.parametrize("status", ["submitted", "authenticated", "circulated"])
def test_a_coordinator_sends_back_what_is_authenticated(
    answers: Asked, opens: Opens, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "status": status}
    browser = opens("/requests/r1", "coordinator")
    action = "/requests/r1/steps/return"
    forms = [form for form in browser.page.forms if form.action == action]
    assert len(forms) == (status == "authenticated")
    if not forms:
        return
    sent: list[Any] = []

    def send(*asked: Any, **more: Any) -> Answer:
        sent.append((*asked[-2:], more["if_match"]))
        return Answer({}, '"1.1"')

    monkeypatch.setattr(Services, "send", send)
    browser.send(action, text="zqsaid")
    assert (browser.status, sent) == (422, [])
    assert "Fill this in." in browser.page.text
    browser.send(action, reason="content")
    said = {"reason": "content", "text": "zqsaid"}
    assert sent == [("/v1/requests/r1/return", said, '"1.0"')]
    assert "Sent back to its State." in browser.page.text


@pytest.fixture
def refuses(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Have the services refuse what is sent."""

    def refuses(status: int) -> None:
        def send(*_asked: Any, **_more: Any) -> Answer:
            raise RefusedError("requests", status, {"title": "No."})

        monkeypatch.setattr(Services, "send", send)

    return refuses


def ticked(browser: Browser, name: str) -> list[str]:
    """The values that are ticked of the boxes or buttons of that name."""
    return [
        one["value"]
        for tag, one in browser.page.tags
        if tag == "input" and one.get("name") == name and "checked" in one
    ]


@pytest.mark.parametrize("status", [412, 409])
@pytest.mark.parametrize("consent", ["", "express"])
def test_the_consent_that_was_given_stays_given_where_it_is_refused(
    answers: Asked, opens: Opens, refuses: Callable[[int], None], status: int, consent: str
) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "status": "draft"}
    browser = opens("/requests/r1", "requester")
    assert ticked(browser, "consent") == [""]
    refuses(status)
    browser.send("/requests/r1/steps/submit", consent=consent)
    assert browser.status == status
    assert ticked(browser, "consent") == [consent]


@pytest.mark.parametrize("status", [412, 409])
def test_what_was_written_into_a_step_that_is_possible_no_more_is_given_back(
    answers: Asked, opens: Opens, refuses: Callable[[int], None], status: int
) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "status": "authenticated"}
    browser = opens("/requests/r1", "coordinator")
    answers["/v1/requests/r1"] = {**WHOLE, "status": "withdrawn"}
    refuses(status)
    browser.send("/requests/r1/steps/return", reason="content", text="zqsaid to the State")
    assert browser.status == 409
    assert "zqsaid to the State" in browser.page.text
    assert ("changed since you opened it" in browser.page.text) == (status == 412)


SEEMS = {**NEED, "line": None, "probability": 0.9, "visibility": None}
INFERRED = {
    "lines": [
        {**SEEMS, "index": 0},
        {**SEEMS, "index": 1, "kind": "training", "quantity": 40, "unit": "persons"},
    ]
}


def test_lines_that_were_ticked_stay_ticked_where_they_are_refused(
    answers: Asked, opens: Opens, refuses: Callable[[int], None]
) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "inferred": INFERRED}
    browser = opens("/requests/r1", "requester")
    refuses(412)
    action = "/requests/r1/steps/confirm-lines"
    browser.send(action, line="1.marking.training")
    assert browser.status == 412
    assert ticked(browser, "line") == ["1.marking.training"]
    browser.send(action, line="0.marking.training")  # another line stands there now
    assert ticked(browser, "line") == []


def test_who_chose_no_line_is_told_so_where_the_lines_are(answers: Asked, opens: Opens) -> None:
    answers["/v1/requests/r1"] = {**WHOLE, "inferred": INFERRED}
    browser = opens("/requests/r1", "requester")
    browser.send("/requests/r1/steps/confirm-lines")
    assert browser.status == 422
    assert browser.page.text.count("Choose at least one line.") == 2
    links = [one.get("href") for tag, one in browser.page.tags if tag == "a"]
    ids = [one.get("id") for _tag, one in browser.page.tags]
    assert "#confirm-lines-lines" in links
    assert "confirm-lines-lines" in ids


NONE_FITS = "No offer fits so far. New ones are looked at as they come"
TOLD = f"{NONE_FITS}, and you are told."


@pytest.mark.parametrize(
    ("role", "bound", "status", "said"),
    [
        ("requester", {}, "circulated", TOLD),
        ("requester", {}, "closed", "No offers are looked for any more: Closed."),
        ("requester", {}, "withdrawn", "No offers are looked for any more: Withdrawn."),
        ("requester", {}, "merged", "No offers are looked for any more: Merged."),
        ("requester", {"state": "BEN"}, "circulated", "is shown to its own State."),
        ("donor", {}, "circulated", "None of your offers is proposed for it so far."),
        ("donor", {}, "closed", "No offers are looked for any more: Closed."),
        ("coordinator", {}, "circulated", f"{NONE_FITS}."),
        ("coordinator", {}, "closed", "No offers are looked for any more: Closed."),
    ],
)
def test_that_none_fits_is_said_by_what_its_reader_sees_and_what_comes_still(
    answers: Asked, opens: Opens, role: str, bound: dict[str, str], status: str, said: str
) -> None:
    request = {**WHOLE, "status": status}
    oversees = role == "coordinator" or (role == "requester" and not bound)
    answers["/v1/requests/r1"] = request if oversees else as_others_see(request)
    text = opens("/requests/r1/offers", role, **bound).page.text
    assert said in text
    assert (NONE_FITS in text) is said.startswith(NONE_FITS)
    assert (TOLD in text) is (said == TOLD)


@pytest.mark.parametrize(("bound", "leads"), [({}, True), ({"state": "BEN"}, False)])
def test_offers_that_fit_are_led_to_for_who_sees_some(
    answers: Asked, opens: Opens, bound: dict[str, str], leads: bool
) -> None:
    answers["/v1/requests/r1"] = WHOLE if leads else as_others_see(WHOLE)
    tags = opens("/requests/r1", "requester", **bound).page.tags
    assert ("/requests/r1/offers" in [one.get("href") for _tag, one in tags]) is leads


@pytest.mark.parametrize("page", ["/requests/r1", "/requests/r1/offers"])
@pytest.mark.parametrize(("currency", "words"), [("EUR", "€25,000 of €50,000"), ("KPW", None)])
def test_what_an_offer_gives_of_a_line_of_money_is_told_in_the_lines_own_currency(
    answers: Asked, opens: Opens, house: House, page: str, currency: str, words: str | None
) -> None:
    day = house.clock().date()
    cents = {name: to_usd_cents(value, "EUR", day) for name, value in CENTS.items()}
    serving = {
        **dict.fromkeys(("need", "provision"), 1),
        "theme": "marking",
        "kind": "equipment",
        **dict.fromkeys(("quantity", "of", "unit")),
        **{name: value / 100 for name, value in cents.items()},
    }
    lists = ("inferred", "reasons", "lacking", "embargoes", "conditions", "promised")
    proposal = {
        **{name: [] for name in lists},
        "id": "r1.o1",
        "offer": "o1",
        "organisation": "acme",
        "status": "proposed",
        "rank": 1,
        "cooperation": "North to South.",
        "serves": [serving],
    }
    answers["/v1/proposals"] = {"items": [proposal], "next": None}
    money = {"quantity": None, "unit": None, "amount": 50_000, "currency": currency}
    answers["/v1/requests/r1"] = {**WHOLE, "needs": [{**LINE, **money}]}
    text = opens(page, "requester").page.text
    assert "$" not in text
    if words is None:
        assert " of €" not in text
    else:
        assert words in text
