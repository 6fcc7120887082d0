"""What a file says without fault the registers take: the bounds of both are held to each other."""

import io
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask
from xlsxwriter import Workbook

from deploy.cli import national_reports
from entraide.client import Answer
from services.offers.schemas import ActivityBody, ConditionSchema, EligibilitySchema, OfferBody
from services.portal.pages.spreadsheets import changing
from services.portal.pages.spreadsheets.kinds import KINDS, Kind, cells
from services.portal.sheets.columns import CellError
from services.portal.sheets.faults import Fault
from services.portal.sheets.limits import too_much
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.rows import Told, read_rows
from services.portal.sheets.writing import csv_pieces
from services.requests.schemas import EvidenceSchema, NeedSchema, ObjectiveSchema, RequestBody
from shared.lifecycle import ASSISTANCE
from shared.registers.schemas import MAX_LINES, LinkSchema, ReportSchema
from shared.vocabulary import LANGUAGES
from shared.web.bodies import MAX_BODY_BYTES
from shared.web.bounds import BoundedList
from shared.web.visibility import LEVELS
from tests.services.portal.test_sheet_changes import RECORDS

SCHEMAS: Mapping[str, ma.Schema] = {
    "requests": RequestBody(),
    "offers": OfferBody(),
    "activities": ActivityBody(),
}
GOOD = {
    "reference": "r-1",
    "title": "Machines",
    "description": "Six machines.",
    "country": "SEN",
    "theme": "marking",
    "kind": "equipment",
}
AIM = {"objective": "Mark"}
MONEY = {"amount": "5", "currency": "USD"}
ACTIVITY, REQUEST = ActivityBody().fields, RequestBody().fields
TEXTS: Mapping[str, Any] = {
    "title": ACTIVITY["title"],
    "description": ACTIVITY["description"],
    "unit": ACTIVITY["unit"],
    "objective": ObjectiveSchema().fields["text"],
    "indicator": ObjectiveSchema().fields["indicator"],
    "baseline": ObjectiveSchema().fields["baseline"],
    "target": ObjectiveSchema().fields["target"],
    "received": EvidenceSchema().fields["text"],
    "report": ReportSchema().fields["title"],
    "action_plan": LinkSchema().fields["title"],
    "condition": ConditionSchema().fields["text"],
}
WITH = {"unit": {"quantity": "5"}, **dict.fromkeys(("indicator", "baseline", "target"), AIM)}
EVERY = list(KINDS)


def read(name: str, *rows: Mapping[str, Any]) -> Told:
    """The rows as a file of the columns that the kind has of those told, read."""
    known = [column.key for column in KINDS[name].columns]
    header = [key for key in known if any(key in row for row in rows)]
    lines: list[Sequence[Any]] = [[row.get(key, "") for key in header] for row in rows]
    content = "".join(csv_pieces(header, lines)).encode()
    kind = KINDS[name]
    return read_rows(read_sheet(content), kind.columns, "en", lines=bool(kind.lines))


def faults(name: str, *rows: Mapping[str, Any]) -> list[Fault]:
    """All that a preview of new records tells, its own check of whole records included."""
    kind, told = KINDS[name], read(name, *rows)
    if told.faults:
        return told.faults
    return too_much(told.rows, told.cells, kind.bodies, "SEN", kind.limits)


def take(name: str, *rows: Mapping[str, Any]) -> None:
    """Have the register's schema read what a file without fault says; fails where it would not."""
    assert faults(name, *rows) == []
    for body in KINDS[name].bodies(read(name, *rows).rows, "SEN"):
        SCHEMAS[name].load(body)


def cell_of(name: str, key: str, row: int, *rows: Mapping[str, Any]) -> str:
    known = [column.key for column in KINDS[name].columns]
    header = [one for one in known if any(one in line for line in rows)]
    return f"{chr(ord('A') + header.index(key))}{row}"


def has(kind: Kind, key: str) -> bool:
    return any(column.key == key for column in kind.columns)


