"""What open lists follow: what their addresses ask for, and nothing that they do not show."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.matcher.alliance_rules import ALLIANCE, RUNNING
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.cases.alliances import STATES
from services.portal.services import Ask, Reader, Services
from tests.services.portal.browsing import Browser

UNDER_WAY = "alliance:proposed alliance:endorsed alliance:agreed"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Ask]:
    """What the pages ask of services whose lists are empty."""
    made: list[Ask] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        made.append(one)
        return Answer({"items": [], "next": None})

    monkeypatch.setattr(Services, "fetch", fetch)
    return made


@pytest.mark.parametrize(
    ("role", "address", "lists", "states", "wanted"),
    [
        ("requester", "/requests", "request", "SEN", ""),
        ("requester", "/requests?country=all", "request", "", ""),
        ("donor", "/requests?country=KEN&theme=marking", "request", "KEN", "&theme=marking"),
        ("coordinator", "/requests?status=submitted", "request:submitted", "", ""),
        ("requester", "/offers?status=published", "offer:published", "", ""),
        ("requester", "/offers?status=nowhere", "offer", "", ""),
        ("donor", "/matches?status=committed", "match:committed", "", ""),
        ("auditor", "/alliances", UNDER_WAY, "", ""),
        ("auditor", "/alliances?status=dissolved", "alliance:dissolved", "", ""),
    ],
)
def test_an_open_list_hears_of_what_it_shows_alone(
    app: Flask,
    house: House,
    make_account: Callable[..., Account],
    asked: list[Ask],
    role: str,
    address: str,
    lists: str,
    states: str,
    wanted: str,
) -> None:
    own: dict[str, Any] = {"state": "SEN"} if role == "requester" else {}
    browser = Browser(app).enter(house, make_account(role, **own))
    browser.open(address)
    assert browser.status == 200
    (live,) = (attrs for _, attrs in browser.page.tags if attrs.get("id") == "live")
    told = (live["data-lists"], live["data-states"], live["data-wanted"])
    assert told == (lists, states, wanted)


def test_joint_projects_are_listed_by_where_they_stand_and_so_are_their_files(
    app: Flask, house: House, make_account: Callable[..., Account], asked: list[Ask]
) -> None:
    browser = Browser(app).enter(house, make_account("coordinator"))

    def statuses(address: str) -> list[object]:
        asked.clear()
        assert browser.open(address).text
        return [one.query["status"] for one in asked if one.path == "/v1/alliances"]

    assert statuses("/alliances?language=en") == [None]
    assert "There are none just now." in browser.page.text
    for one in STATES:
        assert statuses(f"/alliances?status={one}") == [one]
        assert "No joint project stands there." in browser.page.text
    assert statuses("/alliances?status=open") == [None]
    assert statuses("/exports/alliances.csv?status=dissolved") == ["dissolved"]
    options = [tag["value"] for name, tag in browser.open("/alliances").tags if name == "option"]
    assert options == ["", *STATES]
    assert set(STATES) == set(ALLIANCE.states)
    assert set(STATES[: len(RUNNING)]) == RUNNING
