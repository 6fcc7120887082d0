"""What a file that is no spreadsheet of ours is seen to be, by its content, whatever its name."""

import re

from shared.attachments.kinds import seen_type

_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_ENTRY = 128
"""Bytes of an entry of an old file's directory, which lie at multiples of them."""

_STREAMS = {"Workbook": "old-workbook", "Book": "old-workbook", "WordDocument": "word"}
_OTHERS = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "word",
    "application/vnd.oasis.opendocument.text": "word",
    "application/vnd.oasis.opendocument.spreadsheet": "open-workbook",
}


def _entry(name: str) -> bytes:
    """How a directory's entry begins: the name in a field of 64 bytes, then how many it takes."""
    text = f"{name}\0".encode("utf-16-le")
    return text.ljust(64, b"\0") + len(text).to_bytes(2, "little")


_ENTRIES = {_entry(name): code for name, code in _STREAMS.items()}
_NAMED = re.compile(b"|".join(re.escape(entry) for entry in _ENTRIES))


def other_kind(content: bytes) -> str | None:
    """The code of the fault that says what a file is; None where it may be a spreadsheet of ours.

    `locked` is an .xlsx that a password protects: it is kept in a file of the old kind.
    """
    if not content.startswith(_OLD_OFFICE):
        return _OTHERS.get(seen_type(content) or "")
    if b"E\0n\0c\0r\0y\0p\0t\0e\0d" in content:
        return "locked"
    # What is within another document comes behind that one's own.
    named = (found for found in _NAMED.finditer(content) if found.start() % _ENTRY == 0)
    return next((_ENTRIES[found[0]] for found in named), "format")
