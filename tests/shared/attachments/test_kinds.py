"""What a file is by its content, whatever it is called."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.attachments.kinds import EXTENSIONS, media_type
from shared.web.problems import Problem
from tests.shared.attachments import files

OFFICE = "application/vnd.openxmlformats-officedocument"


def _shown(value: object) -> str:
    """A part of a test's name: of an archive, whose bytes tell when it was made, the length."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (files.PDF, "a.pdf", "application/pdf"),
        (files.PNG, "a.PNG", "image/png"),
        (files.JPEG, "a.jpeg", "image/jpeg"),
        (files.DOCX, "a.docx", f"{OFFICE}.wordprocessingml.document"),
        (files.XLSX, "a.xlsx", f"{OFFICE}.spreadsheetml.sheet"),
        (files.ODT, "a.odt", "application/vnd.oasis.opendocument.text"),
        (files.ODS, "a.ods", "application/vnd.oasis.opendocument.spreadsheet"),
        (files.CSV, "a.csv", "text/csv"),
        (files.CSV, "a.txt", "text/plain"),
        ("Dépôt".encode("cp1252"), "a.txt", "text/plain"),
        (b"<script>alert(1)</script>", "a.txt", "text/plain"),
    ],
    ids=_shown,
)
def test_what_may_be_attached(content: bytes, name: str, expected: str) -> None:
    assert media_type(content, name) == expected


@pytest.mark.parametrize(
    ("content", "name", "field", "code"),
    [
        (b"", "a.txt", "file", "required"),
        (b"MZ\x90\x00\x03", "a.pdf", "file", "type"),
        (b"\x7fELF\x02", "a.txt", "file", "type"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.docx", "file", "type"),  # old or locked documents
        ("text".encode("utf-16"), "a.txt", "file", "type"),
        (b"GIF89a\x01\x00", "a.png", "file", "type"),
        (files.archive({"a.txt": b"x"}), "a.docx", "file", "type"),
        (files.archive({files.OFFICE: b"", "ppt/presentation.xml": b""}), "a.docx", "file", "type"),
        (files.DOCX[:60], "a.docx", "file", "type"),
        (
            files.archive({"mimetype": b"application/vnd.oasis.opendocument.text-template"}),
            "a.odt",
            "file",
            "type",
        ),
        (
            files.archive(
                {"word/vbaProject.bin": b"", files.OFFICE: b"", "word/document.xml": b""}
            ),
            "a.docx",
            "file",
            "macros",
        ),
        (
            files.archive({"mimetype": files.OPEN_TEXT.encode(), "Basic/script-lc.xml": b""}),
            "a.odt",
            "file",
            "macros",
        ),
        (files.PDF, "a.png", "name", "type"),
        (files.PDF, "a.pdf.exe", "name", "type"),
        (files.PDF, "pdf", "name", "type"),
        (files.DOCX, "a.xlsx", "name", "type"),
        (b"<svg onload='alert(1)'/>", "a.svg", "name", "type"),
        (b"<html></html>", "a.html", "name", "type"),
    ],
    ids=_shown,
)
def test_what_may_not(content: bytes, name: str, field: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        media_type(content, name)
    (error,) = refused.value.errors
    assert (refused.value.status, error.field, error.code) == (422, field, code)


def test_nothing_is_unpacked() -> None:
    """A bomb of half a gigabyte is a small document; one of very many members is refused."""
    bomb = files.archive(
        {files.OFFICE: b"", "word/document.xml": b"", "word/media/a": bytes(2**29)}
    )
    assert len(bomb) < 2**20
    assert media_type(bomb, "a.docx").endswith("wordprocessingml.document")
    many = files.archive({f"{n}": b"" for n in range(5_001)}, zipfile.ZIP_STORED)
    with pytest.raises(Problem) as refused:
        media_type(many, "a.docx")
    assert refused.value.errors[0].code == "too_long"


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"%PDF-", b"\xff\xd8\xff"]))
def test_any_bytes_are_something_or_refused(tail: bytes, head: bytes) -> None:
    try:
        found = media_type(head + tail, "a.pdf")
    except Problem as problem:
        found = problem.errors[0].field
    assert found in {*EXTENSIONS, "file", "name"}