@pytest.mark.parametrize("key", TEXTS)
@pytest.mark.parametrize("name", EVERY)
def test_texts_are_as_long_as_the_register_takes_them(name: str, key: str) -> None:
    if not has(KINDS[name], key):
        return
    most = TEXTS[key].max_length
    row = {**GOOD, **WITH.get(key, {})}
    take(name, {**row, key: "x" * most})
    (fault,) = faults(name, {**row, key: "x" * (most + 1)})
    assert (fault.code, fault.cell) == ("too-long", cell_of(name, key, 2, {**row, key: ""}))


@pytest.mark.parametrize("name", EVERY)
def test_texts_are_counted_as_the_register_keeps_them(name: str) -> None:
    """Some letters are two in the form that all are kept in; spaces of a line become one."""
    take(name, {**GOOD, "title": f"Machines{' ' * 300}of  two\nkinds"})
    (fault,) = faults(name, {**GOOD, "title": "\u0958" * 200})
    assert fault.code == "too-long"


def test_what_only_workbooks_can_hold_is_no_number_and_no_character() -> None:
    (column,) = (one for one in KINDS["offers"].columns if one.key == "quantity")
    for value, code in ((float("nan"), "number"), (float("inf"), "number-range")):
        with pytest.raises(CellError) as found:
            column.read(value, str(value), "en")
        assert found.value.code == code
    file = io.BytesIO()
    book = Workbook(file)
    book.add_worksheet().write_row(0, 0, list(GOOD))
    book.worksheets()[0].write_row(1, 0, list({**GOOD, "title": "Mach\x00ines"}.values()))
    book.close()
    kind = KINDS["activities"]
    told = read_rows(read_sheet(file.getvalue()), kind.columns, "en", lines=False)
    assert [row["title"] for row in told.rows] == ["Machines"]


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"quantity": "1000000000"}, {"quantity": "1000000000.001"}),
        ({"quantity": "0.001"}, {"quantity": "0.0001"}),
        ({"quantity": "0.001"}, {"quantity": "0"}),
        ({**MONEY, "amount": "10000000000000"}, {**MONEY, "amount": "10000000000000.01"}),
        ({**MONEY, "amount": "0"}, {**MONEY, "amount": "-0.01"}),
        ({**MONEY, "amount": "0.01"}, {**MONEY, "amount": "0.001"}),
        ({"from": "2000-01-01", "to": "2100-12-31"}, {"from": "1999-12-31", "to": "2100-12-31"}),
        ({"from": "2000-01-01", "to": "2100-12-31"}, {"from": "2000-01-01", "to": "2101-01-01"}),
        ({"from": "2000-01-01", "to": "2000-01-01"}, {"from": "2000-01-02", "to": "2000-01-01"}),
        ({"from": "2000-01-01", "to": "2000-01-01"}, {"from": "2000-01-01", "to": ""}),
        ({}, {"amount": "5", "currency": ""}),
        ({}, {"amount": "", "currency": "USD"}),
        ({}, {"quantity": "", "unit": "machines"}),
    ],
)
@pytest.mark.parametrize("name", EVERY)
def test_numbers_and_days_lie_within_what_the_register_takes(
    name: str, cells: Mapping[str, str], wrong: Mapping[str, str]
) -> None:
    take(name, {**GOOD, **cells})
    assert len(faults(name, {**GOOD, **wrong})) == 1


def test_a_report_is_of_a_year_that_the_register_takes() -> None:
    row = {**GOOD, "report": "A report"}
    for year in ("2000", "2100"):
        take("requests", {**row, "report_year": year})
    for year in ("1999", "12", "0", "2101", "2024.5"):
        (fault,) = faults("requests", {**row, "report_year": year})
        assert fault.code == "number-range"
        assert fault.cell == cell_of("requests", "report_year", 2, {**row, "report_year": ""})


