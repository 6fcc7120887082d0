"""A form that was sent, gone back to in the browser, and sent with something else in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.recording import MAYBE
from services.portal.pages.refusals import WORDS
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.browsing import Browser
from tests.services.portal.test_case_pages import CASE
from tests.services.portal.test_embargo_requests import exempting

EMBARGOES, JOIN = "/embargoes/new", "/matches/r.o/join"
SENT_BEFORE = str(WORDS["idempotency-key-reused"])
THERE = "This State and resolution have an entry already."
OWN = "our-organisation"


class Matcher:
    """The matcher's registers of embargoes and of offers to join, with keys as services have them.

    `lost` answers are not given to what is done.
    """

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.keys: dict[str | None, tuple[str, str]] = {}
        self.lost = 0

    def fetch(self, _services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path == "/v1/joinings":
            return Answer({"items": list(self.kept.values()), "next": None})
        found = one.path.rpartition("/")[2]
        if one.path.startswith("/v1/embargoes/") and found in self.kept:
            return self.answer(found)
        raise AwayError(one.service)

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
        said = json.dumps([path, body], sort_keys=True)
        if key in self.keys:
            if self.keys[key][0] != said:
                raise refused(422, "idempotency-key-reused")
            return self.answer(self.keys[key][1])
        found = self.done(method, path, body, if_match)
        if key is not None:
            self.keys[key] = said, found
        if self.lost:
            self.lost -= 1
            raise AwayError(service)
        return self.answer(found)

    def done(self, method: str, path: str, body: Any, seen: str | None) -> str:
        if path == "/v1/joinings":
            if self.kept and self.kept["j"]["status"] != "withdrawn":
                raise refused(409, "offered")
            self.keep("j", {**body, "organisation": OWN, "status": "offered", "reason": None})
            return "j"
        if path == "/v1/embargoes":
            found = "-".join(body["resolution"].lower().split())
            if found in self.kept:
                raise refused(409, "duplicate", existing=found)
        else:
            found = path.split("/")[3]
            if seen != self.answer(found).etag:
                raise refused(412, "stale")
        entry = {"status": "confirmed", "review_by": None, "changes": [], **(body or {})}
        self.keep(found, {"status": "withdrawn"} if path.endswith("/withdraw") else entry)
        return found

    def keep(self, found: str, values: dict[str, Any]) -> None:
        before = self.kept.get(found, {"id": found, "version": "1.0"})
        version = f"1.{int(before['version'][2:]) + 1}"
        self.kept[found] = {**before, **values, "version": version}

    def answer(self, found: str) -> Answer:
        return Answer(self.kept[found], f'"{self.kept[found]["version"]}"')


def refused(status: int, code: str, **members: str) -> RefusedError:
    problem = {"type": TYPE_PREFIX + code, "title": "Refused", **members}
    return RefusedError("matcher", status, problem)


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch) -> Matcher:
    found = Matcher()
    for name in ("fetch", "send"):
        call = getattr(found, name)
        monkeypatch.setattr(
            Services, name, lambda *given, _call=call, **more: _call(*given, **more)
        )
    return found


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    return Browser(app).enter(house, make_account("coordinator"))


@pytest.fixture
def joiner(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    return Browser(app).enter(house, make_account("donor", organisation=OWN))


def form_of(browser: Browser, action: str) -> dict[str, str]:
    """What the page's form sends as it is."""
    return next(form.values for form in browser.page.forms if form.action == action)


def send(browser: Browser, path: str, values: dict[str, str]) -> None:
    browser.answer = browser.client.post(path, data=values)


def entered(browser: Browser) -> dict[str, str]:
    """The form of a new entry that was sent as it is."""
    browser.open(EMBARGOES)
    form = {**form_of(browser, EMBARGOES), **exempting()}
    send(browser, EMBARGOES, form)
    assert browser.status == 303
    return form


def test_an_entry_that_was_sent_before_is_shown_before_it_is_replaced(
    matcher: Matcher, browser: Browser
) -> None:
    form = entered(browser)
    send(browser, EMBARGOES, form)
    assert browser.status == 303, "sent again as it was"
    send(browser, EMBARGOES, {**form, "source": "Another source"})
    assert browser.status == 409
    assert THERE in browser.page.text
    assert [one["source"] for one in matcher.kept.values()] == ["Made up"]
    again = form_of(browser, EMBARGOES)
    assert again["source"] == "Another source"
    send(browser, EMBARGOES, again)
    assert browser.status == 303
    assert [one["source"] for one in matcher.kept.values()] == ["Another source"]


