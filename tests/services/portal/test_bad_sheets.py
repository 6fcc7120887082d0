"""Files that are none, broken ones, and wrong cells, as each kind of spreadsheet takes them."""

import io
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from xlsxwriter import Workbook

from deploy.cli import import_
from deploy.cli.main import main
from services.portal.held_files import MOST_BYTES
from services.portal.pages.spreadsheets.kinds import KINDS, Kind
from services.portal.sheets.faults import SheetError, cell_name
from services.portal.sheets.reading import read_sheet
from services.portal.sheets.rows import Told, read_rows
from shared.vocabulary import LANGUAGES

EVERY = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
GOOD = {
    "reference": "r-1",
    "title": "Machines",
    "description": "Six machines.",
    "country": "SEN",
    "theme": "marking",
    "kind": "equipment",
    "amount": "1000",
    "currency": "USD",
}


def header_of(kind: Kind) -> list[str]:
    return [column.key for column in kind.columns]


def text_of(kind: Kind, /, **cells: str) -> str:
    """A CSV of one row, good but for the cells given; whatever they hold is quoted."""
    row = {**GOOD, **cells}
    values = [row.get(key, "").replace('"', '""') for key in header_of(kind)]
    quoted = ",".join(f'"{value}"' for value in values)
    return f"{','.join(header_of(kind))}\n{quoted}\n"


def told(kind: Kind, content: bytes) -> Told:
    return read_rows(read_sheet(content), kind.columns, "en", lines=bool(kind.lines))


def workbook_of(kind: Kind) -> bytes:
    file = io.BytesIO()
    book = Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, header_of(kind))
    sheet.write_row(1, 0, [GOOD.get(key, "") for key in header_of(kind)])
    book.close()
    return file.getvalue()


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for name, text in files.items():
            written.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        archive(**{"word/document.xml": "<w:document/>"}),
        archive(),
        b"PK\x03\x04",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old .xls",
        b"<html><table><tr><td>reference</td></tr></table></html>",
        b'[{"reference": "r-1"}]',
        b"",
        "reference,title\nr,Défense\n".encode("windows-1252"),
        "reference,title\nr,D\n".encode("utf-16-le"),
        "reference,title\nr,D\n".encode("utf-16")[:-1],
        "reference,title\nr,D\n".encode("utf-32"),
    ],
    ids=[
        *("png", "pdf", "docx", "empty-zip", "zip", "old-xls", "html", "json", "empty"),
        *("latin", "bare-16", "half-16", "utf-32"),
    ],
)
@pytest.mark.parametrize("kind", EVERY)
def test_what_is_no_spreadsheet_of_ours_gives_no_row(kind: Kind, content: bytes) -> None:
    try:
        faults = told(kind, content).faults
    except SheetError as error:
        faults = [error.fault]
    assert all(one.sentence("en") for one in faults)
    assert faults


