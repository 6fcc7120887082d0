"""Requests that exemptions of an embargo are for: looked up together, before anything is sent."""

from collections.abc import Callable

import pytest
from flask import Flask

from entraide.client import Answer
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, AwayError, Reader, Services
from tests.services.portal.browsing import Browser

PAGE = "/embargoes/new"
KNOWN = {"r1": "NRU", "r2": "NRU", "r3": "SEN"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Ask]:
    """What is read of the register of requests, which knows of KNOWN; nothing takes a write."""
    made: list[Ask] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        made.append(one)
        ids = one.query["id"]
        assert isinstance(ids, list)
        return Answer(
            {"items": [{"id": id_, "country": KNOWN[id_]} for id_ in ids if id_ in KNOWN]}
        )

    monkeypatch.setattr(Services, "fetch", fetch)
    return made


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    return Browser(app).enter(house, make_account("coordinator"))


def exempting(*requests: str) -> dict[str, str]:
    """An entry with an exemption for each of these."""
    rows = {}
    for place, one in enumerate(requests):
        rows |= {
            f"exemptions-{place}-reference": f"Letter {place}",
            f"exemptions-{place}-kinds": "equipment",
            f"exemptions-{place}-start": "2026-12-01",
            f"exemptions-{place}-end": "2026-12-31",
            f"exemptions-{place}-request": one,
        }
    entry = {"resolution": "Made up", "source": "Made up", "reason": "Tests", "country": "NRU"}
    return {
        **entry,
        "allowed": "training",
        "start": "2026-10-01",
        "stated_on": "2026-11-01",
        **rows,
    }


def test_many_are_looked_up_by_one_call(browser: Browser, asked: list[Ask]) -> None:
    browser.open(PAGE)
    page = browser.send(
        PAGE, **exempting("r1", "/requests/r2", "r3", "r1", "none", "a/../b?c", "x" * 150)
    )
    assert browser.status == 422
    assert [(one.path, one.query["id"]) for one in asked] == [
        ("/v1/requests", ["none", "r1", "r2", "r3"])
    ]
    errors = {
        attrs["id"] for tag, attrs in page.tags if tag == "p" and attrs.get("class") == "error"
    }
    assert errors == {f"exemptions-{place}-request-error" for place in (2, 4, 5, 6)}
    # each is told above all and at its field
    assert page.text.count("This request is of another State:") == 2
    assert page.text.count("No request is known by this id or address.") == 6


def test_while_the_register_is_away_nothing_is_entered(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        raise AwayError(one.service)

    monkeypatch.setattr(Services, "fetch", fetch)
    browser.open(PAGE)
    page = browser.send(PAGE, **exempting("r1"))
    assert browser.status == 503
    assert "The register of requests cannot be reached just now." in page.text
