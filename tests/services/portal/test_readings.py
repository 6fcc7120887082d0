"""Who read a request while it was confidential: all of them, by name."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from tests.services.portal.browsing import Browser
from tests.services.portal.test_embargoed_pages import EMPTY, REQUEST

READS, PAGE = "/v1/requests/r1/reads", "/requests/r1/reads"
COUNT = 130
"""So many read it; the last of them for a donor that took no step and endorsed nothing."""

Opens = Callable[[str], Browser]


def read_by(number: int) -> dict[str, Any]:
    last = number == COUNT - 1
    role, party = ("donor", "org-1") if last else ("coordinator", None)
    return {"at": "2026-11-01T00:00:00+00:00", "role": role, "party": party}


@pytest.fixture
def count() -> list[int]:
    """How many read it."""
    return [COUNT]


@pytest.fixture
def opens(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    count: list[int],
) -> Opens:
    """Opens a page as the request's State."""

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path == "/v1/requests/r1":
            return Answer(REQUEST, '"1.0"')
        if one.path == "/v1/organisations":
            wanted = one.query["id"]
            assert isinstance(wanted, list)
            return Answer({"items": [{"id": id_, "name": f"Name of {id_}"} for id_ in wanted]})
        if one.path == READS:
            begin, limit = int(str(one.query.get("cursor") or 0)), one.query["limit"]
            assert isinstance(limit, int)
            end = begin + limit
            reads = [read_by(number) for number in range(COUNT - count[0], COUNT)]
            return Answer({"items": reads[begin:end], "next": str(end) if reads[end:] else None})
        if one.path in ("/v1/requests/r1/attachments", "/v1/proposals"):
            return Answer(EMPTY)
        raise AwayError(one.service)

    monkeypatch.setattr(Services, "fetch", fetch)
    browser = Browser(app).enter(house, make_account("requester", state="SEN"))

    def open_it(path: str) -> Browser:
        browser.open(f"{path}{'&' if '?' in path else '?'}language=en")
        return browser

    return open_it


def all_readings(browser: Browser) -> list[str]:
    """The links to the page of all of them."""
    tags = browser.page.tags
    return [tag["href"] for name, tag in tags if name == "a" and tag.get("href") == PAGE]


def further(browser: Browser) -> list[str]:
    tags = browser.page.tags
    return [tag["href"] for name, tag in tags if name == "a" and tag.get("rel") == "next"]


def test_all_readings_are_come_to_from_the_page_of_the_request(opens: Opens) -> None:
    browser = opens("/requests/r1")
    assert "Name of org-1" not in browser.page.text
    assert all_readings(browser) == [PAGE]
    seen, addresses = [], [PAGE]
    while addresses:
        seen.append(opens(addresses[0]).page.text)
        addresses = further(browser)
    assert sum(text.count("Coordinator") for text in seen) == COUNT - 1
    assert "Donor · Name of org-1" in seen[-1]


def test_a_donor_that_only_read_it_is_named_on_the_page_of_the_request(
    opens: Opens, count: list[int]
) -> None:
    count[0] = 2
    browser = opens("/requests/r1")
    assert "Readings: 2" in browser.page.text
    assert "Donor · Name of org-1" in browser.page.text
    assert all_readings(browser) == []


def test_a_request_that_nobody_read_has_a_page_that_says_so(opens: Opens, count: list[int]) -> None:
    count[0] = 0
    assert "Nobody did." in opens(PAGE).page.text
