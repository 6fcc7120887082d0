"""The report as a page and as files, out of what the services tell."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from flask import Flask

from entraide.client import Answer
from services.matcher.reporting import FIGURES as OF_MATCHES
from services.offers.reporting import FIGURES as OF_OFFERS
from services.portal.documents import Account
from services.portal.house import House
from services.portal.pages.report import records
from services.portal.pages.report.words import NAMES
from services.portal.services import Ask, AwayError, Reader, Services
from services.portal.sheets.reading import read_sheet
from services.requests.reporting import FIGURES as OF_REQUESTS
from shared.registers.report import Fact, ReportView
from shared.registers.report_table import FactTable, gathered, records_behind, report
from shared.web.problems import TYPE_PREFIX
from tests.services.portal.browsing import Browser

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FORMS = {"requests": OF_REQUESTS, "matcher": OF_MATCHES, "offers": OF_OFFERS}
CODES = {"theme": ("marking",), "region": ("Western Africa",), "year": ("2026",), "group": ("LDC",)}
FACTS = [
    Fact("needs", "r1", CODES, 1),
    Fact("needs", "r1", CODES, 1),
    Fact("lines-committed", "r1", {**CODES, "language": ("fr",)}, 0.5, 1),
    Fact("effective-12", "r1.o1", {**CODES, "modality": ("triangular",)}, 1, 1),
    *(Fact("days-agree", "r1.o1", CODES, days) for days in (1, 2, 3, 4, 50)),
    Fact("covered", "c1", CODES, 1),
]
REQUEST = {
    "id": "r1",
    "title": "Marquage <i>",
    "language": "fr",
    "country": "SEN",
    "status": "circulated",
}
CASE = {"id": "c1", "request": "r1", "activity": "a1"}
LISTED = {"/v1/requests": REQUEST, "/v1/coverage": CASE}


def table(one: Ask) -> FactTable:
    """What the service that is asked knows."""
    return gathered(FORMS[one.service], FACTS, NOW)


def answered(one: Ask) -> Answer:
    """All figures of the service that is asked, whatever the filters."""
    return Answer(ReportView().dump(report(table(one), {})))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Ask]:
    """What is asked of services that know a handful of facts; the register of offers is away."""
    made: list[Ask] = []

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        made.append(one)
        if one.service == "offers":
            raise AwayError("offers")
        if one.path in LISTED:
            return Answer({"items": [LISTED[one.path]]})
        if one.path.endswith("/records"):
            return Answer(records_behind(table(one), {"figure": one.query["figure"]}))
        return answered(one)

    monkeypatch.setattr(Services, "fetch", fetch)
    return made


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A coordinator's, signed in with both factors."""
    return Browser(app).enter(house, make_account("coordinator"))


def test_what_nobody_told_in_dollars_is_not_told_as_none(
    browser: Browser, asked: list[Ask]
) -> None:
    text = browser.open("/report?language=en").text
    words = " ".join(re.sub("<[^>]+>", " ", text).split())
    assert "US dollars committed – " in words


def test_the_page_tells_each_figure_with_what_it_is_of(browser: Browser, asked: list[Ask]) -> None:
    text = browser.open("/report?theme=marking&year=2026&region=nowhere&language=en").text
    assert all(one.query["theme"] == "marking" for one in asked if one.path == "/v1/report")
    assert not any("region" in one.query for one in asked)
    for told in ("50%", "0.5 of 1", "middle half: 2 to 4", "Triangular", "Western Africa"):
        assert told in text, told
    assert "figure=days-agree" in str(browser.page.tags)
    assert browser.open("/report?language=ar").text


