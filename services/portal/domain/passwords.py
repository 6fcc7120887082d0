"""Which passwords are refused (NIST SP 800-63B-4): short ones and common ones, nothing else.

No rule asks for capitals, digits or signs, and none makes a password expire.
"""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Literal

LEAST_LENGTH = 15
"""What SP 800-63B-4 asks where a password may be the only factor."""

MOST_LENGTH = 256
_LEAST_REST = 8
_LEAST_SIGNS = 5
_PRODUCT = "entraide"

Fault = Literal["short", "long", "common", "personal"]


def normalised(password: str) -> str:
    """The password as it is hashed: however a keyboard composed it, in NFKC."""
    return unicodedata.normalize("NFKC", password)


def fault_of(password: str, email: str, name: str) -> Fault | None:
    """Why a new password is refused, or None.

    Common is what stands on the list of leaked ones, alone, repeated, or with digits and signs
    around it; what repeats one short unit or has few signs; what counts up or down. Personal is
    what is hardly more than the e-mail address or the name.
    """
    text = normalised(password)
    if len(text) < LEAST_LENGTH:
        return "short"
    if len(text) > MOST_LENGTH:
        return "long"
    folded = text.casefold()
    if _is_common(folded):
        return "common"
    return "personal" if _is_personal(folded, email, name) else None


@cache
def _common() -> frozenset[str]:
    text = (files("services.portal") / "data" / "common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if not line.startswith("# "))


def _is_common(folded: str) -> bool:
    if len(set(folded)) < _LEAST_SIGNS or _counts(folded):
        return True
    unit = _repeated(folded)
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", unit)
    return bool({folded, unit, core} & _common()) or (unit != folded and len(unit) < _LEAST_REST)


def _repeated(folded: str) -> str:
    """The shortest text that makes this one when it is repeated; itself, if there is none."""
    place = (folded + folded).find(folded, 1)
    return folded[:place]


def _counts(folded: str) -> bool:
    steps = {ord(after) - ord(before) for before, after in pairwise(folded)}
    # 9 is followed by 0, and 0 by 9, in what fingers do on a keyboard's upper row.
    return steps <= {1, -9} or steps <= {-1, 9}


def _is_personal(folded: str, email: str, name: str) -> bool:
    local, _, domain = email.casefold().partition("@")
    words = {email.casefold(), local, domain, name.casefold(), _PRODUCT, *name.casefold().split()}
    rest = folded
    for word in sorted((w for w in words if len(w) > 3), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(re.sub(r"[\W\d_]", "", rest)) < _LEAST_REST
