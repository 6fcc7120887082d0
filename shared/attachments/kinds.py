"""What a file is, by its content; the list of what may be attached.

The list is short and closed, so each of its types is recognised by what its own format demands, and
whatever is none of them is refused: a library that tells hundreds of types apart answers what a
file might be (decision 0050). Nothing is unpacked: of an archive the names of its members are read.
"""

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from shared.attachments.names import extension
from shared.web.problems import Problem, invalid_field

_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"

EXTENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "application/pdf": ("pdf",),
        "image/png": ("png",),
        "image/jpeg": ("jpg", "jpeg"),
        f"{_OFFICE}.wordprocessingml.document": ("docx",),
        f"{_OFFICE}.spreadsheetml.sheet": ("xlsx",),
        f"{_OPEN}.text": ("odt",),
        f"{_OPEN}.spreadsheet": ("ods",),
        "text/plain": ("txt",),
        "text/csv": ("csv",),
    }
)
"""The media types that may be attached, and what their files' names end with."""

_MAIN_PARTS = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}.spreadsheetml.sheet",
}
_SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)
_ARCHIVE = b"PK\x03\x04"
_MOST_MEMBERS = 5_000
_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})


def media_type(content: bytes, name: str) -> str:
    """The type of a file of EXTENSIONS, whose name has to agree with it.

    Raises the 422 problem: naming `file` for content that is none of the list, has macros or is
    empty; naming `name` where the name says another type.
    """
    found = _type_of(content)
    if found is None:
        allowed = ", ".join(one for ones in EXTENSIONS.values() for one in ones)
        raise _refused(f"By its content this is none of: {allowed}.", "type")
    ending = extension(name)
    if found == "text/plain" and ending == "csv":
        found = "text/csv"  # text is text: nothing in it says that it is a table
    if ending not in EXTENSIONS[found]:
        wanted = " or ".join(f".{one}" for one in EXTENSIONS[found])
        message = f"By its content this is {found}: its name has to end with {wanted}."
        raise invalid_field("name", message, "type")
    return found


def seen_type(content: bytes) -> str | None:
    """The type of EXTENSIONS that a content is; None for any other, for macros and for nothing."""
    try:
        return _type_of(content)
    except Problem:
        return None


def _type_of(content: bytes) -> str | None:
    if not content:
        raise _refused("This file is empty.", "required")
    for signature, found in _SIGNATURES:
        if content.startswith(signature):
            return found
    if content.startswith(_ARCHIVE):
        return _type_of_archive(content)
    # Deleting finds them in one pass, whatever the encoding; UTF-16 has NUL and is refused.
    is_text = len(content.translate(None, _CONTROLS)) == len(content)
    return "text/plain" if is_text else None


def _type_of_archive(content: bytes) -> str | None:
    """The type of a document that is a ZIP archive, by the names that its directory lists."""
    if content.count(b"PK\x01\x02") > _MOST_MEMBERS:
        raise _refused("This archive has too many members.", "too_long")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        return None
    names = {member.filename for member in members}
    if any(_is_macro(one) for one in names):
        raise _refused("This document has macros. Save it without them.", "macros")
    if "[Content_Types].xml" in names:
        return next((kind for part, kind in _MAIN_PARTS.items() if part in names), None)
    return _open_document(content, members)


def _open_document(content: bytes, members: list[zipfile.ZipInfo]) -> str | None:
    """The type that the first member of an OpenDocument file is, stored as it is."""
    first = members[0] if members else None
    if first is None or (first.filename, first.compress_type) != ("mimetype", zipfile.ZIP_STORED):
        return None
    start = first.header_offset + 30 + len("mimetype")  # a local header without extra fields
    told = content[start : start + first.file_size].decode("ascii", "replace")
    return told if told.startswith(_OPEN) and told in EXTENSIONS else None


def _is_macro(member: str) -> bool:
    lowered = member.lower()
    return lowered.endswith("vbaproject.bin") or lowered.startswith(("basic/", "scripts/"))


def _refused(message: str, code: str) -> Problem:
    return invalid_field("file", message, code)
