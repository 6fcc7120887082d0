"""What pages of requests and the queue tell of embargoes: to whom, and where nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, RefusedError, Services
from tests.services.portal.answering import NEED, Asked
from tests.services.portal.browsing import Browser

RULING = "/v1/embargoes/rulings/r1"
NOTICE = {
    "embargo": "e1",
    "resolution": "Decision 7",
    "code": "bars-lines",
    "sentence": "The embargo bars help of these kinds: equipment.",
    "to": "2027-03-01",
}
EXEMPTS = {**NOTICE, "code": "exempts", "sentence": "Training is exempted."}
NONE_FITS = "No offer fits so far."
ALL_BARRED = "Nothing is proposed while an arms embargo bars all that this request asks for."
UNTIL = "The last day of the embargo is Mar 1, 2027."
BARRED = f"Arms embargo {NOTICE['sentence']} {EXEMPTS['sentence']} {UNTIL}"
LINES = {name: {"quantity": 0, "amount": None, "whole": False} for name in ("pledged", "committed")}
LACKS = {
    "delivered": LINES["pledged"],
    **dict.fromkeys(("window", "priority", "sites", "sustainability", "visibility", "objectives")),
}
REQUEST = {
    **dict.fromkeys(("priority", "window", "channel", "action_plan", "source_report")),
    **{name: [] for name in ("merged_from", "endorsements", "history", "evidence", "remarks")},
    **{name: [] for name in ("initiatives", "partners", "objectives")},
    "id": "r1",
    "version": "1.0",
    "title": "Machines that mark",
    "description": "Words",
    "language": "en",
    "country": "SEN",
    "status": "circulated",
    "needs": [{**NEED, **LINES, **LACKS}],
    "confidentiality": "restricted",
    "gender_marker": None,
    "merged_into": None,
    "introduced_by": None,
    "hidden_lines": 0,
    "updated_at": "2026-11-01T00:00:00+00:00",
    "inferred": {"lines": []},
}
EMPTY: dict[str, Any] = {"items": [], "next": None}

Opens = Callable[..., Browser]


@pytest.fixture
def found() -> Asked:
    """What the services answer, by path: a State under a full embargo, with an exemption."""
    ruling = {"permitted": False, "notices": [NOTICE, EXEMPTS]}
    return {
        "/v1/requests/r1": REQUEST,
        "/v1/proposals": EMPTY,
        RULING: ruling,
        "/v1/requests/r1/attachments": EMPTY,
        "/v1/requests/r1/reads": EMPTY,
        "/v1/embargoes": {"items": [{"notices": [NOTICE]}], "next": None},
        **dict.fromkeys(("/v1/requests", "/v1/duplicates", "/v1/coverage", "/v1/alliances"), EMPTY),
        "/v1/waiting": EMPTY,
    }


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, found: Asked) -> list[Ask]:
    """What the pages ask. A path that is not found is of a service away; None: nothing is there."""
    made: list[Ask] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        made.append(one)
        if one.path not in found:
            raise AwayError(one.service)
        if found[one.path] is None:
            raise RefusedError(one.service, 404, {})
        return Answer(found[one.path], '"1.0"')

    monkeypatch.setattr(Services, "fetch", fetch)
    return made


@pytest.fixture
def opens(
    app: Flask, house: House, make_account: Callable[..., Account], asked: list[Ask]
) -> Opens:
    """Opens a page as somebody: opens("/review", "coordinator")."""

    def open_as(path: str, role: str, **bound: Any) -> Browser:
        browser = Browser(app).enter(house, make_account(role, **bound))
        browser.open(f"{path}{'&' if '?' in path else '?'}language=en")
        return browser

    return open_as


def links(browser: Browser) -> list[str]:
    return [attrs.get("href", "") for tag, attrs in browser.page.tags if tag == "a"]


@pytest.mark.parametrize("page", ["/requests/r1", "/requests/r1/offers"])
@pytest.mark.parametrize("role", ["requester", "coordinator", "auditor", "operator"])
def test_a_request_says_which_embargo_stands_against_it(opens: Opens, page: str, role: str) -> None:
    browser = opens(page, role)
    assert browser.status == 200
    assert BARRED in browser.page.text
    assert browser.page.text.count("Arms embargo") == 1  # one embargo, whatever it says
    assert NONE_FITS not in browser.page.text
    assert ("/embargoes/e1" in links(browser)) == (role != "requester")


def test_where_all_is_barred_no_offer_is_said_to_be_looked_for(opens: Opens) -> None:
    assert ALL_BARRED in opens("/requests/r1/offers", "requester").page.text


def test_where_some_of_it_may_be_given_offers_are_looked_for(opens: Opens, found: Asked) -> None:
    found[RULING] = {"permitted": True, "notices": [{**NOTICE, "to": None}]}
    text = opens("/requests/r1/offers", "requester").page.text
    assert NOTICE["sentence"] in text
    assert "No last day of the embargo is set." in text
    assert NONE_FITS in text
    assert ALL_BARRED not in text


@pytest.mark.parametrize("page", ["/requests/r1", "/requests/r1/offers"])
@pytest.mark.parametrize(("role", "bound"), [("donor", {}), ("requester", {"state": "BEN"})])
def test_others_are_told_nothing(
    opens: Opens, found: Asked, asked: list[Ask], page: str, role: str, bound: dict[str, str]
) -> None:
    found["/v1/requests/r1"] = {name: REQUEST[name] for name in REQUEST if name != "inferred"}
    browser = opens(page, role, **bound)
    assert browser.status == 200
    assert "embargo" not in browser.page.text
    assert all("embargo" not in one.path for one in asked)


def test_of_a_request_that_has_ended_nothing_is_asked(
    opens: Opens, found: Asked, asked: list[Ask]
) -> None:
    found["/v1/requests/r1"] = {**REQUEST, "status": "withdrawn"}
    assert opens("/requests/r1", "requester").status == 200
    assert RULING not in {one.path for one in asked}


def test_a_request_that_the_matcher_has_not_heard_of_has_its_page(
    opens: Opens, found: Asked
) -> None:
    found[RULING] = None
    browser = opens("/requests/r1/offers", "requester")
    assert browser.status == 200
    assert NONE_FITS in browser.page.text


@pytest.mark.parametrize("page", ["/requests/r1", "/requests/r1/offers"])
def test_while_the_matcher_is_away_nothing_is_said_to_be_looked_for(
    opens: Opens, found: Asked, page: str
) -> None:
    del found[RULING]
    browser = opens(page, "requester")
    assert browser.status == 200
    assert "What arms embargoes bar cannot be shown just now." in browser.page.text
    assert NONE_FITS not in browser.page.text


def test_the_queue_of_a_state_says_which_embargo_stands_against_it(
    opens: Opens, asked: list[Ask], house: House
) -> None:
    browser = opens("/review?place=SEN", "coordinator")
    assert f"Arms embargo {NOTICE['sentence']} {UNTIL}" in browser.page.text
    assert "/embargoes/e1" in links(browser)
    (one,) = (one for one in asked if one.path == "/v1/embargoes")
    assert one.query == {"state": "SEN", "on": house.clock().date().isoformat()}


@pytest.mark.parametrize("place", ["", "?place=Western+Africa"])
def test_a_queue_of_many_states_asks_for_no_embargo(
    opens: Opens, asked: list[Ask], place: str
) -> None:
    assert "Arms embargo" not in opens(f"/review{place}", "coordinator").page.text
    assert all(one.path != "/v1/embargoes" for one in asked)


def test_a_queue_while_the_register_is_away_says_so(opens: Opens, found: Asked) -> None:
    del found["/v1/embargoes"]
    text = opens("/review?place=SEN", "coordinator").page.text
    assert "What arms embargoes bar cannot be shown just now." in text
    assert "Nothing waits here with these filters." in text
