"""What a file may be called. A name is refused rather than mended: nobody guesses what was meant.

It is shown to people of six languages and saved by their browsers on any system, so it must not
lead elsewhere, mean a device, or read otherwise than it is written.
"""

import re
import unicodedata

from shared.web.problems import Problem, invalid_field

MAX_NAME = 120

_ELSEWHERE = frozenset('/\\:*?"<>|')
_JOINERS = frozenset("\u200c\u200d")
"""Persian and Indic scripts write with these; no other sign without a form of its own passes."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICE = re.compile(
    r"(con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)


def checked_name(name: str) -> str:
    """The name in NFC; raises the 422 problem naming `name` for one that cannot be taken."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip():
        raise _refused("A file needs a name.", "required")
    if len(name) > MAX_NAME:
        raise _refused(f"At most {MAX_NAME} characters.", "too_long")
    if any(unicodedata.category(c) in _UNSEEN and c not in _JOINERS for c in name):
        raise _refused("The name has signs that are not seen or turn the direction.", "text")
    if any(c in _ELSEWHERE for c in name):
        raise _refused('The name may have none of / \\ : * ? " < > |', "path")
    if name != name.strip() or name[0] == "." or name[-1] == ".":
        raise _refused("The name may not begin or end with a full stop or a space.", "path")
    if _DEVICE.fullmatch(name):
        raise _refused("This name means a device on some systems.", "reserved")
    return name


def extension(name: str) -> str:
    """What follows the last full stop, in small letters; empty without one."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if stem and dot else ""


def _refused(message: str, code: str) -> Problem:
    return invalid_field("name", message, code)
