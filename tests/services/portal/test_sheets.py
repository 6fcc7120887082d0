"""Spreadsheets as donors send them: what is understood, and each fault by its cell."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from xlsxwriter import Workbook

from services.portal.sheets import unpacking
from services.portal.sheets.faults import SheetError
from services.portal.sheets.reading import MOST_COLUMNS, MOST_ROWS, read_sheet
from services.portal.sheets.rows import Told, read_rows
from services.portal.sheets.tables import ACTIVITIES, OFFERS, activity_bodies, offer_bodies
from services.portal.sheets.writing import csv_pieces, template_csv, template_workbook
from shared.vocabulary import LANGUAGES
from tests.fuzz.hanging import at_most

HANGS = 60
"""Seconds after which a file is no longer read but kept: it takes a fraction of one."""
HEADER = ("reference", "title", "description", "theme", "kind", "quantity", "unit", "from", "to")
ROW = ("r-1", "Machines", "Six machines.", "marking", "equipment", 6, "machines", None, None)


def workbook(*rows: Sequence[Any], merge: bool = False) -> bytes:
    """An .xlsx file; texts that begin with "f:" are formulas, days are days."""
    file = io.BytesIO()
    book = Workbook(file)
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, str) and value.startswith("f:"):
                sheet.write_formula(at, column, value[2:], None, "")
            elif isinstance(value, str):
                sheet.write_string(at, column, value)
            elif isinstance(value, date):
                sheet.write_datetime(at, column, value, day)
            elif value is not None:
                sheet.write(at, column, value)
    if merge:
        sheet.merge_range(1, 1, 2, 1, "Machines")
    book.close()
    return file.getvalue()


def table(*rows: Sequence[Any], delimiter: str = ",") -> str:
    """A CSV file's text."""
    return "\n".join(delimiter.join(str(cell or "") for cell in row) for row in rows)


def read(content: bytes, language: str = "en", *, offers: bool = True) -> Told:
    columns = OFFERS if offers else ACTIVITIES
    return read_rows(read_sheet(content), columns, language, lines=offers)


def faults(content: bytes, language: str = "en", *, offers: bool = True) -> list[str]:
    return [
        f"{fault.cell}: {fault.sentence(language)}"
        for fault in read(content, language, offers=offers).faults
    ]


def replaced(**values: Any) -> tuple[Any, ...]:
    """The row with other values by column, "to" and "from" by "until" and "since"."""
    known = {**dict(zip(HEADER, ROW, strict=True))}
    names = {"since": "from", "until": "to"}
    known |= {names.get(name, name): value for name, value in values.items()}
    return tuple(known[name] for name in HEADER)


def refused(content: bytes) -> str:
    with pytest.raises(SheetError) as found:
        read_sheet(content)
    return found.value.fault.code


def test_rows_of_one_reference_are_lines_of_one_offer() -> None:
    more = replaced(title=None, description=None, kind="Training", quantity=40, unit="persons")
    told = read(workbook(HEADER, ROW, more, replaced(reference="r-2")))
    assert told.faults == []
    first, second = offer_bodies(told.rows, "org-1")
    assert [line["kind"] for line in first["provisions"]] == ["equipment", "training"]
    assert first["external_id"] == {"source": "spreadsheet", "id": "r-1"}
    assert len(second["provisions"]) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("columns", [OFFERS, ACTIVITIES], ids=["offers", "activities"])
def test_a_template_is_read_again_in_every_language(columns: Any, language: str) -> None:
    for content in (template_workbook(columns, language), template_csv(columns, language)):
        sheet = read_sheet(content)
        assert len(sheet.rows) == 1
        with pytest.raises(SheetError):  # there are no rows beneath the first
            read_rows(sheet, columns, "en", lines=False)
        marked = [str(cell).endswith("*") for cell in sheet.rows[0]]
        assert marked == [column.required for column in columns]
    names = [column.name(language) for column in columns]
    assert len(set(names)) == len(names)


def test_codes_are_understood_by_their_names_in_any_language() -> None:
    told = read(workbook(HEADER, replaced(theme="Marquage", kind="التدريب")))
    assert (told.rows[0]["theme"], told.rows[0]["kind"]) == ("marking", "training")


