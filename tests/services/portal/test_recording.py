"""A form whose first answer was lost: nothing typed is lost, and nothing is recorded twice."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.app import create_app
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from shared.ids import new_id
from shared.settings import Settings
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.browsing import Browser
from tests.services.portal.conftest import ENVIRON, quick_passwords

TITLE, TEXT = "Racks (illustrative)", "Two rooms without shelves hold seized weapons."
MORE = f"{TEXT} We ask for 12 racks."
MAYBE = "What you sent before may be recorded already."
BEFORE = "What you sent before was recorded."
BLANK: Mapping[str, Any] = {
    **dict.fromkeys(("window", "channel", "source_report", "action_plan", "gender_marker")),
    **dict.fromkeys(("priority", "external_id", "call", "donor_country", "ceiling")),
    **dict.fromkeys(("quantity", "unit", "amount", "currency")),
    **{name: [] for name in ("initiatives", "partners", "objectives", "evidence", "needs")},
    **{name: [] for name in ("provisions", "conditions", "endorsements")},
    "inferred": {"lines": []},
    "eligibility": {},
    "confidentiality": "public",
    "public": False,
    "status": "draft",
}
PAGES = {"requests": "/requests/new", "offers": "/offers/new", "activities": "/activities/new"}
ROLES = {"requests": "requester", "offers": "donor", "activities": "donor"}
ACTIVITY = {"country": "SEN", "theme": "marking", "kind": "training", "status": "ongoing"}


class Register:
    """Registers in memory, with keys as shared/web/idempotency.py has them.

    `lost` writes from now on are done and not answered; while it is `away` none is done.
    """

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, int] = {}
        self.keys: dict[str | None, tuple[str, Answer]] = {}
        self.lost = 0
        self.away = False
        self.refusing: dict[str, Any] | None = None

    def fetch(self, _services: Services, _reader: Reader, one: Ask) -> Answer:
        """What a record says now; of all else a register that is away."""
        found = one.path.rpartition("/")[2]
        if self.away or found not in self.records:
            raise AwayError(one.service)
        return self.answer(found)

    def send(
        self,
        _services: Services,
        _reader: Reader,
        method: str,
        service: str,
        path: str,
        body: Any = None,
        *,
        if_match: str | None = None,
        key: str | None = None,
    ) -> Answer:
        """Write, as a register does."""
        if self.away:
            raise AwayError(service)
        if method == "POST":
            answer = self.made(service, body, key)
        else:
            found = path.rpartition("/")[2]
            if if_match != self.answer(found).etag:
                raise refused(service, 412, "stale")
            answer = self.change(found, body)
        if self.lost:
            self.lost -= 1
            raise AwayError(service)
        return answer

    def made(self, service: str, body: Any, key: str | None) -> Answer:
        """The first answer to what is posted under a key."""
        said = json.dumps(body, sort_keys=True)
        if key in self.keys:
            if self.keys[key][0] != said:
                raise refused(service, 422, "idempotency-key-reused")
            return self.keys[key][1]
        if self.refusing and self.refusing.items() <= body.items():
            raise refused(service, 422, "invalid")
        found = new_id()
        self.records[found] = {"id": found, **BLANK}
        self.versions[found] = 0
        answer = self.change(found, body)
        self.keys[key] = said, answer
        return answer

    def change(self, found: str, body: Mapping[str, Any]) -> Answer:
        """Have a record say this."""
        language = body.get("language") or "en"
        self.versions[found] += 1
        self.records[found] = {**self.records[found], **body, "language": language}
        return self.answer(found)

    def answer(self, found: str) -> Answer:
        """A record in its version."""
        return Answer(self.records[found], f'"{self.versions[found]}"')

    @property
    def texts(self) -> list[str]:
        """What the records say."""
        return [one["description"] for one in self.records.values()]


def refused(service: str, status: int, code: str) -> RefusedError:
    """A refusal without any field."""
    return RefusedError(service, status, {"type": TYPE_PREFIX + code, "title": "Refused"})


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """The registers behind the portal."""
    found = Register()
    for name in ("fetch", "send"):
        call = getattr(found, name)
        monkeypatch.setattr(
            Services, name, lambda *given, _call=call, **more: _call(*given, **more)
        )
    return found


@pytest.fixture
def writing(
    app: Flask, house: House, make_account: Callable[..., Account]
) -> Callable[[str], Browser]:
    """Opens the form of a new record."""

    def open_form(kind: str) -> Browser:
        browser = Browser(app).enter(house, make_account(ROLES[kind]))
        browser.open(PAGES[kind])
        assert browser.status == 200
        return browser

    return open_form


def typed(kind: str, text: str) -> dict[str, str]:
    """What is typed into the form of a new record."""
    more = ACTIVITY if kind == "activities" else {}
    return {"title": TITLE, "description": text, **more}


def form_of(browser: Browser) -> dict[str, str]:
    """What the page's form sends as it is."""
    (form,) = (form for form in browser.page.forms if form.action == "")
    return form.values


