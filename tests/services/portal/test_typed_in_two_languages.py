"""A request's lines, typed on a page of one language while another is read in another tab."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account, UnfinishedPart
from services.portal.house import House
from services.portal.pages.requests.typing_on import held_sheet
from services.portal.services import Ask, AwayError, Reader, Services
from services.portal.unfinished import Held, Place, find, hold
from tests.services.portal.browsing import Browser
from tests.services.portal.test_sheet_changes import RECORDS

ID = "a" * 24
LINES = f"/requests/{ID}/edit/lines"
NUMBER = "row-0-quantity"
FRENCH = "120\u202f000"


class Register:
    """A register that keeps one request, a draft with one line."""

    def __init__(self) -> None:
        record = RECORDS["requests"]
        self.view = {**record, "id": ID, "country": "SEN", "status": "draft"}
        self.view["needs"] = [{**record["needs"][0], "line": 1, "quantity": 3, "unit": "machines"}]
        self.away = False

    def answer(self) -> Answer:
        return Answer(self.view, f'"{self.view["needs"][0]["quantity"]}"')

    @property
    def quantity(self) -> float:
        found: float = self.view["needs"][0]["quantity"]
        return found


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    kept = Register()

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if kept.away or one.path != f"/v1/requests/{ID}":
            raise AwayError(one.service)
        return kept.answer()

    def send(*sent: Any, **_more: Any) -> Answer:
        body: Mapping[str, Any] = sent[5]
        kept.view = {**kept.view, **body, "needs": [{**kept.view["needs"][0], **body["needs"][0]}]}
        return kept.answer()

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", send)
    return kept


@pytest.fixture
def account(make_account: Callable[..., Account]) -> Account:
    return make_account("requester", state="SEN")


@pytest.fixture
def browser(app: Flask, house: House, account: Account, register: Register) -> Browser:
    """The State's, with its lines open in English and another tab in French by now."""
    assert register
    UnfinishedPart.objects.delete()
    found = Browser(app).enter(house, account)
    found.open(f"{LINES}?language=en")
    found.client.get("/account?language=fr")
    return found


def send(browser: Browser, **typed: str) -> None:
    """Send the shown form to its own address, which says no language any more."""
    values = {**browser.page.forms[-1].values, **typed}
    browser.answer = browser.client.post(LINES, data=values)


def shown(browser: Browser) -> tuple[str, str]:
    """What stands in the number's field, and in which language the page says that it is."""
    values = browser.page.forms[-1].values
    return values[NUMBER], values["typed_in"]


def test_a_number_is_kept_as_it_was_meant(browser: Browser, register: Register) -> None:
    send(browser, **{NUMBER: "120,000", "go": "next"})
    assert (browser.status, register.quantity) == (303, 120_000)


def test_a_form_with_an_error_says_the_same_number_as_often_as_it_is_shown(
    browser: Browser, register: Register
) -> None:
    typed = {NUMBER: "120,000", "row-0-amount": "a lot", "go": "next"}
    send(browser, **typed)
    for _again in range(2):
        assert (browser.status, shown(browser)) == (422, (FRENCH, "fr"))
        assert browser.page.forms[-1].values["row-0-amount"] == "a lot"
        send(browser, go="next")
    browser.client.get("/account?language=en")
    send(browser, go="next")
    assert shown(browser) == ("120,000", "en")
    send(browser, go="next", **{"row-0-amount": ""})
    assert (browser.status, register.quantity) == (303, 120_000)


def test_a_row_more_leaves_the_numbers_that_are_there(browser: Browser) -> None:
    send(browser, **{NUMBER: "120,000", "row-0-amount": "a lot", "go": "add"})
    assert (browser.status, shown(browser)) == (200, (FRENCH, "fr"))


def test_what_is_kept_while_it_is_typed_is_read_by_the_page(
    browser: Browser, register: Register
) -> None:
    send(browser, **{NUMBER: "120,000", "go": "keep"})
    assert browser.answer is not None
    assert (browser.answer.json or {})["state"] == "saved"
    assert register.quantity == 120_000


@pytest.mark.parametrize(
    ("language", "text"), [("en", "120,000"), ("fr", FRENCH), ("es", "120.000")]
)
def test_what_is_held_is_shown_in_the_language_of_whoever_goes_on(
    browser: Browser, register: Register, language: str, text: str
) -> None:
    send(browser, **{NUMBER: "120,000", "row-0-amount": "a lot", "go": "keep"})
    assert browser.answer is not None
    assert (browser.answer.json or {})["state"] == "held"
    browser.open(f"{LINES}?language={language}")
    assert shown(browser) == (text, language)
    assert browser.page.forms[-1].values["row-0-amount"] == "a lot"
    send(browser, go="next", **{"row-0-amount": ""})
    assert (browser.status, register.quantity) == (303, 120_000)


def test_what_was_held_before_forms_said_their_language_is_read_as_before(
    app: Flask, house: House, account: Account
) -> None:
    place = Place(account.id, ID, "lines")
    hold(house, place, [("rows", "1"), (NUMBER, "1,500")], "", "")
    held = find(house, place)
    assert isinstance(held, Held)
    for language, value in (("en", 1500), ("fr", 1.5)):
        with app.test_request_context(f"/?language={language}"):
            sheet = held_sheet("lines", held)
            assert sheet.rows[0]["quantity"].data == "1,500"
            assert sheet.members({})["needs"][0]["quantity"] == value


def test_what_was_typed_before_the_session_ended_keeps_its_language(
    browser: Browser, register: Register, house: House, account: Account
) -> None:
    browser.client.delete_cookie("entraide-session")
    send(browser, **{NUMBER: "120,000", "go": "next"})
    assert (browser.status, shown(browser)) == (403, ("120,000", "en"))
    browser.enter(house, account)
    send(browser, csrf_token="of the visit before")
    assert (browser.status, shown(browser)) == (422, (FRENCH, "fr"))
    send(browser)
    assert (browser.status, register.quantity) == (303, 120_000)


def test_what_a_service_was_away_for_keeps_its_language(
    app: Flask, house: House, register: Register, make_account: Callable[..., Account]
) -> None:
    register.away = True
    donor = Browser(app).enter(house, make_account("donor"))
    donor.open("/account/password?language=en")
    token = donor.page.forms[-1].values["csrf_token"]
    donor.client.get("/account?language=fr")
    typed = {"rows-0-capacity": "120,000", "typed_in": "en"}
    donor.answer = donor.client.post("/offers/o/edit/lines", data={**typed, "csrf_token": token})
    for _again in range(2):
        assert donor.status == 503
        (values,) = (form.values for form in donor.page.forms if form.action == "")
        assert values == {**typed, "csrf_token": values["csrf_token"]}
        assert donor.answer.text.count('name="typed_in"') == 2, "beside that of signing out"
        donor.answer = donor.client.post("/offers/o/edit/lines", data=values)