@pytest.mark.parametrize(
    ("name", "member", "told"),
    [
        ("requests", "needs", {"quantity": "{}"}),
        ("requests", "objectives", {"objective": "Aim {}", "theme": "", "kind": ""}),
        ("requests", "evidence", {"received": "Machine {}"}),
        ("offers", "provisions", {"quantity": "{}"}),
        ("offers", "conditions", {"condition": "Condition {}"}),
    ],
)
def test_one_too_many_in_a_list_is_told_by_its_cell(
    name: str, member: str, told: Mapping[str, str]
) -> None:
    field = SCHEMAS[name].fields[member]
    assert isinstance(field, BoundedList)
    key, most = KINDS[name].limits[member]
    assert most == field.max_length
    rows = [
        {**GOOD, **{key: text.format(number) for key, text in told.items()}}
        for number in range(1, most + 3)
    ]
    take(name, *rows[:most], {**rows[0], "reference": "r-2"})
    (fault,) = faults(name, {**rows[0], "reference": "r-0"}, *rows)
    assert (fault.code, fault.cell) == ("too-many", cell_of(name, key, most + 3, *rows))
    assert all(str(most) in fault.sentence(language) for language in LANGUAGES)


@pytest.mark.parametrize("name", EVERY)
def test_every_list_that_rows_fill_has_its_bound(name: str) -> None:
    """Or is a choice of so few that it cannot be too long."""
    kind = KINDS[name]
    (body,) = kind.bodies(read(name, GOOD).rows, "SEN")
    lists = {member for member, value in body.items() if isinstance(value, list)}
    assert lists - set(kind.limits) == {"partners"}
    chosen = {
        "partners": SCHEMAS[name].fields["partners"],
        **{key: EligibilitySchema().fields[key] for key in ("countries", "regions", "groups")},
    }
    for column in kind.columns:
        if column.key in chosen:
            assert column.labels is not None
            assert len(column.labels("en")) <= chosen[column.key].max_length


@pytest.mark.parametrize(
    ("name", "key", "taken"),
    [
        ("requests", "level", LEVELS),
        ("activities", "status", ASSISTANCE.states),
        *((name, "language", LANGUAGES) for name in EVERY),
    ],
)
def test_codes_are_those_that_the_register_takes(name: str, key: str, taken: Sequence[str]) -> None:
    (column,) = (one for one in KINDS[name].columns if one.key == key)
    assert column.labels is not None
    assert set(column.labels("en")) == set(taken)


def test_each_line_of_a_need_has_fewer_objectives_than_the_register_takes() -> None:
    field = NeedSchema().fields["objectives"]
    assert isinstance(field, BoundedList)
    (body,) = KINDS["requests"].bodies(read("requests", {**GOOD, **AIM}).rows, "SEN")
    assert [len(need["objectives"]) for need in body["needs"]] == [1]
    assert field.max_length >= 1


def test_a_record_that_is_larger_than_a_service_reads_is_told_by_its_reference() -> None:
    lines = [
        {**GOOD, "objective": f"{number}{'я' * 1_500}", "target": "ю" * 500}
        for number in range(MAX_LINES)
    ]
    (fault,) = faults("requests", {**GOOD, "reference": "r-0"}, *lines)
    assert (fault.code, fault.cell) == ("too-large-record", "A3")
    assert all(fault.sentence(language) for language in LANGUAGES)
    assert MAX_BODY_BYTES < 12_000 * MAX_LINES


def test_a_condition_has_a_text_where_it_has_a_kind() -> None:
    row = {**GOOD, "condition_kind": "reporting", "condition": ""}
    (fault,) = faults("offers", row)
    assert (fault.code, fault.cell) == ("missing", cell_of("offers", "condition", 2, row))
    take("offers", {**row, "condition": "A report"})


def test_the_command_holds_a_report_to_the_same(tmp_path: Any) -> None:
    good = {key: value for key, value in GOOD.items() if key != "country"}
    rows = [{**good, "quantity": number + 1} for number in range(MAX_LINES + 1)]
    file, header = tmp_path / "report.csv", list(rows[0])
    lines: list[Sequence[Any]] = [list(row.values()) for row in rows]
    file.write_text("".join(csv_pieces(header, lines)))
    with pytest.raises(national_reports.ReportError) as found:
        national_reports.read_report(file, "SEN", "en")
    assert [one.code for one in found.value.faults] == ["too-many"]


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    with app.test_request_context("/requests?language=en"):
        yield