def test_an_entry_that_is_there_is_shown_to_who_enters_it_by_a_new_form(
    matcher: Matcher, browser: Browser
) -> None:
    entered(browser)
    browser.open(EMBARGOES)  # as a browser does that is told to keep nothing and goes back
    form = {**form_of(browser, EMBARGOES), **exempting(), "source": "Another source"}
    send(browser, EMBARGOES, {**form, "resolution": " made  UP"})
    assert browser.status == 409
    assert THERE in browser.page.text
    assert "Made up" in browser.page.text
    again = form_of(browser, EMBARGOES)
    assert again["source"] == "Another source"
    send(browser, EMBARGOES, again)
    assert browser.status == 303
    assert [one["source"] for one in matcher.kept.values()] == ["Another source"]


def test_an_entry_whose_answer_was_lost_is_gone_on_with(matcher: Matcher, browser: Browser) -> None:
    browser.open(EMBARGOES)
    form, matcher.lost = {**form_of(browser, EMBARGOES), **exempting()}, 1
    send(browser, EMBARGOES, form)
    assert browser.status == 503
    send(browser, EMBARGOES, {**form, "source": "Another source"})
    assert browser.status == 303
    assert [one["source"] for one in matcher.kept.values()] == ["Another source"]


def test_another_resolution_is_another_entry_and_what_was_sent_before_is_told(
    matcher: Matcher, browser: Browser
) -> None:
    form = entered(browser)
    send(browser, EMBARGOES, {**form, "resolution": "Another"})
    assert browser.status == 409
    assert str(MAYBE) in browser.page.text
    assert ("a", {"href": "/embargoes"}) in browser.page.tags
    assert list(matcher.kept) == ["made-up"]
    again = form_of(browser, EMBARGOES)
    assert (again["resolution"], again["key"] != form["key"]) == ("Another", True)
    send(browser, EMBARGOES, again)
    assert browser.status == 303
    assert list(matcher.kept) == ["made-up", "another"]


def test_an_offer_to_join_that_was_sent_before_is_shown_with_what_is_written_now(
    matcher: Matcher, joiner: Browser
) -> None:
    joiner.open(JOIN)
    form = {**form_of(joiner, JOIN), "role": "expertise", "text": "Our trainers are near."}
    send(joiner, JOIN, form)
    assert joiner.status == 303
    send(joiner, JOIN, {**form, "text": "Our trainers speak French."})
    assert joiner.status == 422
    assert SENT_BEFORE in joiner.page.text
    assert "Our trainers are near." in joiner.page.text
    assert matcher.kept["j"]["text"] == "Our trainers are near."
    again = form_of(joiner, JOIN)
    assert (again["role"], again["text"]) == ("expertise", "Our trainers speak French.")
    for _twice in range(2):
        send(joiner, JOIN, again)
        assert joiner.status == 303
    assert (matcher.kept["j"]["status"], matcher.kept["j"]["text"]) == ("offered", again["text"])


def test_what_a_side_has_answered_meanwhile_is_not_taken_back_unseen(
    matcher: Matcher, joiner: Browser
) -> None:
    joiner.open(JOIN)
    form = {**form_of(joiner, JOIN), "role": "expertise", "text": "Our trainers are near."}
    send(joiner, JOIN, form)
    send(joiner, JOIN, {**form, "text": "Our trainers speak French."})
    again = form_of(joiner, JOIN)
    matcher.keep("j", {"status": "donor-agreed"})
    send(joiner, JOIN, again)
    assert matcher.kept["j"]["status"] == "donor-agreed"
    assert "Agreed by the donor" in joiner.page.text
    assert form_of(joiner, JOIN)["text"] == "Our trainers speak French."
    matcher.keep("j", {"status": "declined", "reason": "Not now."})
    send(joiner, JOIN, form_of(joiner, JOIN))
    assert form_of(joiner, JOIN)["text"] == "Our trainers speak French."
    assert "Take back what was sent" not in joiner.page.text


def test_a_decision_that_was_sent_before_says_so_and_can_be_sent(
    app: Flask, house: House, make_account: Callable[..., Account], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: list[str | None] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.service == "matcher":
            return Answer(CASE, '"1.1"')
        raise AwayError(one.service)

    def take(*_given: Any, key: str | None = None, **_more: Any) -> Answer:
        keys.append(key)
        raise refused(422, "idempotency-key-reused")

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", take)
    browser = Browser(app).enter(house, make_account("coordinator"))
    browser.open("/coverage/c1")
    for _again in range(2):
        form = next(one.values for one in browser.page.forms if "key" in one.values)
        sent = {**form, "decision": "dismiss", "reason": "Another armoury"}
        send(browser, "/coverage/c1", sent)
        assert browser.status == 422
        assert SENT_BEFORE in browser.page.text
        assert "Another armoury" in str([one.values for one in browser.page.forms])
    assert len(set(keys)) == 2