def keep(browser: Browser, text: str, path: str = PAGES["requests"]) -> dict[str, Any]:
    """What the page is told that saves by itself."""
    body = {**form_of(browser), **typed("requests", text), "go": "keep"}
    told: dict[str, Any] = browser.client.post(path, data=body).get_json()
    return told


def post(browser: Browser, kind: str, text: str, **more: str) -> None:
    """Send what the form of a new record has now: the page goes on being that form."""
    body = {**form_of(browser), **typed(kind, text), **more}
    browser.answer = browser.client.post(PAGES[kind], data=body)


def test_a_draft_whose_first_answer_was_lost_is_gone_on_with_by_typing(
    register: Register, writing: Callable[[str], Browser]
) -> None:
    browser, register.lost = writing("requests"), 1
    assert keep(browser, TEXT)["state"] == "away"
    told = keep(browser, MORE)
    assert told["state"] == "saved"
    assert register.texts == [MORE]
    assert told["edit"] == f"/requests/{next(iter(register.records))}/edit"
    assert keep(browser, f"{MORE} Soon.")["state"] == "saved", "this answer was lost to the page"
    assert register.texts == [f"{MORE} Soon."]


@pytest.mark.parametrize("kind", PAGES)
def test_a_record_whose_first_answer_was_lost_is_gone_on_with_by_sending(
    register: Register, writing: Callable[[str], Browser], kind: str
) -> None:
    browser, register.lost = writing(kind), 1
    form = form_of(browser)
    post(browser, kind, TEXT)
    assert (browser.status, register.texts) == (503, [TEXT])
    browser.answer = browser.client.post(PAGES[kind], data={**form, **typed(kind, MORE)})
    assert (browser.status, register.texts) == (303, [MORE])


def test_typing_and_then_sending_is_one_draft(
    register: Register, writing: Callable[[str], Browser]
) -> None:
    browser, register.lost = writing("requests"), 1
    keep(browser, TEXT)
    post(browser, "requests", MORE, go="next")
    assert browser.status == 303
    assert browser.answer is not None
    (made,) = register.records
    assert browser.answer.headers["Location"] == f"/requests/{made}/edit/lines"
    assert register.texts == [MORE]


def test_a_portal_that_was_started_anew_and_another_session_go_on(
    register: Register,
    writing: Callable[[str], Browser],
    portal_settings: Settings,
    house: House,
    make_account: Callable[..., Account],
    app: Flask,
) -> None:
    account = make_account("requester")
    browser, register.lost = Browser(app).enter(house, account), 1
    browser.open(PAGES["requests"])
    key = form_of(browser)["key"]
    keep(browser, TEXT)
    other = Browser(create_app(portal_settings, ENVIRON, house.clock, quick_passwords()))
    other.enter(house, account).open(PAGES["requests"])
    post(other, "requests", MORE, go="next", key=key)
    assert (other.status, register.texts) == (303, [MORE])


