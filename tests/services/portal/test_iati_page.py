"""What is told of an IATI file once it is brought in."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.held_files import hold
from services.portal.house import House
from services.portal.services import AwayError, Services
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser

NOTHING_LISTED: Mapping[str, Any] = {"activities": [], "refusals": []}
COMMAND = "entraide import iati FILE"


@pytest.fixture
def donor(make_account: Callable[..., Account]) -> Account:
    """Who brings the file in."""
    return make_account("donor")


@pytest.fixture
def file(house: House, donor: Account) -> str:
    """A file that the donor sent and has not confirmed yet."""
    return hold(donor.id, "iati", "file.xml", b"<iati-activities/>", house.clock())


@pytest.fixture
def browser(app: Flask, house: House, donor: Account) -> Browser:
    """The donor's."""
    return Browser(app).enter(house, donor)


def test_how_many_were_brought_in_is_written_as_the_reader_writes_numbers(
    browser: Browser, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"created": 1_200, "changed": 34, "activities": [], "refusals": []}

    def send_file(*_sent: Any, **_query: Any) -> Answer:
        return Answer(report)

    answer(monkeypatch, {}, "")
    monkeypatch.setattr(Services, "send_file", send_file)
    browser.open("/account/password?language=es")
    token = browser.page.forms[0].values["csrf_token"]
    browser.client.post(f"/activities/import/{file}", data={"csrf_token": token, "public": ""})
    assert "1.200" in browser.open("/account").text


def test_a_file_that_was_brought_in_tells_what_came_of_it_to_who_confirms_it_again(
    browser: Browser, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"created": 1, "changed": 2, "unchanged": 3, "read": 6, "outside": 0, "refused": 0}
    sent = []

    def send_file(*_sent: Any, **query: Any) -> Answer:
        sent.append(query["preview"])
        return Answer({**counts, "activities": [], "refusals": []})

    answer(monkeypatch, {"/v1/activities": {"items": [], "next": None}}, "")
    monkeypatch.setattr(Services, "send_file", send_file)
    browser.open(f"/activities/import/{file}?language=en")
    preview = browser.answer
    for _time in range(2):
        browser.answer = preview
        browser.send(public="true")
        assert (browser.status, browser.path) == (200, "/activities")
        assert "Brought in: 1." in browser.page.text
        assert "Changed: 2." in browser.page.text
    assert sent == ["true", "false"]
    browser.open("/activities/import/gone")
    assert (browser.status, browser.path) == (200, "/activities/import")
    assert "This file is no longer kept. Choose it again." in browser.page.text


def test_a_file_that_is_confirmed_twice_at_once_tells_of_all_that_came_of_it(
    browser: Browser, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"unchanged": 0, "read": 9, "outside": 0, "refused": 0}
    confirmed = []

    def send_file(*_sent: Any, **query: Any) -> Answer:
        made, changed = 9, 3
        if query["preview"] == "false":
            confirmed.append(query)
            if len(confirmed) == 1:  # the second comes, and is done, while this one is under way
                browser.client.post(f"/activities/import/{file}", data=sent)
                made, changed = 4, 1
            else:
                made, changed = 5, 2
        return Answer({**counts, "created": made, "changed": changed, **NOTHING_LISTED})

    answer(monkeypatch, {"/v1/activities": {"items": [], "next": None}}, "")
    monkeypatch.setattr(Services, "send_file", send_file)
    browser.open(f"/activities/import/{file}?language=en")
    (form,) = (form for form in browser.page.forms if form.action == "")
    sent = {**form.values, "public": ""}
    browser.send(public="")
    assert len(confirmed) == 2
    for _look in range(2):
        assert "Brought in: 9." in browser.page.text
        assert "Changed: 3." in browser.page.text
        browser.open(f"/activities/import/{file}")


def test_what_takes_too_long_says_how_it_stands_and_names_the_command(
    browser: Browser, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = {"created": 1, "changed": 0, "unchanged": 0, "read": 1, "outside": 0, "refused": 0}
    late = {"true": True, "false": True}

    def send_file(*_sent: Any, **query: Any) -> Answer:
        if late[query["preview"]]:
            raise AwayError("offers")
        return Answer({**counts, "activities": [], "refusals": []})

    monkeypatch.setattr(Services, "send_file", send_file)
    assert COMMAND in browser.open("/activities/import?language=en").text
    text = browser.open(f"/activities/import/{file}").text
    assert browser.status == 503
    assert "Nothing is lost: load this page again." in text
    assert COMMAND in text
    late["true"] = False
    assert COMMAND not in browser.open(f"/activities/import/{file}").text
    text = browser.send(public="true").text
    assert browser.status == 503
    assert "It is not known yet whether all of the file is brought in." in text
    assert COMMAND in text