def test_each_fault_is_told_by_its_cell() -> None:
    assert faults(workbook(HEADER, replaced(theme="Markin"))) == [
        "D2: “Markin” is not known in the column “Theme”. Did you mean “Marking”?"
    ]
    assert faults(workbook(HEADER, replaced(quantity="many"))) == ["F2: “many” is not a number."]
    assert faults(workbook(HEADER, replaced(quantity=None))) == [
        "F2: Say how many, or take out of what."
    ]
    assert faults(workbook(HEADER, replaced(title=" "))) == ["B2: “Title” is missing here."]
    assert faults(workbook(HEADER, ROW, replaced(title="Others"))) == [
        "B3: This differs from row 2, which has the same reference."
    ]
    assert faults(workbook(HEADER, replaced(since="2026-10-01", until="2026-09-01"))) == [
        "I2: It ends before it begins."
    ]
    assert faults(workbook((*HEADER[:3], "Themes", *HEADER[4:]), ROW))[0] == (
        "D1: “Themes” is no column. Did you mean “Theme”?"
    )
    assert faults(workbook(HEADER, replaced(quantity="many")), "ar")[0].startswith("F2: ")


def test_days_are_read_in_many_styles_and_not_guessed() -> None:
    since = date(2026, 10, 1)
    for until in (date(2026, 10, 13), "2026-10-13", "13.10.2026", "13/10/2026", "13 Oct 2026"):
        told = read(workbook(HEADER, replaced(since=since, until=until)))
        assert (told.faults, told.rows[0]["to"]) == ([], "2026-10-13"), until
    assert faults(workbook(HEADER, replaced(since=since, until="3/10/2026"))) == [
        "I2: “3/10/2026” can be 2026-10-03 or 2026-03-10. Write the one that you mean."
    ]


def test_formulas_without_a_result_and_merged_cells_are_told() -> None:
    assert faults(workbook(HEADER, replaced(title="f:=1+1"))) == [
        "B2: This formula has no result that could be read. Put its value in its place.",
    ]
    merged = workbook(HEADER, ROW, replaced(reference="r-2", title=None), merge=True)
    assert "B2: These cells are merged. Split them, and fill in each." in faults(merged)


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+33 1 23", "-5 machines", "@home", "'quoted'"),
        *("\uff1d1+1", "\uff0b1", "\uff0d5", "\uff20SUM(A1)"),
    ],
)
def test_texts_that_look_like_formulas_stay_texts_on_both_ways(text: str) -> None:
    assert read(workbook(HEADER, replaced(title=text))).rows[0]["title"] == text
    written = "".join(csv_pieces(HEADER, [replaced(title=text)]))
    assert f",{text}" not in written or text.startswith("'")
    assert read(written.encode()).rows[0]["title"] == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_csv_is_read_in_the_encodings_that_say_what_they_are(delimiter: str, encoding: str) -> None:
    text = table(HEADER, replaced(title="Маркировка"), delimiter=delimiter)
    assert read(text.encode(encoding)).rows[0]["title"] == "Маркировка"


def test_what_cannot_be_told_is_refused() -> None:
    assert refused(table(HEADER, replaced(title="Défense")).encode("windows-1252")) == "encoding"
    assert refused(b"PK\x03\x04 and no more") == "format"
    assert refused(b"\x00\x01\x02") == "format"
    assert refused(b"\xd0\xcf\x11\xe0 old") == "format"
    assert refused("\n".join(["a,b"] * 100_000).encode()) == "too-many-rows"
    assert refused(",".join("a" * 100).encode()) == "too-many-columns"


def test_as_many_rows_as_a_page_says_may_lie_beneath_the_names_of_the_columns() -> None:
    def as_text(*rows: Sequence[Any]) -> bytes:
        return table(*rows).encode()

    for many in (workbook, as_text):
        sheet = read_sheet(many(HEADER, *[ROW] * MOST_ROWS))
        assert len(sheet.rows) == 1 + MOST_ROWS
        with pytest.raises(SheetError) as found:
            read_sheet(many(HEADER, *[ROW] * (MOST_ROWS + 1)))
        assert found.value.fault.sentence("en").startswith(f"The file has more than {MOST_ROWS} ")


