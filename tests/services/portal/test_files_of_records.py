"""Files of requests and offers: which can be had yet, and removing one."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask

from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import RefusedError, Services
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.answering import answer
from tests.services.portal.browsing import Browser
from tests.services.portal.test_embargoed_pages import EMPTY, REQUEST

AT = "/requests/r1/files/f1"
FILE: Mapping[str, Any] = {
    "id": "f1",
    "name": "plan.pdf",
    "size": 1_000,
    "added_at": "2026-11-01T00:00:00+00:00",
    "visibility": None,
    "scan": "clean",
    "may_remove": True,
    "version": "1.0",
}
STALE = "This changed while you had the page open. Look at it as it is now."
WAITS = "The virus scanner has yet to look at this file."


def refused(status: int, code: str) -> Callable[..., Any]:
    def refuse(*_told: Any, **_more: Any) -> Any:
        raise RefusedError("requests", status, {"type": f"{TYPE_PREFIX}{code}"})

    return refuse


@pytest.fixture
def files() -> list[dict[str, Any]]:
    """Those of the request."""
    return [dict(FILE)]


@pytest.fixture
def browser(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    monkeypatch: pytest.MonkeyPatch,
    files: list[dict[str, Any]],
) -> Browser:
    """The State's, with the page of its request open."""
    found = {"/v1/requests/r1": REQUEST, "/v1/proposals": EMPTY, "/v1/requests/r1/reads": EMPTY}
    listed = {"/v1/requests/r1/attachments": {"items": files, "next": None}}
    answer(monkeypatch, {**found, **listed}, '"1.0"')
    browser = Browser(app).enter(house, make_account("requester", state="SEN"))
    browser.open("/requests/r1?language=en")
    return browser


def links(browser: Browser) -> list[str]:
    return [one["href"] for tag, one in browser.page.tags if tag == "a" and "/files/" in str(one)]


def test_a_file_that_waits_for_the_scanner_is_no_link(
    browser: Browser, files: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert links(browser) == [AT]
    files[0]["scan"] = "waiting"
    text = browser.open("/requests/r1").text
    assert "plan.pdf" in text
    assert "waits for the virus scanner" in text
    assert links(browser) == []
    # Whoever has its address from before is told why.
    monkeypatch.setattr(Services, "stream", refused(409, "not-yet-scanned"))
    assert WAITS in browser.open(AT).text
    assert browser.status == 409


@pytest.mark.parametrize(("status", "code"), [(412, "stale"), (409, "stale")])
def test_a_file_that_changed_meanwhile_stays_and_the_page_says_so(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, status: int, code: str
) -> None:
    monkeypatch.setattr(Services, "send", refused(status, code))
    text = browser.send(f"{AT}/remove").text
    assert (browser.status, browser.path) == (200, "/requests/r1")
    assert STALE in text
    assert "The file is removed." not in text


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (412, "stale", STALE),
        (409, "illegal-transition", "This step is no longer possible as things stand."),
        (409, "of-a-later-release", "This was refused: Too early."),
    ],
)
def test_what_a_service_refuses_as_things_stand_says_why_on_any_page(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, status: int, code: str, says: str
) -> None:
    def refuse(*_told: Any, **_more: Any) -> Any:
        problem = {"type": f"{TYPE_PREFIX}{code}", "detail": "Too early."}
        raise RefusedError("requests", status, problem)

    monkeypatch.setattr(Services, "fetch", refuse)
    text = browser.open("/requests/r1").text
    assert browser.status == status
    assert says in text
    assert "Something went wrong" not in text