def test_what_another_tab_saved_meanwhile_is_shown_and_not_replaced(
    register: Register, writing: Callable[[str], Browser]
) -> None:
    browser, register.lost = writing("requests"), 1
    keep(browser, TEXT)
    (made,) = register.records
    register.change(made, {**register.records[made], "description": "Of the other tab."})
    told = keep(browser, MORE)
    assert (told["state"], register.texts) == ("stale", ["Of the other tab."])
    assert "Of the other tab." in told["shown"]
    post(browser, "requests", MORE, go="next")
    assert (browser.status, register.texts) == (412, ["Of the other tab."])
    assert "Of the other tab." in browser.page.text
    assert form_of(browser)["description"] == MORE
    post(browser, "requests", MORE, go="next")
    assert (browser.status, register.texts) == (303, [MORE])


@pytest.mark.parametrize("kind", PAGES)
def test_who_was_told_of_the_record_is_asked_before_it_is_replaced(
    register: Register, writing: Callable[[str], Browser], kind: str
) -> None:
    browser = writing(kind)
    form = form_of(browser)
    post(browser, kind, TEXT)
    for _again in range(2):  # as it was, it is not asked about
        browser.answer = browser.client.post(PAGES[kind], data={**form, **typed(kind, TEXT)})
        assert (browser.status, register.texts) == (303, [TEXT])
    browser.answer = browser.client.post(PAGES[kind], data={**form, **typed(kind, MORE)})
    assert browser.status in (409, 412)
    assert register.texts == [TEXT]
    assert BEFORE in browser.page.text
    assert TEXT in browser.page.text
    post(browser, kind, MORE)
    assert (browser.status, register.texts) == (303, [MORE])


@pytest.mark.parametrize("kind", PAGES)
def test_a_first_text_that_is_refused_frees_the_key(
    register: Register, writing: Callable[[str], Browser], kind: str
) -> None:
    browser, register.away = writing(kind), True
    form = form_of(browser)
    post(browser, kind, TEXT)
    register.away, register.refusing = False, {"description": TEXT}
    browser.answer = browser.client.post(PAGES[kind], data={**form, **typed(kind, MORE)})
    assert (browser.status, register.texts) == (303, [MORE])


@pytest.mark.parametrize("kind", PAGES)
def test_where_nobody_knows_what_the_key_made_the_page_comes_back_with_another(
    register: Register, writing: Callable[[str], Browser], kind: str
) -> None:
    browser = writing(kind)
    key = form_of(browser)["key"]
    register.keys[key] = "something else", Answer({})
    if kind == "requests":
        told = keep(browser, TEXT)
        assert (told["state"], told["lacking"].startswith(MAYBE)) == ("held", True)
    post(browser, kind, TEXT, **({"held": told["held"]} if kind == "requests" else {}))
    assert (browser.status, register.records) == (409, {})
    assert MAYBE in browser.page.text
    assert ("a", {"href": f"/{kind}"}) in browser.page.tags
    assert form_of(browser)["description"] == TEXT
    assert form_of(browser)["key"] != key
    post(browser, kind, TEXT)
    assert (browser.status, register.texts) == (303, [TEXT])


def test_a_record_that_is_over_is_not_changed_by_its_form(
    register: Register, writing: Callable[[str], Browser]
) -> None:
    browser = writing("requests")
    form = form_of(browser)
    post(browser, "requests", TEXT)
    (made,) = register.records
    register.records[made]["status"] = "withdrawn"
    browser.answer = browser.client.post(PAGES["requests"], data={**form, **typed("", MORE)})
    assert (browser.status, register.texts) == (409, [TEXT])
    assert MAYBE in browser.page.text


def test_a_page_of_a_register_that_is_away_keeps_its_request_and_its_version(
    register: Register, writing: Callable[[str], Browser]
) -> None:
    browser = writing("requests")
    edit = keep(browser, TEXT)["edit"]
    (made,) = register.records
    browser.open(f"{edit}/lines")
    row = {"row-0-theme": "marking", "row-0-kind": "equipment", "rows": "1"}
    register.away = True
    browser.send("", **row, go="next")
    assert browser.status == 503
    assert "Nothing is lost: send it again." in browser.page.text
    found = form_of(browser)
    assert (found["request"], found["etag"], found["row-0-theme"]) == (made, '"1"', "marking")
    register.away = False
    register.change(made, {**register.records[made], "needs": []})
    browser.send("", go="next")
    assert browser.status == 412
