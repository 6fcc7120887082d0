"""Decisions on cases, out of what the services answer: what is typed, sent and told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.refusals import WORDS
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from shared.vocabulary.countries import country
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.browsing import Browser

CHANGED = "This changed meanwhile."
CASE = {
    "id": "c1",
    "request": "r1",
    "activity": "a1",
    "line": 1,
    "status": "open",
    "score": 0.8,
    "part": 0.5,
    "basis": "quantity",
    "unit": "machines",
    "notes": [],
    "evidence": [],
    "reason": None,
    "history": [],
}


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, signed in with both factors."""
    return Browser(app).enter(house, make_account("coordinator"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, code: str) -> list[Any]:
    """What is sent to the matcher, which refuses it with that code; the registers are away."""
    bodies: list[Any] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.service != "matcher":
            raise AwayError(one.service)
        return Answer(CASE, '"1"')

    def send(*asked: Any, **_more: Any) -> Answer:
        bodies.append(asked[-1])
        fault = {"field": "quantity", "message": "In the service's words.", "code": code}
        raise RefusedError("matcher", 422, {"errors": [fault]})

    monkeypatch.setattr(Services, "fetch", fetch)
    monkeypatch.setattr(Services, "send", send)
    return bodies


@pytest.mark.parametrize(
    ("language", "typed", "quantity", "code"),
    [
        ("en", "1,500", 1500, "too_large"),
        ("fr", "1,500", 1.5, "part-of-one"),
        ("en", "1.5", 1.5, "part-of-one"),
        ("ar", "١٬٥٠٠", 1500, "too_large"),
        ("en", "NaN", "NaN", "number"),
        ("en", "many", "many", "number"),
    ],
)
def test_how_much_is_covered_is_sent_as_read_and_stays_as_typed(
    browser: Browser, sent: list[Any], language: str, typed: str, quantity: object, code: str
) -> None:
    browser.open(f"/coverage/c1?language={language}")
    browser.send(decision="confirm", quantity=typed)
    assert sent == [{"decision": "confirm", "reason": None, "quantity": quantity}]
    assert browser.status == 422
    (field,) = (attrs for tag, attrs in browser.page.tags if attrs.get("name") == "quantity")
    assert field["value"] == typed
    assert field["aria-invalid"] == "true"
    assert "In the service's words." not in browser.page.text
    if language == "en":
        told = f"How much of the line, if not as shown: {WORDS[code]}"
        assert told in browser.page.text


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (409, "not-open", str(WORDS["not-open"])),
        (409, "no-line", str(WORDS["no-line"])),
        (412, "stale", CHANGED),
    ],
)
def test_what_is_in_the_way_of_a_decision_is_said_and_only_what_changed_is_to_be_looked_at_again(
    browser: Browser,
    sent: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    told: str,
) -> None:
    def send(*_asked: Any, **_more: Any) -> Answer:
        raise RefusedError("matcher", status, {"type": f"{TYPE_PREFIX}{code}", "title": "No."})

    monkeypatch.setattr(Services, "send", send)
    browser.open("/coverage/c1?language=en")
    browser.send(decision="dismiss", quantity="", reason="Another armoury")
    assert (browser.status, sent) == (status, [])
    assert told in browser.page.text
    assert (CHANGED in browser.page.text) == (status == 412)
    assert "Another armoury" in browser.answer.text


