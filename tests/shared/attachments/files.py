"""Small files of every kind that may be attached, and some that may not."""

import io
import zipfile
from collections.abc import Mapping

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20)
CSV = "site;arms\nDépôt nord;120\nمستودع;40\n".encode()
OFFICE = "[Content_Types].xml"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"


def archive(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive; a member called `mimetype` is stored as it is."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in members.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else method
            file.writestr(name, content, stored)
    return made.getvalue()


DOCX = archive({OFFICE: b"<Types/>", "word/document.xml": b"<w:document/>"})
XLSX = archive({OFFICE: b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
ODT = archive({"mimetype": OPEN_TEXT.encode(), "content.xml": b"<office/>"})
ODS = archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "c.xml": b"<o/>"})
