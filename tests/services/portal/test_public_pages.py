"""Pages of what is public, out of what the services answer, in each of their shapes."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from entraide.client import Answer
from services.portal.app import create_app
from services.portal.services import Ask, AwayError, Reader, Services
from shared.settings import Settings
from tests.services.portal.browsing import Page
from tests.services.portal.test_start import ENVIRON

WINDOW = {"from": "2026-01-01", "to": "2027-01-01"}
AIM = {"text": "zqaim", "indicator": None, "baseline": None, "target": "x", "date": "2027-01-01"}
COMMON = {"id": "x1", "title": "<b>zqtitle", "description": "zqtext", "language": "en"}
RECORDS: dict[str, dict[str, Any]] = {
    "requests": {
        **COMMON,
        "country": "SEN",
        "status": "circulated",
        "circulated_on": "2026-01-01",
        "priority": "high",
        "window": WINDOW,
        "initiatives": ["zqinitiative"],
        "partners": ["WCO"],
        "gender_marker": "principal",
        "objectives": [AIM],
        "evidence": [{"text": "zqevidence", "url": None}],
        "source_report": {"title": "zqreport", "url": "https://example.org/", "year": 2025},
        "action_plan": None,
        "needs": [
            {
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "quantity": 4,
                "unit": "machines",
                "amount": None,
                "currency": None,
                "met": 0.5,
                "given": 0,
                "priority": "medium",
                "window": {"from": "2026-03-01", "to": "2026-06-01"},
                "sites": ["zqsite"],
                "objectives": [{**AIM, "text": "zqaim of the line"}],
            }
        ],
    },
    "offers": {
        **COMMON,
        "status": "published",
        "donor": "zqdonor",
        "donor_country": None,
        "window": None,
        "partners": [],
        "donor_type": "ngo",
        "gender_marker": None,
        "ceiling": {"amount": 1000, "currency": "USD"},
        "eligibility": {"countries": ["SEN"], "regions": ["Western Africa"], "groups": ["LDC"]},
        "conditions": [{"kind": "reporting", "text": "zqcondition"}],
        "provisions": [
            {
                "line": 1,
                "theme": "marking",
                "kind": "equipment",
                "capacity": 4,
                "unit": "machines",
                "amount": None,
                "currency": None,
                "left": {"capacity": 2, "amount": None, "whole": False},
            }
        ],
    },
    "activities": {
        **COMMON,
        "status": "ongoing",
        "donor": None,
        "donor_country": None,
        "window": WINDOW,
        "partners": [],
        "country": "SEN",
        "theme": "marking",
        "kind": "training",
        "quantity": None,
        "unit": None,
        "amount": 5.5,
        "currency": "EUR",
    },
}


@pytest.fixture
def client(
    make_settings: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch
) -> FlaskClient:
    """A browser before a portal whose services have one record of each kind."""

    def fetch(_services: Services, reader: Reader, asked: Ask) -> Answer:
        assert "Authorization" not in reader.headers()
        _, _, _, name, *one = asked.path.split("/")
        return Answer(RECORDS[name] if one else {"items": [RECORDS[name]], "next": "more"})

    monkeypatch.setattr(Services, "fetch", fetch)
    return create_app(make_settings("portal"), ENVIRON).test_client()


@pytest.mark.parametrize("name", RECORDS)
def test_lists_and_records_show_what_there_is(client: FlaskClient, name: str) -> None:
    for language in ("en", "ar"):
        listed = client.get(f"/public/{name}?theme=marking&language={language}")
        assert listed.status_code == 200
        assert "&lt;b&gt;zqtitle" in listed.text
        assert "cursor=more" in listed.text
        shown = client.get(f"/public/{name}/x1")
        assert shown.status_code == 200
        for word in (
            "title",
            "text",
            "aim",
            "aim of the line",
            "site",
            "initiative",
            "evidence",
            "report",
            "donor",
            "condition",
        ):
            assert (f"zq{word}" in shown.text) == (f"zq{word}" in str(RECORDS[name])), word


def test_a_record_shows_what_is_public_of_each_line_and_a_list_how_far_it_is(
    client: FlaskClient,
) -> None:
    shown = Page(client.get("/public/requests/x1?language=en").text).text
    assert "Priority Medium When Mar 1, 2026 to Jun 1, 2026 Where zqsite" in shown
    assert "zqsite" not in client.get("/public/requests").text


def test_a_file_of_figures_is_whole_or_says_which_service_is_away(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(_services: Services, _reader: Reader, asked: Ask) -> Answer:
        if asked.service == "offers":
            raise AwayError(asked.service)
        return Answer({"duplicates": 3, "covered": 2, "themes": []})

    monkeypatch.setattr(Services, "fetch", fetch)
    assert client.get("/public/figures/themes.csv").status_code == 200
    answer = client.get("/public/figures/duplicates.csv")
    assert answer.status_code == 503
    assert "offers" in answer.text
