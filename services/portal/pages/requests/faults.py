"""What a service found wrong with a field of a request, where its code alone says too little."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l

from services.portal.pages.refusals import faults
from services.portal.services import RefusedError

_ODD = frozenset({"invalid", "type", "unknown-code"})
_WORDS = {
    "url": _l("This is no address on the web: it begins with https://"),
    "currency": _l("This is no currency's name or code, such as USD."),
}
"""What is wrong with a field of this name, by how its path ends."""


def faults_in_words(error: RefusedError) -> Sequence[tuple[str, str]]:
    """The fields that a problem names, each with what is wrong."""
    codes = [str(one.get("code", "")) for one in error.problem.get("errors") or ()]
    return [
        (field, _said(field, code, words))
        for (field, words), code in zip(faults(error), codes, strict=True)
    ]


def _said(field: str, code: str, words: str) -> str:
    own = [said for name, said in _WORDS.items() if code in _ODD and field.endswith(name)]
    return str(own[0]) if own else words
