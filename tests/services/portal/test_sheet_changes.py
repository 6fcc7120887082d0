"""A record that came out in a spreadsheet, edited in one cell: that one thing changes."""

import csv
import io
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from entraide.client import Answer
from services.portal.pages.offers.bodies import offer_body
from services.portal.pages.requests.bodies import body_of
from services.portal.pages.spreadsheets import changing
from services.portal.pages.spreadsheets.kinds import KINDS, cells
from services.portal.sheets.changes import changed_body, changed_columns
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.rows import read_rows
from services.portal.sheets.writing import csv_pieces, write_workbook

LINE = {"theme": "marking", "kind": "equipment", "unit": "machines", "amount": 1200.5}
AIM = {"text": "Mark", "indicator": "Share", "baseline": None, "target": "all", "date": None}
COMMON: Mapping[str, Any] = {
    "id": "0123",
    "status": "draft",
    "title": "=1+1",
    "description": 'Six machines.\nIllustrative, and "quoted".',
    "language": "en",
    "external_id": None,
    "window": {"from": "2026-01-01", "to": None},
    "partners": ["UNODA", "WCO"],
    "public": False,
    "gender_marker": "significant",
}
RECORDS: Mapping[str, dict[str, Any]] = {
    "offers": {
        **COMMON,
        "organisation": "org-1",
        "ceiling": None,
        "call": "call-1",
        "eligibility": {"countries": ["SEN"], "regions": [], "groups": []},
        "provisions": [
            {**LINE, "line": 3, "capacity": 6, "currency": "USD"},
            {**LINE, "line": 7, "capacity": 0.125, "currency": "XOF", "kind": "training"},
        ],
        "conditions": [{"kind": "reporting", "text": text} for text in ("A", "B", "C")],
    },
    "activities": {
        **COMMON,
        **LINE,
        "quantity": 6,
        "currency": "EUR",
        "country": "SEN",
        "status": "ongoing",
        "organisation": "org-1",
        "donor_country": "JPN",
    },
    "requests": {
        **COMMON,
        "country": "SEN",
        "priority": "critical",
        "channel": None,
        "initiatives": ["x"],
        "objectives": [AIM],
        "confidentiality": "restricted",
        "action_plan": None,
        "source_report": {"title": "A report", "year": 2024, "url": "https://example.org/r"},
        "evidence": [{"text": "Two machines", "url": None}, {"text": "More", "url": None}],
        "needs": [
            {
                **LINE,
                "line": 2,
                "quantity": 6,
                "currency": "USD",
                "priority": "high",
                "window": None,
                "objectives": [{**AIM}, {**AIM, "text": "Trace"}],
                "sites": ["X"],
                "confidential": True,
                "visibility": "parties",
                "sustainability": [],
            }
        ],
    },
}


def own_body(name: str) -> dict[str, Any]:
    record = deepcopy(RECORDS[name])
    if name == "offers":
        return offer_body(record)
    return body_of(record) if name == "requests" else record


def file_of(name: str, language: str, cell: tuple[int, str, Any] | None, *, book: bool) -> bytes:
    """The record as it comes out, one cell of it edited."""
    kind = KINDS[name]
    rows = [cells(kind, row, language) for row in kind.rows(RECORDS[name])]
    if cell is not None:
        at, key, value = cell
        place = next(n for n, column in enumerate(kind.columns) if column.key == key)
        rows[at][place] = value
    header = [column.name(language) for column in kind.columns]
    if book:
        with write_workbook(header, rows) as file:
            return bytes(file.read())
    return "".join(csv_pieces(header, rows)).encode()


def changed(
    name: str, language: str, cell: tuple[int, str, Any] | None, *, book: bool
) -> tuple[list[str], dict[str, Any]]:
    kind = KINDS[name]
    content = file_of(name, language, cell, book=book)
    told = read_rows(read_sheet(content), kind.columns, language, lines=bool(kind.lines))
    assert [(one.cell, one.code) for one in told.faults] == []
    assert told.rows == []
    rows = [{key: value for key, value in row.items() if key != "cell"} for row in told.changed]
    before = kind.rows(RECORDS[name])
    body = changed_body(own_body(name), before, rows, kind.bodies, "org-1", kind.lines)
    return changed_columns(before, rows), body


@pytest.mark.parametrize("book", [False, True], ids=["csv", "xlsx"])
@pytest.mark.parametrize("language", ["en", "fr", "ar"])
@pytest.mark.parametrize("name", RECORDS)
def test_what_comes_out_changes_nothing(name: str, language: str, book: bool) -> None:
    assert changed(name, language, None, book=book) == ([], own_body(name))