def test_a_reason_is_given_back_where_there_is_nothing_to_decide_any_more(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = {**CASE}

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.service != "matcher":
            raise AwayError(one.service)
        return Answer(case, '"1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser.open("/coverage/c1?language=en")
    case["status"] = "closed"
    browser.send(decision="dismiss", quantity="", reason="Another armoury")
    assert browser.status == 409
    assert str(WORDS["illegal-transition"]) in browser.page.text
    assert "Another armoury" in browser.page.text


ALLIANCE = {
    "id": "a1",
    "status": "proposed",
    "sentence": "A sentence.",
    "saving": None,
    "reason": None,
    "states": ["SEN", "MLI"],
    "common": [],
    "offers": [],
    "history": [],
    "members": [
        {
            "country": country,
            "request": country,
            "standing": "proposed",
            "reason": None,
            "sentence": None,
        }
        for country in ("SEN", "MLI", "KEN")
    ],
}
WEST, EAST = (country(one).area for one in ("SEN", "KEN"))
ELSEWHERE = "a coordinator of all of them decides"


@pytest.mark.parametrize(
    ("regions", "decides"), [([], True), ([WEST, EAST], True), ([WEST], False), ([EAST], False)]
)
def test_only_a_coordinator_of_all_its_states_is_asked_to_decide_on_a_joint_project(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    regions: list[str],
    decides: bool,
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        return Answer(ALLIANCE if one.service == "matcher" else {"items": []}, '"1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("coordinator", regions=regions))
    page = browser.open("/alliances/a1?language=en")
    assert browser.status == 200
    offered = {attrs["value"] for _tag, attrs in page.tags if attrs.get("name") == "decision"}
    assert (offered, ELSEWHERE in page.text) == (
        ({"endorse", "dismiss"}, False) if decides else (set(), True)
    )


@pytest.mark.parametrize(
    ("status", "told"), [("agreed", True), ("dismissed", True), ("dissolved", False)]
)
def test_others_are_named_only_where_somebody_can_decide_on_a_joint_project(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    told: bool,
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        found = {**ALLIANCE, "status": status} if one.service == "matcher" else {"items": []}
        return Answer(found, '"1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("coordinator", regions=[WEST]))
    text = browser.open("/alliances/a1?language=en").text
    assert (browser.status, ELSEWHERE in text) == (200, told)


@dataclass
class Deciding:
    """The matcher with one joint project, which does what is asked under a key once."""

    status: str
    standing: str = "proposed"
    version: int = 1
    done: dict[str, Any] = field(default_factory=dict)

    def answer(self) -> Answer:
        members = [{**one, "standing": self.standing} for one in ALLIANCE["members"]]
        found = {**ALLIANCE, "status": self.status, "members": members}
        return Answer(found, f'"{self.version}"')

    def fetch(self, _reader: Reader, one: Ask) -> Answer:
        return self.answer() if one.service == "matcher" else Answer({"items": []}, '"1"')

    def send(self, *asked: Any, if_match: str, key: str) -> Answer:
        body = asked[-1]
        if key in self.done:
            assert self.done[key] == (if_match, body)
            return self.answer()
        if if_match != f'"{self.version}"':
            raise RefusedError("matcher", 412, {"title": "It changed."})
        self.done[key] = if_match, body
        self.version += 1
        self.standing = {"agree": "agreed", "decline": "declined"}.get(
            body.get("answer"), self.standing
        )
        self.status = {"endorse": "endorsed", "dismiss": "dismissed"}.get(
            body.get("decision"), self.status
        )
        return self.answer()


@pytest.mark.parametrize(
    ("role", "status", "decision", "other"),
    [
        ("requester", "endorsed", "agree", "decline"),
        ("requester", "endorsed", "decline", "agree"),
        ("coordinator", "proposed", "endorse", "dismiss"),
        ("coordinator", "endorsed", "dismiss", "dismiss"),
    ],
)
def test_a_decision_on_a_joint_project_that_is_sent_twice_is_no_conflict_with_itself(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    status: str,
    decision: str,
    other: str,
) -> None:
    matcher = Deciding(status)
    monkeypatch.setattr(Services, "fetch", lambda _self, *asked: matcher.fetch(*asked))
    monkeypatch.setattr(
        Services, "send", lambda _self, *asked, **more: matcher.send(*asked, **more)
    )
    browser, colleague = (Browser(app).enter(house, make_account(role)) for _ in range(2))
    for one in (browser, colleague):
        one.open("/alliances/a1?language=en")
    form = browser.page.forms[-1].values
    sent = {**form, "decision": decision, "reason": "For our own reasons"}
    for _ in range(2):
        answer = browser.client.post("/alliances/a1", data=sent, follow_redirects=True)
        assert (answer.status_code, "It was decided." in answer.text) == (200, True)
    assert len(matcher.done) == 1
    colleague.send(decision=other, reason="A colleague's reason")
    assert colleague.status in (409, 412, 422)
    assert "A colleague's reason" in colleague.page.text
    assert "It was decided." not in colleague.page.text
    assert len(matcher.done) == 1


@pytest.mark.parametrize(("regions", "decides"), [([], True), ([WEST], False)])
def test_the_queue_marks_joint_projects_that_others_decide_on(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    regions: list[str],
    decides: bool,
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        listed = one.path == "/v1/alliances"
        return Answer({"items": [ALLIANCE] if listed else [], "next": None}, '"1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("coordinator", regions=regions))
    text = browser.open("/review?kind=alliances&language=en").text
    assert (browser.status, "Senegal" in text) == (200, True)
    assert (ELSEWHERE in text) is not decides


@pytest.mark.parametrize(("regions", "states"), [([WEST], {"SEN", "MLI"}), ([], {"SEN", "KEN"})])
def test_an_embargo_is_entered_on_states_of_ones_regions_alone(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    regions: list[str],
    states: set[str],
) -> None:
    browser = Browser(app).enter(house, make_account("coordinator", regions=regions))
    page = browser.open("/embargoes/new?language=en")
    offered = {attrs.get("value") for tag, attrs in page.tags if tag == "option"}
    assert states <= offered
    assert ("KEN" in offered) is not bool(regions)
