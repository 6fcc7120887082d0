"""The page of a proposal, out of what the services answer: what is told before the decision."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from tests.services.portal.browsing import Browser

NONE_SERVED = "It serves none of the need lines that the request states now."
ALL_MET = "Nothing: all that is asked for is met."
SERVING = {"need": 1, "provision": 1, "quantity": 2.0, "amount": None}
LISTS = (
    *("inferred", "reasons", "evidence", "against", "ruled_out", "lacking", "conditions"),
    *("embargoes", "contradictions", "line_contradictions"),
)
NOTICES = ("track_record", "displaced", "same_donor", "came_back", "reason")
PROPOSAL = {
    **{name: [] for name in LISTS},
    **dict.fromkeys(NOTICES),
    "id": "r1.o1",
    "request": "r1",
    "request_version": "1.0",
    "offer": "o1",
    "offer_version": "1.0",
    "version": "0.1",
    "organisation": "acme",
    "country": "SEN",
    "score": 0.7,
    "status": "proposed",
    "rank": 1,
    "cooperation": "North to South.",
    "hidden_lines": 0,
    "serves": [SERVING],
}
NEED = {
    "line": 1,
    "theme": "marking",
    "kind": "equipment",
    "quantity": 4,
    "unit": "machines",
    "amount": None,
    "currency": None,
}
RECORD = {"version": "1.0", "title": "A title", "description": "", "language": "en", "window": None}
REQUEST = {**RECORD, "id": "r1", "status": "circulated", "needs": [NEED]}
OFFER = {**RECORD, "id": "o1", "status": "published", "provisions": [], "conditions": []}

Asked = dict[str, Any]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What the services answer by path; a path that is not in it has a service that is away."""
    found: Asked = {
        "/v1/proposals/r1.o1": PROPOSAL,
        "/v1/requests/r1": REQUEST,
        "/v1/offers/o1": OFFER,
    }

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path not in found:
            raise AwayError(one.service)
        return Answer(found[one.path], '"0.1"')

    monkeypatch.setattr(Services, "fetch", fetch)
    return found


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, signed in with both factors."""
    return Browser(app).enter(house, make_account("coordinator"))


@pytest.mark.parametrize(
    ("serves", "needs", "none_served"),
    [
        ([SERVING], [NEED], False),
        ([], [NEED], True),
        ([SERVING], [{**NEED, "line": 2}], True),
        ([SERVING], [], True),
        ([{**SERVING, "quantity": 0.0}], [NEED], True),
        ([SERVING], None, False),
        ([], None, True),
    ],
    ids=["one", "none", "gone", "all gone", "nothing of it", "away", "none, away"],
)
def test_a_proposal_that_serves_no_need_line_says_so_before_the_decision(
    browser: Browser, answers: Asked, serves: list[Any], needs: list[Any] | None, none_served: bool
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": serves}
    if needs is None:
        del answers["/v1/requests/r1"]
    else:
        answers["/v1/requests/r1"] = {**REQUEST, "needs": needs}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert browser.status == 200
    assert (NONE_SERVED in text) is none_served
    assert (ALL_MET in text) is not none_served
    if none_served:
        assert text.index(NONE_SERVED) < text.index("What is asked for") < text.index("Endorse it")


def test_one_that_was_decided_on_is_warned_of_no_more(browser: Browser, answers: Asked) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": [], "status": "endorsed"}
    browser.open("/proposals/r1.o1?language=en")
    warned = [one for tag, one in browser.page.tags if tag == "p" and one.get("class") == "warned"]
    assert (browser.status, warned) == (200, [])


def test_of_several_one_that_serves_no_need_line_is_not_ticked_by_itself(
    browser: Browser, answers: Asked
) -> None:
    none = {**PROPOSAL, "id": "r1.o2", "offer": "o2", "serves": []}
    weak = [{"code": "text_kind", "sentence": "The kinds meet only 34%.", "contribution": -1.0}]
    some = {**PROPOSAL, "serves": [{**SERVING, "of": 4.0, "amount_of": None}], "against": weak}
    answers["/v1/proposals"] = {"items": [some, none]}
    text = browser.open("/review/endorse?chosen=r1.o1&chosen=r1.o2&language=en").text
    boxes = {
        one["value"]: ("checked" in one, "disabled" in one)
        for tag, one in browser.page.tags
        if tag == "input" and one.get("name") == "chosen"
    }
    assert boxes == {"r1.o1": (True, False), "r1.o2": (False, False)}
    assert text.count(NONE_SERVED) == 1
    assert text.count("The kinds meet only 34%.") == 1


AWAY = "The register of offers cannot be reached just now."
BETTER = {**PROPOSAL, "id": "r1.o2", "offer": "o2"}


@pytest.mark.parametrize("away", [False, True])
def test_that_names_are_missing_is_said_where_their_register_is_away(
    browser: Browser, answers: Asked, away: bool
) -> None:
    answers["/v1/proposals"] = {"items": [PROPOSAL, BETTER]}
    if not away:
        answers["/v1/organisations"] = {"items": []}
        answers["/v1/offers/titles"] = {"items": [{"id": "o2", "title": "Two", "language": "en"}]}
    text = browser.open("/proposals/r1.o1?language=en").text
    assert (AWAY in text) is away
    assert ("Two" in text) is not away


@pytest.mark.parametrize(
    ("serves", "others"),
    [([SERVING], {"r1.o2"}), ([{**SERVING, "need": 2}], set()), ([], {"r1.o2"})],
    ids=["the same need", "another need", "none"],
)
def test_the_others_for_its_needs_are_listed_and_all_beside_one_that_serves_none(
    browser: Browser, answers: Asked, serves: list[Any], others: set[str]
) -> None:
    answers["/v1/proposals/r1.o1"] = {**PROPOSAL, "serves": serves}
    answers["/v1/proposals"] = {"items": [PROPOSAL, BETTER]}
    browser.open("/proposals/r1.o1")
    links = [str(one.get("href", "")) for tag, one in browser.page.tags if tag == "a"]
    found = {one.partition("?")[0].rpartition("/")[2] for one in links if "/proposals/" in one}
    assert found - {"r1.o1"} == others