@pytest.mark.parametrize("kind", EVERY)
def test_a_half_written_workbook_gives_no_row(kind: Kind) -> None:
    whole = workbook_of(kind)
    assert told(kind, whole).rows
    for share in range(1, 20):
        with pytest.raises(SheetError):
            told(kind, whole[: len(whole) * share // 20])


@pytest.mark.parametrize("kind", EVERY)
def test_half_a_row_is_told_by_what_it_lacks(kind: Kind) -> None:
    text = ",".join(GOOD.get(key, "") for key in header_of(kind))
    head = ",".join(header_of(kind))
    cut = text[: text.index("Six machines")]
    assert {one.code for one in told(kind, f"{head}\n{cut}\n".encode()).faults} >= {"missing"}
    assert refused(f"{head}\n{text}\n{cut}".encode()) == ("half-row", "C3")
    assert told(kind, f"{head}\n{text}".encode()).rows


def refused(content: bytes) -> tuple[str, str]:
    """Why it is no spreadsheet, and the cell."""
    with pytest.raises(SheetError) as found:
        read_sheet(content)
    assert all(found.value.fault.told(language) for language in LANGUAGES)
    return found.value.fault.code, found.value.fault.cell


HEAD = "reference,title,description\n"


@pytest.mark.parametrize(
    ("content", "code", "cell"),
    [
        (f'{HEAD}r-1,"Machines,Six\nr-2,More,More\n'.encode(), "quote", "B2"),
        (f'{HEAD}r-1,Machines,Six\nr-2,"More" lockers,More\n'.encode(), "quote", "A3"),
        (f"{HEAD}r-1,Machines,Six\nr-2,Lock".encode(), "half-row", "B3"),
        (f"{HEAD}r-1,Machines,Six\nr-2,Défense,x".encode("windows-1252"), "encoding", "B3"),
        (f"{HEAD}r-1,Défense".encode()[:-6], "encoding", "B2"),
        (f"{HEAD}r-1,Défense,x".encode("utf-16")[:-1], "encoding", "C2"),
        (f"{HEAD}r-1,Machines\0,Six\n".encode(), "format", ""),
        (f"{HEAD}r-1,Machines\0,Six\n".encode("utf-16"), "format", ""),
    ],
    ids=["quote", "within", "half", "latin", "half-8", "half-16", "nul", "nul-16"],
)
def test_where_a_file_breaks_is_told(content: bytes, code: str, cell: str) -> None:
    assert refused(content) == (code, cell)


BROKEN: dict[str, tuple[bytes, str]] = {
    "a PDF under the name": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "report.xlsx: "),
    "half a workbook": (workbook_of(KINDS["requests"])[:-200], "report.xlsx: "),
    "half a table": (text_of(KINDS["requests"])[:-90].encode(), "2: "),
    "UTF-16 without a mark": (text_of(KINDS["requests"]).encode("utf-16-le"), "report.xlsx: "),
    "Windows-1252": (text_of(KINDS["requests"], title="Défense").encode("cp1252"), "B2: "),
    "a code": (text_of(KINDS["requests"], theme="Minning").encode(), "F2: “Minning”"),
    "a currency": (text_of(KINDS["requests"], currency="XXQ").encode(), "K2: “XXQ”"),
    "a day": (text_of(KINDS["requests"], reached_by="1 Dec 20026").encode(), "Q2: “1 Dec 20026”"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_of_a_national_report_that_is_wrong_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    def client(*_: Any) -> None:
        raise AssertionError("something is sent")

    monkeypatch.setattr(import_, "Client", client)
    file = tmp_path / "report.xlsx"
    file.write_bytes(content)
    found = CliRunner().invoke(main, ["import", "national-report", str(file), "--state", "SEN"])
    assert found.exit_code == 1, found.exception
    assert said in found.output
    assert "nothing was brought in; put these right" in found.output


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("kind", EVERY)
def test_encodings_that_say_what_they_are_are_read(kind: Kind, encoding: str) -> None:
    found = told(kind, text_of(kind, title="Маркировка").encode(encoding))
    assert not found.faults
    assert found.rows[0]["title"] == "Маркировка"


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"theme": "Minning"}, "theme"),
        ({"kind": "=HYPERLINK(1)"}, "kind"),
        ({"currency": "XXQ"}, "currency"),
        ({"amount": "a lot"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"from": "20026-10-01", "to": "2026-12-31"}, "from"),
        ({"from": "2026-10-01", "to": "1 Dec 20026"}, "to"),
        ({"from": "2026-13-45", "to": "2026-12-31"}, "from"),
        ({"from": "03/04/2027", "to": "2027-12-31"}, "from"),
        ({"from": "12/0/2026", "to": "2026-12-31"}, "from"),
        ({"from": "2026年10月", "to": "2026-12-31"}, "from"),
        ({"reference": "a b"}, "reference"),
    ],
)
@pytest.mark.parametrize("kind", EVERY)
def test_a_wrong_cell_is_told_by_its_address(kind: Kind, cells: dict[str, str], wrong: str) -> None:
    found = told(kind, text_of(kind, **cells).encode())
    column = chr(ord("A") + header_of(kind).index(wrong))
    assert f"{column}2" in [fault.cell for fault in found.faults], found.faults
    assert all(fault.sentence("ar") for fault in found.faults)


@pytest.mark.parametrize("kind", EVERY)
def test_a_currency_without_a_rate_is_told_and_holds_nothing_up(kind: Kind) -> None:
    found = told(kind, text_of(kind, currency="VES").encode())
    assert not found.faults
    (note,) = found.notes
    assert note.cell == f"{chr(ord('A') + header_of(kind).index('currency'))}2"
    assert "VES" in note.sentence("fr")
    assert not told(kind, text_of(kind).encode()).notes


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0"])
@pytest.mark.parametrize("kind", EVERY)
def test_texts_like_formulas_are_texts(kind: Kind, text: str) -> None:
    found = told(kind, text_of(kind, title=text).encode())
    assert [row["title"] for row in found.rows] == [text]


def test_a_file_of_200_mb_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.xlsx"
    with file.open("wb") as made:
        made.truncate(200 * 1024**2)

    def read(_: Any) -> bytes:
        raise AssertionError("it was read")

    monkeypatch.setattr(Path, "read_bytes", read)
    asked = ["import", "national-report", str(file), "--state", "SEN", "--preview"]
    found = CliRunner().invoke(main, asked)
    assert found.exit_code == 1
    assert f"larger than {MOST_BYTES // 1024**2} MB" in found.output