def changed(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    record: Mapping[str, Any],
    *edits: tuple[int, str, Any],
) -> tuple[list[changing.Change], list[tuple[str, str]]]:
    """What a file of the record, with these cells edited, changes; what is wrong, by column."""
    kind = KINDS[name]
    keys = [column.key for column in kind.columns]
    rows = [cells(kind, row, "en") for row in kind.rows(record)]
    for at, key, value in edits:
        rows[at][keys.index(key)] = value
    told = read_rows(
        read_sheet("".join(csv_pieces(keys, rows)).encode()),
        kind.columns,
        "en",
        lines=bool(kind.lines),
    )
    assert told.faults == []
    monkeypatch.setattr(changing, "ask", lambda *asked: asked)
    monkeypatch.setattr(changing, "look_up", lambda asked: dict.fromkeys(asked, Answer(record)))
    monkeypatch.setattr(changing, "own_party", lambda own: record[own.party])
    changes, wrong = changing.changes_of(kind, told.changed)
    return changes, [(one.code, keys[ord(one.cell[0]) - ord("A")]) for one in wrong]


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("name", "edit", "wrong"),
    [
        ("activities", (0, "title", ""), ("missing", "title")),
        ("activities", (0, "country", ""), ("missing", "country")),
        ("activities", (0, "theme", ""), ("missing", "theme")),
        ("activities", (0, "quantity", ""), ("unit", "quantity")),
        ("activities", (0, "currency", ""), ("currency", "currency")),
        ("activities", (0, "from", ""), ("missing", "from")),
        ("activities", (0, "from", "2027-01-01"), ("order", "to")),
        ("activities", (0, "status", "planned"), ("step", "status")),
        ("offers", (1, "title", "Others"), ("differs-here", "title")),
        ("offers", (2, "quantity", "5"), ("missing", "theme")),
        ("offers", (0, "condition", ""), ("missing", "condition")),
        ("requests", (0, "objective", ""), ("missing", "objective")),
        ("requests", (0, "report", ""), ("missing", "report")),
    ],
)
def test_a_change_that_the_register_would_refuse_is_told_by_its_cell(
    monkeypatch: pytest.MonkeyPatch, name: str, edit: tuple[int, str, Any], wrong: tuple[str, str]
) -> None:
    record = {**deepcopy(RECORDS[name]), "window": {"from": "2026-01-01", "to": "2026-12-31"}}
    changes, faults = changed(monkeypatch, name, record, edit)
    assert wrong in faults
    assert changes == []


@pytest.mark.usefixtures("english")
def test_what_stood_there_before_is_no_fault_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window of one day, kept before both were asked for: the file changes something else."""
    changes, faults = changed(
        monkeypatch, "activities", RECORDS["activities"], (0, "quantity", "9")
    )
    assert (len(changes), faults) == (1, [])


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize("name", ["offers", "requests"])
def test_a_record_that_is_over_changes_no_more(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    record = {**RECORDS[name], "status": "withdrawn"}
    record["window"] = {"from": "2026-01-01", "to": "2026-12-31"}
    assert changed(monkeypatch, name, record) == ([], [])
    edits = [(at, "title", "Others") for at in range(len(KINDS[name].rows(record)))]
    _, faults = changed(monkeypatch, name, record, *edits)
    assert [code for code, _key in faults] == ["over"]


@pytest.mark.usefixtures("english")
def test_a_change_that_adds_one_too_many_to_a_list_is_told_by_its_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though the rows show the first of the pieces of evidence alone."""
    record = deepcopy(RECORDS["requests"])
    record["window"] = None
    record["needs"] = [{**record["needs"][0], "line": number} for number in (1, 2, 3)]
    record["evidence"] = [{"text": f"Machine {at}", "url": None} for at in range(49)]
    changes, faults = changed(monkeypatch, "requests", record, (1, "received", "One more"))
    assert (len(changes), faults) == (1, [])
    edits = ((1, "received", "One more"), (2, "received", "And another"))
    changes, faults = changed(monkeypatch, "requests", record, *edits)
    assert (changes, faults) == ([], [("too-many", "received")])