@pytest.mark.parametrize("book", [False, True], ids=["csv", "xlsx"])
@pytest.mark.parametrize(
    ("name", "cell", "path", "value"),
    [
        ("activities", (0, "quantity", 9), ("quantity",), 9),
        ("activities", (0, "title", "Machines"), ("title",), "Machines"),
        ("activities", (0, "partners", ""), ("partners",), []),
        ("offers", (1, "amount", 7), ("provisions", 1, "amount"), 7),
        ("offers", (0, "quantity", 5), ("provisions", 0, "capacity"), 5),
        ("offers", (2, "condition", "D"), ("conditions", 2, "text"), "D"),
        ("requests", (0, "target", "half"), ("needs", 0, "objectives", 0, "target"), "half"),
        ("requests", (0, "received", "One"), ("evidence", 0, "text"), "One"),
        ("requests", (0, "report", "Another"), ("source_report", "title"), "Another"),
        ("requests", (0, "to", "2027-01-01"), ("window", "to"), "2027-01-01"),
        ("requests", (0, "request_priority", "low"), ("priority",), "low"),
        ("requests", (0, "request_priority", ""), ("priority",), None),
        ("requests", (0, "priority", "low"), ("needs", 0, "priority"), "low"),
    ],
)
def test_one_cell_changes_one_thing(
    name: str, cell: tuple[int, str, Any], path: tuple[Any, ...], value: Any, book: bool
) -> None:
    columns, body = changed(name, "en", cell, book=book)
    wanted = own_body(name)
    inside: Any = wanted
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    assert columns == [cell[1]]
    assert body == wanted


def test_a_file_without_a_column_leaves_what_stands_in_it() -> None:
    rows = csv.reader(io.StringIO(file_of("offers", "en", None, book=False).decode("utf-8-sig")))
    kept = [[row[1], row[-1]] for row in rows]
    content = "".join(",".join(row) + "\n" for row in kept).replace("'=1+1", "Two").encode()
    kind = KINDS["offers"]
    told = read_rows(read_sheet(content), kind.columns[1:2] + kind.columns[-1:], "en", lines=True)
    said = [{key: value for key, value in row.items() if key != "cell"} for row in told.changed]
    assert changed_columns(kind.rows(RECORDS["offers"]), said) == ["title"]


TEXT: Mapping[str, Any] = {**RECORDS["requests"], "needs": [], "priority": "high"}
"""A request that has its text alone."""


def changes_by(
    monkeypatch: pytest.MonkeyPatch, record: Mapping[str, Any], rows: list[dict[str, str]]
) -> tuple[list[changing.Change], list[str]]:
    """What a file of those rows changes of the record, and what is wrong with it."""
    named = {name: record[name] for name in ("id", "title", "description")}
    whole = [{"reference": "", **named, **row} for row in rows]
    columns, lines = list(whole[0]), [list(row.values()) for row in whole]
    content = "".join(csv_pieces(columns, lines)).encode()
    told = read_rows(read_sheet(content), KINDS["requests"].columns, "en", lines=True)
    assert told.faults == []
    monkeypatch.setattr(changing, "ask", lambda *asked: asked)
    monkeypatch.setattr(changing, "look_up", lambda asked: dict.fromkeys(asked, Answer(record)))
    monkeypatch.setattr(changing, "own_party", lambda _kind: "SEN")
    changes, faults = changing.changes_of(KINDS["requests"], told.changed)
    return changes, [one.code for one in faults]


@pytest.mark.parametrize(
    ("cells", "own"),
    [
        ({"request_priority": "High"}, "high"),
        ({"request_priority": "Low"}, "low"),
        ({"request_priority": "", "priority": ""}, None),
        ({"request_priority": "Low", "priority": "High"}, "low"),
        ({"request_priority": "High", "priority": "Low"}, "low"),
        ({"Priority": "High"}, "high"),
        ({"Priority": "Low"}, "low"),
        ({"Priority": ""}, None),
        ({}, "high"),
    ],
)
def test_a_request_of_text_alone_has_one_priority_in_whichever_column(
    monkeypatch: pytest.MonkeyPatch, cells: Mapping[str, str], own: str | None
) -> None:
    """In the one that templates had for both, too."""
    changes, faults = changes_by(monkeypatch, TEXT, [dict(cells)])
    assert faults == []
    assert [one.columns for one in changes] == ([] if own == "high" else [["request_priority"]])
    assert [one.body for one in changes] == [{**body_of(TEXT), "priority": own} for _ in changes]


@pytest.mark.parametrize("priority", ["High", "Low"])
def test_a_needs_priority_in_a_file_as_it_was_stays_the_needs(
    monkeypatch: pytest.MonkeyPatch, priority: str
) -> None:
    record = RECORDS["requests"]
    changes, _ = changes_by(monkeypatch, record, [{"Priority": priority}])
    assert [one.columns for one in changes] == ([] if priority == "High" else [["priority"]])
    assert [one.body["priority"] for one in changes] == [record["priority"]] * len(changes)


@pytest.mark.parametrize(
    ("record", "theme"), [(TEXT, "Marking"), (RECORDS["requests"], "")], ids=["more", "less"]
)
def test_a_file_that_adds_or_takes_out_a_line_is_told_so(
    monkeypatch: pytest.MonkeyPatch, record: Mapping[str, Any], theme: str
) -> None:
    row = {"theme": theme, "kind": theme and "Equipment"}
    empty = dict.fromkeys(("quantity", "unit", "amount", "currency"), "")
    assert changes_by(monkeypatch, record, [{**row, **empty}]) == ([], ["lines"])