def test_the_page_says_of_what_moment_the_oldest_figures_are(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Services.fetch

    def older(services: Services, reader: Reader, one: Ask) -> Answer:
        told = fetch(services, reader, one)
        old = {**told.body, "as_of": "2026-02-27T08:09:00+00:00"}
        return Answer(old) if one.service == "requests" else told

    assert "As of Mar 1, 2026" in browser.open("/report?language=en").text
    monkeypatch.setattr(Services, "fetch", older)
    assert "As of Feb 27, 2026" in browser.open("/report?language=en").text


def test_what_is_being_found_is_no_fault_of_its_service(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch = Services.fetch

    def finding(services: Services, reader: Reader, one: Ask) -> Answer:
        if one.service == "requests":
            raise AwayError("requests", {"type": f"{TYPE_PREFIX}being-found", "status": 503})
        return fetch(services, reader, one)

    monkeypatch.setattr(Services, "fetch", finding)
    answer = browser.client.get("/report?theme=marking&language=en")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    for told in (
        "What is asked for: with so many records these figures take a moment to calculate",
        "What is offered cannot be shown just now",
        "Triangular",  # of what is there
        'href="/report?theme=marking&amp;language=en"',
    ):
        assert told in answer.text, told
    assert "What is asked for cannot be shown" not in answer.text
    # No file of it can be had now, and none is offered; what is there at load is no news.
    assert "they can be saved as files" in answer.text
    assert ".csv" not in answer.text
    assert 'role="status">What is asked for' not in answer.text
    assert "On this page" in answer.text
    shown = browser.client.get("/metrics").text
    assert 'problem="being-found",route="/report",service="portal",status="503"' in shown
    assert "registros, calcular" in browser.client.get("/report?language=es").text
    assert "كما في" in browser.client.get("/report?language=ar").text
    path = "/report/records?service=requests&figure=needs&language=en"
    answer = browser.client.get(path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "these figures take a moment to calculate" in answer.text
    assert path.replace("&", "&amp;") in answer.text
    # Of the file another part is away: coming again in a moment may not help.
    answer = browser.client.get("/report/all.csv?language=en")
    assert answer.status_code == 503
    assert "these figures take a moment to calculate" not in answer.text

    def finding_all(_services: Services, _reader: Reader, one: Ask) -> Answer:
        raise AwayError(one.service, {"type": f"{TYPE_PREFIX}being-found", "status": 503})

    monkeypatch.setattr(Services, "fetch", finding_all)
    answer = browser.client.get("/report/all.csv?language=en")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert "these figures take a moment to calculate" in answer.text
    assert 'role="status"' not in answer.text
    assert "On this page" not in browser.client.get("/report?language=en").text


def test_the_language_of_requests_is_not_that_of_the_page(
    browser: Browser, asked: list[Ask]
) -> None:
    text = browser.open("/report?language=fr&request_language=es").text
    assert "Rapport" in text
    assert {one.query.get("language") for one in asked} == {"es"}
    assert "request_language=es" in str(browser.page.tags)
    asked.clear()
    browser.open("/report?language=en")
    assert {one.query.get("language") for one in asked} == {None}


def test_every_part_of_the_report_is_led_to_from_its_head(
    browser: Browser, asked: list[Ask]
) -> None:
    tags = browser.open("/report").tags
    parts = [attrs["id"] for tag, attrs in tags if tag == "section"]
    assert "by-theme" in parts
    assert [f"#{one}" for one in parts] == [
        attrs["href"]
        for tag, attrs in tags
        if tag == "a" and re.match("#(part|by)-", attrs.get("href", ""))
    ]


def test_each_figure_leads_to_its_records(browser: Browser, asked: list[Ask]) -> None:
    for service, figure, link in (
        ("requests", "needs", "/requests/r1"),
        ("matcher", "days-agree", "/matches/r1.o1"),
        ("matcher", "covered", "/coverage/c1"),
    ):
        page = browser.open(f"/report/records?service={service}&figure={figure}&language=en")
        assert link in str(page.tags)


def test_records_are_told_by_titles_and_lines_are_not_taken_for_requests(
    browser: Browser, asked: list[Ask]
) -> None:
    text = browser.open("/report/records?service=requests&figure=needs&language=en").text
    for told in ("Senegal", "Marquage <i>", "Circulated", "Need lines: 2. Requests: 1"):
        assert told in text, told
    text = browser.open("/report/records?service=matcher&figure=days-agree&language=en").text
    assert "Marquage <i>" in text  # the offer's title is not to be had: its register is away
    assert "Records: 1" in text


def test_cases_and_activities_are_told_by_titles(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = {"id": "a1", "title": "Stores made safe", "language": "en", "country": "KEN"}
    listed = {**LISTED, "/v1/activities": activity | {"status": "ongoing"}}

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        if one.path in listed:
            return Answer({"items": [listed[one.path]]})
        told = "c1" if one.service == "matcher" else "a1"
        return Answer({"records": [told], "count": 1, "next": None, "groups": [{"figures": []}]})

    monkeypatch.setattr(Services, "fetch", fetch)
    page = browser.open("/report/records?service=matcher&figure=covered&language=en")
    for told in ("Senegal", "Marquage <i>", "Stores made safe"):
        assert told in page.text, told
    assert "/coverage/c1" in str(page.tags)
    text = browser.open("/report/records?service=offers&figure=delivered&language=en").text
    for told in ("Kenya", "Stores made safe", "Ongoing"):
        assert told in text, told


def test_many_records_have_pages_and_lead_back_to_the_report_as_it_is_narrowed(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/report/records?service=matcher&figure=days-agree&theme=marking&request_language=fr"
    told = {"records": ["r1.o1", "r1.o2"], "count": 10_000, "next": "further"}
    monkeypatch.setattr(records, "sides_of", lambda _kind, ids: {one: [] for one in ids})
    monkeypatch.setattr(Services, "fetch", lambda _services, _reader, one: seen(one))

    def seen(one: Ask) -> Answer:
        asked.append(one)
        return Answer(told)

    text = browser.open(f"{path}&language=en").text
    assert "Records: 10,000" in text
    assert "/report?theme=marking&request_language=fr" in str(browser.page.tags)
    (further,) = (one["href"] for tag, one in browser.page.tags if one.get("rel") == "next")
    told["next"] = None
    browser.open(further)
    assert (asked[-1].query["cursor"], asked[-1].query["theme"]) == ("further", "marking")
    assert "Further" not in browser.page.text


def test_a_match_is_no_link_for_who_has_no_page_of_it(
    app: Flask, house: House, make_account: Callable[..., Account], asked: list[Ask]
) -> None:
    operator = Browser(app).enter(house, make_account("operator"))
    page = operator.open("/report/records?service=matcher&figure=days-agree&language=en")
    assert "Marquage <i>" in page.text
    assert "/matches/" not in str(page.tags)
    page = operator.open("/report/records?service=requests&figure=needs")
    assert "/requests/r1" in str(page.tags)


def test_each_record_is_told_with_its_state_where_it_has_one(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {
        "r1": REQUEST,
        "r2": REQUEST | {"id": "r2", "country": "KEN"},
        "o1": {"id": "o1", "title": "Help", "language": "en", "status": "published"},
    }

    def sides(kind: str, ids: Iterable[str]) -> dict[str, list[Mapping[str, object]]]:
        return {one: [known[part] for part in one.split(".")] for one in ids}

    monkeypatch.setattr(records, "sides_of", sides)
    told = Answer({"records": ["o1", "r1", "r2", "r1.o1"], "count": 4, "next": None})
    monkeypatch.setattr(Services, "fetch", lambda *_: told)
    text = browser.open("/report/records?service=matcher&figure=days-agree&language=en").text
    assert browser.status == 200
    assert (text.count("Senegal"), text.count("Kenya"), text.count("Help")) == (2, 1, 2)


def test_each_row_of_a_chart_leads_to_its_own_figures(browser: Browser, asked: list[Ask]) -> None:
    tags = str(browser.open("/report?year=2026&region=Western+Africa&language=fr").tags)
    for code in ("theme=marking", "year=2026", "request_language=fr", "modality=triangular"):
        (link,) = {one for one in re.findall(r"/report\?[^'\" ]*", tags) if one.endswith(code)}
        asked.clear()
        browser.open(link.replace("&amp;", "&"))
        wanted = {"year": "2026", "region": "Western Africa"}
        name, _, value = code.removeprefix("request_").partition("=")
        assert {tuple(sorted(one.query.items())) for one in asked} == {
            tuple(sorted({**wanted, name: value}.items()))
        }


def test_files_have_the_same_figures(
    browser: Browser, asked: list[Ask], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.open("/report/all.csv")
    assert browser.status == 503  # a part is missing: no file that seems whole

    def fetch(_services: Services, _reader: Reader, one: Ask) -> Answer:
        return answered(one)

    monkeypatch.setattr(Services, "fetch", fetch)
    rows = list(csv.reader(StringIO(browser.client.get("/report/all.csv?language=en").text)))
    told: dict[str, Any] = {(row[1], row[2]): row[3] for row in rows}
    assert told["marking", "Need lines of circulated requests"] == "2.0"
    assert told["", "Part of the need committed, each line counting alike"] == "0.5"
    assert told["triangular", "Effective after 12 months: 4 or 5 of 5, of the answers"] == "1.0"
    chart = browser.client.get("/report/theme.csv?language=en").text
    assert "0.5" in chart
    _head, tags, row, *_more = csv.reader(StringIO(chart))
    assert (tags[0], row[0]) == ("#sector+name", "Marking")
    (line, *_) = browser.client.get("/report/theme.jsonl?language=en").text.splitlines()
    assert json.loads(line)["Theme"] == "Marking"
    sheet = read_sheet(browser.client.get("/report/all.xlsx?language=en").data)
    assert len(sheet.rows) == len(rows) - 1
    assert browser.client.get("/report/theme.pdf").status_code == 404


def test_every_figure_of_every_service_has_a_name() -> None:
    begins = {"answered", "adequate", "effective", "reached", "sustainable", "asks"}
    figures = {name for forms in FORMS.values() for name in forms}
    assert not {one for one in figures if one not in NAMES and one.partition("-")[0] not in begins}
