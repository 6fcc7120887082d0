"""Files are told by their content, whatever their names: read as what they are, or said to be."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from xlsxwriter import Workbook

from entraide.client import Answer
from services.portal.catalogues import TRANSLATED
from services.portal.documents import Account
from services.portal.house import House
from services.portal.services import Ask, Reader, Services
from tests.services.portal.browsing import Browser
from tests.services.portal.test_bad_sheets import archive

HEADER = ("reference", "title", "description", "theme", "kind", "quantity", "unit")
ROW = ("r-1", "Machines", "Six machines.", "marking", "equipment", "6", "machines")
TABLE = "\n".join(",".join(row) for row in (HEADER, ROW)).encode()


def workbook() -> bytes:
    """The table as .xlsx."""
    file = io.BytesIO()
    book = Workbook(file)
    sheet = book.add_worksheet()
    for at, row in enumerate((HEADER, ROW)):
        sheet.write_row(at, 0, row)
    book.close()
    return file.getvalue()


def old(*streams: str, before: bytes = b"") -> bytes:
    """A file as Office 97 wrote them, as far as it says what it is: head, texts, directory."""
    entries = b""
    for name in ("Root Entry", *streams):
        text = f"{name}\0".encode("utf-16-le")
        entries += (text.ljust(64, b"\0") + len(text).to_bytes(2, "little")).ljust(128, b"\0")
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + before.ljust(512, b"\0") + entries
    )


def open_document(kind: str) -> bytes:
    """A document of OpenDocument."""
    return archive(mimetype=f"application/vnd.oasis.opendocument.{kind}", **{"content.xml": "<x/>"})


DOCX = archive(**{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"})
PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
SPELT = "WordDocument".encode("utf-16-le")
SEEN = {
    "xls": (old("Workbook"), "a workbook of an old kind (.xls)", True),
    "xls-95": (old("Book"), "a workbook of an old kind (.xls)", True),
    "xls-that-names": (old("Workbook", before=b"ab" + SPELT), "(.xls)", True),
    "xls-with-word": (old("Workbook", "MBD0001", "WordDocument"), "(.xls)", True),
    "doc": (old("1Table", "WordDocument"), "a text document, such as Word", True),
    "doc-with-xls": (old("WordDocument", "_1", "Workbook"), "such as Word writes", True),
    "docx": (DOCX, "a text document, such as Word writes", True),
    "odt": (open_document("text"), "a text document", True),
    "ods": (open_document("spreadsheet"), "an OpenDocument spreadsheet (.ods)", True),
    "pdf": (PDF, "This is a PDF. Copy its table into a spreadsheet", True),
    "locked": (old("EncryptionInfo", "EncryptedPackage"), "protected by a password", False),
    "ppt": (old("PowerPoint Document"), "no spreadsheet that can be read here", True),
}


@pytest.fixture
def browser(app: Flask, house: House, make_account: Callable[..., Account]) -> Browser:
    """A donor's, signed in."""
    return Browser(app).enter(house, make_account("donor"))


def choose(browser: Browser, content: bytes, name: str, language: str = "en") -> str:
    """Choose a file under a name; what the page says then."""
    browser.open(f"/offers/spreadsheet?language={language}")
    return browser.send(file=(io.BytesIO(content), name)).text


@pytest.mark.parametrize("name", ["ours.xlsx", "ours.csv", "ours"])
@pytest.mark.parametrize(("content", "says", "saves"), SEEN.values(), ids=SEEN)
def test_what_a_file_is_seen_to_be_is_said_and_what_to_do(
    browser: Browser, content: bytes, says: str, saves: bool, name: str
) -> None:
    told = choose(browser, content, name)
    assert browser.status == 422
    assert says in told
    assert (".xlsx or as CSV UTF-8." in told) is saves


@pytest.mark.parametrize("kind", ["xls", "doc", "ods", "pdf"])
def test_it_is_said_in_every_language(browser: Browser, kind: str) -> None:
    content, says, _saves = SEEN[kind]
    english = choose(browser, content, "ours.xlsx")
    assert says in english
    for language in TRANSLATED:
        told = choose(browser, content, "ours.xlsx", language)
        assert browser.status == 422
        assert "CSV UTF-8" in told
        assert "This is" not in told


@pytest.mark.parametrize("name", ["ours.xlsx", "ours.csv", "ours.xls", "ours.pdf", "ours"])
@pytest.mark.parametrize("content", [TABLE, workbook()], ids=["csv", "xlsx"])
def test_a_table_is_read_whatever_its_name(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, content: bytes, name: str
) -> None:
    def fetch(_services: Services, _reader: Reader, one: Ask) -> Any:
        known = [{"id": "acme", "name": "Acme Fund"}] if one.path == "/v1/organisations" else []
        return Answer({"items": known, "next": None})

    monkeypatch.setattr(Services, "fetch", fetch)
    told = choose(browser, content, name)
    assert browser.status == 200
    assert browser.path.startswith("/offers/spreadsheet/")
    assert "Machines" in told
    assert "6 machines" in told