def with_sheet(change: Callable[[bytes], bytes]) -> bytes:
    """A workbook whose first sheet was changed."""
    content = workbook(HEADER, ROW)
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            text = old.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = change(text)
            new.writestr(part.filename, text)
    return file.getvalue()


def test_an_archive_does_not_make_the_reader_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert refused(with_sheet(lambda text: text.replace(b'r="A2"', b'r="XFD2"'))) == (
        "too-many-columns"
    )
    far = with_sheet(lambda text: text.replace(b'<row r="2"', b'<row r="1048576"'))
    assert refused(far) == "too-many-rows"
    assert refused(with_sheet(lambda text: text.replace(b'r="A2"', b'r="&#65;2"'))) == "format"
    entity = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    assert refused(
        with_sheet(lambda text: text.replace(b"<worksheet", entity + b"<worksheet"))
    ) == ("format")
    rows = b"<row>" + b"</row><row>" * 100_000 + b"</row>"
    assert refused(
        with_sheet(lambda text: text.replace(b"</sheetData>", rows + b"</sheetData>"))
    ) == ("too-many-rows")
    cells = b"<sheetData>" + b"<x/>" * 1_000_000
    assert refused(with_sheet(lambda text: text.replace(b"<sheetData>", cells))) == "too-large"
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 100_000)
    assert refused(with_sheet(lambda text: text + b" " * 100_000)) == "too-large"


def test_cells_without_an_address_stand_beside_the_one_before() -> None:
    text = "".join(f"<c t='inlineStr'><is><t>{one}</t></is></c>" for one in ROW[:4])
    bare = f"<row>{text}<c><f>2*3</f><v>6</v></c></row></sheetData>".encode()
    sheet = read_sheet(with_sheet(lambda text: text.replace(b"</sheetData>", bare)))
    assert sheet.rows[2][:5] == [*ROW[:4], 6]
    assert sheet.formulas == {"E3"}
    wide = b"<row><c r='A3'/>" + b"<c/>" * MOST_COLUMNS + b"</row></sheetData>"
    for cells in (wide, wide.replace(b"<c r='A3'/>", b"<c/>")):
        changed = with_sheet(lambda text, cells=cells: text.replace(b"</sheetData>", cells))
        assert refused(changed) == "too-many-columns"
    again = b"<row><c/></row>" * 3 + b"</sheetData>"
    assert read_sheet(with_sheet(lambda text: text.replace(b"</sheetData>", again))).rows


def test_tags_without_an_end_take_no_longer_than_their_length() -> None:
    for run in (b"<c r='A1'", b"<c r='A1' ", b"<c ", b"<", b"<c r='A1'><f"):
        tags = b"<sheetData>" + run * 20_000
        sheet = with_sheet(lambda text, tags=tags: text.replace(b"<sheetData>", tags))
        with at_most(HANGS):
            assert refused(sheet) == "format"
    many = b"<sheetData " + b" ".join(b"a%d=''" % number for number in range(100_000)) + b"/>"
    for tag in (many + b"<sheetData>", many[:-2]):
        sheet = with_sheet(lambda text, tag=tag: text.replace(b"<sheetData>", tag))
        assert refused(sheet) == "too-large"


def test_activities_are_a_row_each() -> None:
    header, row = (*HEADER, "country", "status"), (*ROW, "Senegal", "Ongoing")
    told = read(workbook(header, row), offers=False)
    assert told.faults == []
    (body,) = activity_bodies(told.rows, "org-1")
    assert (body["country"], body["status"], body["quantity"]) == ("SEN", "ongoing", 6)
    assert faults(workbook(header, row, row), offers=False) == ["A3: Row 2 has the same reference."]


def test_who_sees_a_record_is_told_in_any_language() -> None:
    header = (*HEADER, "public")
    said = "Tout le monde, même sans compte"
    for cell, public in (("public", True), (said, True), ("restricted", False), (None, False)):
        (body,) = offer_bodies(read(workbook(header, (*ROW, cell))).rows, "org-1")
        assert body["public"] is public
    more = (*replaced(title=None, description=None, kind="Training", unit="persons"), "restricted")
    (fault,) = faults(workbook(header, (*ROW, "public"), more))
    assert fault.startswith("J3:")