def test_days_beyond_all_sheets_are_told_where_they_are_real_days() -> None:
    kind = KINDS["activities"]
    file = io.BytesIO()
    book = Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, header_of(kind))
    sheet.write_row(1, 0, [GOOD.get(key, "") for key in header_of(kind)])
    for key, day in (("from", date(2026, 1, 1)), ("to", date(2226, 1, 1))):
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime(1, header_of(kind).index(key), day, form)
    book.close()
    assert [one.code for one in told(kind, file.getvalue()).faults][:1] == ["day"]


def test_a_column_that_cells_need_and_is_not_there_is_told_once_and_of_no_cell() -> None:
    head = "reference,title,description,theme,kind,amount"
    rows = "\n".join(f"r-{n},Machines,Six.,marking,equipment,1000" for n in range(3))
    (fault,) = told(KINDS["requests"], f"{head}\n{rows}\n".encode()).faults
    assert (fault.code, fault.cell) == ("no-column", "")
    assert fault.sentence("en") == "The column “Currency” is missing in the first row."


def test_a_column_of_an_unknown_name_is_told_by_its_own_first_cell() -> None:
    text = text_of(KINDS["requests"]).replace("amount,", "amuont,", 1)
    at = text.partition("\n")[0].split(",").index("amuont")
    faults = {one.code: one.cell for one in told(KINDS["requests"], text.encode()).faults}
    assert faults == {"unknown-column": cell_name(0, at), "no-column": ""}


@pytest.mark.parametrize("kind", EVERY)
def test_marks_of_direction_around_codes_and_names_of_columns_are_no_part_of_them(
    kind: Kind,
) -> None:
    marked = {
        key: f"\u200f\u202b{value}\u202c\u200e"
        for key, value in {**GOOD, "from": "2026-10-01", "to": "31.12.2026"}.items()
        if key not in ("title", "description")
    }
    head, _end, row = text_of(kind, **marked).partition("\n")
    head = ",".join(f"\u200f{name}\u200f" for name in head.split(","))
    found = told(kind, f"{head}\n{row}".encode())
    assert not found.faults
    (said,) = found.rows
    for key, value in {**GOOD, "amount": 1000, "from": "2026-10-01", "to": "2026-12-31"}.items():
        assert said.get(key) == value or key not in header_of(kind)


@pytest.mark.parametrize("text", ["\u200b", "\u202e\u200f", "\u2800", "\x07"])
@pytest.mark.parametrize("kind", EVERY)
def test_a_title_of_which_nothing_is_seen_is_missing(kind: Kind, text: str) -> None:
    assert [one.code for one in told(kind, text_of(kind, title=text).encode()).faults] == [
        "missing"
    ]


@pytest.mark.parametrize("kind", EVERY)
def test_names_of_columns_that_are_all_unknown_are_told_where_no_row_can_be_read(
    kind: Kind,
) -> None:
    found = told(kind, b"what,which\nmines,7\n")
    codes = {one.code for one in found.faults}
    assert not found.rows
    assert "no-column" in codes
    assert codes & {"unknown-column", "unknown-column-like"}


@pytest.mark.parametrize("kind", EVERY)
def test_10_000_characters_are_told_by_their_cell_or_kept_as_they_are(kind: Kind) -> None:
    long = "<b>\u202e</b>" * 1_000
    (fault,) = told(kind, text_of(kind, title=long).encode()).faults
    assert (fault.code, fault.cell) == ("too-long", "B2")
    assert told(kind, text_of(kind, description=long).encode()).rows[0]["description"] == long


@pytest.mark.parametrize("kind", EVERY)
def test_formulas_without_a_result_and_merged_cells_are_told_by_their_cells(kind: Kind) -> None:
    file = io.BytesIO()
    book = Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, header_of(kind))
    sheet.write_row(1, 0, [GOOD.get(key, "") for key in header_of(kind)])
    sheet.write_formula("B2", "=1/0", None, "#DIV/0!")
    sheet.merge_range("C2:C3", "Six machines.")
    book.close()
    found = {one.code: one.cell for one in told(kind, file.getvalue()).faults}
    assert (found["formula"], found["merged"]) == ("B2", "C2")


@pytest.mark.parametrize("kind", EVERY)
def test_100_000_rows_are_refused(kind: Kind) -> None:
    head, _end, row = text_of(kind).partition("\n")
    with pytest.raises(SheetError) as found:
        told(kind, f"{head}\n{row * 100_000}".encode())
    assert found.value.fault.code == "too-many-rows"
