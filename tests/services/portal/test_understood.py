"""What a preview says of the records of a file, before they come in."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from services.portal.pages.spreadsheets.changing import Change
from services.portal.pages.spreadsheets.kinds import KINDS
from services.portal.pages.spreadsheets.understood import Fact, said_otherwise, understood
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.rows import read_rows
from services.portal.sheets.writing import csv_pieces

ROW = {"reference": "r-1", "title": "Marking", "description": "Six machines."}
LINE = {"theme": "Marking", "kind": "Equipment"}


@pytest.fixture(autouse=True)
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/requests?language=en"):
        yield


def preview(name: str, *rows: Mapping[str, str]) -> dict[str, Any]:
    """What the only record of a file with those rows is understood to be."""
    kind, columns = KINDS[name], list(dict.fromkeys(key for row in rows for key in row))
    lines = [[row.get(key, "") for key in columns] for row in rows]
    content = "".join(csv_pieces(columns, lines)).encode()
    told = read_rows(read_sheet(content), kind.columns, "en", lines=bool(kind.lines))
    assert told.faults == []
    (body,) = kind.bodies(told.rows, "SEN")
    return understood(kind, body, told.rows)


def values(facts: list[Fact]) -> dict[str, str]:
    return {fact.name: fact.value for fact in facts}


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        ("requests", {"level": "Public"}, "Public"),
        ("requests", {}, "All donors"),
        ("offers", {**LINE, "public": "public"}, "Everybody, also without an account"),
        ("offers", LINE, "Only those who have an account here"),
        ("activities", {**LINE, "country": "Senegal"}, "Only those who have an account here"),
    ],
)
def test_who_will_see_it_is_told_also_where_the_file_leaves_it_open(
    name: str, more: Mapping[str, str], told: str
) -> None:
    assert preview(name, {**ROW, **more})["sight"] == told


def test_what_is_of_the_request_and_what_of_its_lines_is_told_apart() -> None:
    first = {**ROW, **LINE, "request_priority": "high", "priority": "low", "objective": "Mark all"}
    found = preview("requests", {**first, "report": "A report", "report_year": "2026"}, first)
    assert values(found["facts"]) == {
        "Description": "Six machines.",
        "Priority of the request": "High",
        "Report that it is taken from": "A report",
        "Year of the report": "2026",
    }
    assert [values(facts) for _row, facts in found["of_lines"]] == [
        {"Priority of this need": "Low", "What is to be reached": "Mark all"}
    ] * 2
    prose = {fact.name for fact in found["facts"] if fact.prose}
    assert prose == {"Description", "Report that it is taken from"}


@pytest.mark.parametrize("line", [LINE, {}], ids=["line", "text"])
def test_a_priority_is_told_as_it_is_understood(line: Mapping[str, str]) -> None:
    """Where a file has one column of them, too."""
    found = preview("requests", {**ROW, **line, "priority": "high"})
    assert values(found["facts"])["Priority of the request"] == "High"
    of_lines = [values(facts) for _row, facts in found["of_lines"]]
    assert of_lines == ([{"Priority of this need": "High"}] if line else [])


def test_what_an_offer_and_an_activity_say_is_told() -> None:
    more = {
        **LINE,
        "partners": "UNODA",
        "regions": "Middle Africa",
        "condition": "Yearly reports.",
    }
    offer = preview("offers", {**ROW, **more}, {**ROW, **more, "condition": "A visit."})
    assert {"Partners", "Regions"} <= set(values(offer["facts"]))
    conditions = [fact.value for fact in offer["facts"] if fact.name == "Condition"]
    assert conditions == ["Yearly reports.", "A visit."]
    assert offer["of_lines"] == []
    activity = preview("activities", {**ROW, **LINE, "country": "Senegal"})
    assert values(activity["facts"]) == {
        "Description": "Six machines.",
        "Where it stands": "Planned",
    }


def test_of_a_long_text_the_beginning_is_told() -> None:
    found = preview("requests", {**ROW, "description": "word " * 300})
    text = values(found["facts"])["Description"]
    assert text.startswith("word word")
    assert text.endswith("…")
    assert len(text) < 700


def test_a_change_is_told_by_what_stands_there_instead() -> None:
    rows = [{"quantity": 1200, "request_priority": "low"}, {"title": "", "request_priority": "low"}]
    columns = ["quantity", "request_priority", "title"]
    change = Change("0123", "Marking", columns, {"language": "en"}, '"1"', rows, "public")
    found = said_otherwise(KINDS["requests"], change)
    assert found["sight"] == "Public"
    assert values(found["facts"]) == {
        "How many": "1,200",
        "Priority of the request": "Low",
        "Title": "",
    }
    assert len(found["facts"]) == 3
