"""The spreadsheet of a national report: its rows as requests, and requests as its rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from services.portal.pages.spreadsheets.kinds import KINDS, cells
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.requests_table import REQUESTS, request_bodies
from services.portal.sheets.rows import Told, read_rows
from services.portal.sheets.writing import csv_pieces, template_csv, template_workbook
from shared.vocabulary import LANGUAGES

MARKING = {
    "reference": "poa-2026-1",
    "title": "Marking of State stocks",
    "description": "Machines and training. Illustrative.",
    "language": "en",
    "theme": "Marking",
    "kind": "Equipment",
    "quantity": "6",
    "unit": "machines",
    "request_priority": "critical",
    "priority": "high",
    "objective": "All State stocks are marked",
    "indicator": "Share marked",
    "baseline": "20 %",
    "target": "100 %",
    "reached_by": "2028-12-31",
    "received": "Two machines in 2024.",
    "report": "National report on the Programme of Action",
    "report_year": "2026",
    "level": "Coordinators only",
}
TRAINING = {"reference": "poa-2026-1", "theme": "marking", "kind": "training", "quantity": "40"}
OLD = {
    "reference": "poa-2010-7",
    "title": "Stores",
    "description": "The armouries need new doors and locks. Illustrative.",
}


EARLIER = tuple(column.key for column in REQUESTS if column.key != "request_priority")
"""The columns of templates as they were: one of priorities."""


def told(
    *rows: Mapping[str, str], language: str = "en", columns: Sequence[str] | None = None
) -> Told:
    """The rows as a CSV file of those columns, all unless, read."""
    header = [column.key for column in REQUESTS] if columns is None else columns
    lines: list[Sequence[Any]] = [[row.get(key, "") for key in header] for row in rows]
    content = "".join(csv_pieces(header, lines)).encode()
    return read_rows(read_sheet(content), REQUESTS, language, lines=True)


def said(found: Told) -> list[str]:
    return [f"{fault.cell}: {fault.code}" for fault in found.faults]


def test_rows_of_one_reference_are_lines_of_one_request() -> None:
    found = told(MARKING, TRAINING, OLD)
    assert said(found) == []
    marking, old = request_bodies(found.rows, "SEN")
    assert marking["country"] == "SEN"
    assert marking["external_id"] == {"source": "spreadsheet", "id": "poa-2026-1"}
    assert [(need["kind"], need["quantity"]) for need in marking["needs"]] == [
        ("equipment", 6),
        ("training", 40),
    ]
    assert marking["needs"][0]["objectives"] == [
        {
            "text": "All State stocks are marked",
            "indicator": "Share marked",
            "baseline": "20 %",
            "target": "100 %",
            "date": "2028-12-31",
        }
    ]
    assert marking["evidence"] == [{"text": "Two machines in 2024.", "url": None}]
    assert marking["source_report"] == {
        "title": "National report on the Programme of Action",
        "year": 2026,
        "url": None,
    }
    assert marking["confidentiality"] == "coordinators"
    assert (old["needs"], old["confidentiality"]) == ([], "restricted")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"kind": ""}, "kind"),
        ({"theme": ""}, "theme"),
        ({"theme": "", "kind": ""}, "theme"),
        ({"objective": ""}, "objective"),
        ({"report": ""}, "report"),
        ({"description": ""}, "description"),
    ],
    ids=["kind", "theme", "measures alone", "objective", "report", "description"],
)
def test_what_belongs_together_is_missed_by_its_cell(
    changed: Mapping[str, str], expected: str
) -> None:
    at = [column.key for column in REQUESTS].index(expected)
    assert f"{chr(ord('A') + at)}2: missing" in said(told({**MARKING, **changed}))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_is_read_again_in_every_language(language: str) -> None:
    names = [column.name(language) for column in REQUESTS]
    assert len(set(names)) == len(names)
    for content in (template_workbook(REQUESTS, language), template_csv(REQUESTS, language)):
        assert len(read_sheet(content).rows) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_goes_out_as_the_rows_that_it_came_in_by(language: str) -> None:
    """Codes go out by their names in the reader's language, and are read again in any."""
    bodies = request_bodies(told(MARKING, TRAINING, OLD).rows, "SEN")
    kind = KINDS["requests"]
    stored = [{**body, "id": None} for body in bodies]
    rows = [cells(kind, row, language) for one in stored for row in kind.rows(one)]
    header = [column.name(language) for column in REQUESTS]
    content = "".join(csv_pieces(header, rows)).encode()
    again = read_rows(read_sheet(content), REQUESTS, language, lines=True)
    assert said(again) == []
    assert request_bodies(again.rows, "SEN") == bodies


@pytest.mark.parametrize(
    ("rows", "own", "of_lines"),
    [
        ([MARKING, TRAINING], "critical", ["high", None]),
        ([MARKING, {**TRAINING, "request_priority": "critical"}], "critical", ["high", None]),
        ([{**MARKING, "request_priority": ""}, TRAINING], None, ["high", None]),
        ([{**MARKING, "priority": ""}, {**TRAINING, "priority": "low"}], "critical", [None, "low"]),
        ([{**OLD, "request_priority": "low"}], "low", []),
        ([{**OLD, "priority": "low"}], "low", []),
    ],
    ids=["first row", "each row", "of a need alone", "of the request alone", "text", "misplaced"],
)
def test_a_request_has_its_priority_by_its_own_column_and_a_need_by_its_row(
    rows: Sequence[Mapping[str, str]], own: str | None, of_lines: Sequence[str | None]
) -> None:
    (body,) = request_bodies(told(*rows).rows, "SEN")
    assert body["priority"] == own
    assert [need["priority"] for need in body["needs"]] == of_lines


def test_rows_of_a_request_that_say_its_priority_differently_are_told() -> None:
    at = [column.key for column in REQUESTS].index("request_priority")
    found = told(MARKING, {**TRAINING, "request_priority": "low"})
    assert said(found) == [f"{chr(ord('A') + at)}3: differs"]


@pytest.mark.parametrize(
    ("rows", "own", "of_lines"),
    [
        ([MARKING, {**TRAINING, "priority": "low"}], "high", ["high", "low"]),
        ([{**MARKING, "priority": ""}, {**TRAINING, "priority": "low"}], None, [None, "low"]),
        ([{**OLD, "priority": "low"}], "low", []),
    ],
    ids=["first row", "second row", "text"],
)
def test_where_a_file_has_one_column_of_priorities_the_first_rows_is_the_requests(
    rows: Sequence[Mapping[str, str]], own: str | None, of_lines: Sequence[str | None]
) -> None:
    found = told(*rows, columns=EARLIER)
    assert said(found) == []
    (body,) = request_bodies(found.rows, "SEN")
    assert body["priority"] == own
    assert [need["priority"] for need in body["needs"]] == of_lines


@pytest.mark.parametrize(
    "name", ["Priority", "Priorité", "Prioridad", "Приоритет", "优先程度", "الأولوية"]
)
def test_a_template_as_it_was_names_the_needs_priority_as_it_did(name: str) -> None:
    header = [name if key == "priority" else key for key in EARLIER]
    content = "".join(csv_pieces(header, [[MARKING.get(key, "") for key in EARLIER]])).encode()
    found = read_rows(read_sheet(content), REQUESTS, "en", lines=True)
    assert said(found) == []
    assert found.rows[0]["priority"] == "high"
