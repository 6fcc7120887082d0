"""What a service found wrong with a field, in the reader's language: by the code of the error."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.portal.services import RefusedError

_WORDS = {
    "required": _l("Fill this in."),
    "blank": _l("Fill this in."),
    "null": _l("Fill this in."),
    "too_long": _l("This is too long."),
    "number": _l("This is no number."),
    "too_large": _l("This number is too large."),
    "too_small": _l("This number is too small."),
    "decimals": _l("This number has too many decimals."),
    "order": _l("The last day comes before the first."),
    "year": _l("The year must lie between 2000 and 2100."),
    "text": _l("This text has characters that are none."),
    "unknown_code": _l("This is not on the list."),
    "retired_code": _l("This is not used any more. Choose another."),
}


def faults_in_words(error: RefusedError) -> Sequence[tuple[str, str]]:
    """The fields that a problem names, each with what is wrong; the service's words where we
    have none."""
    found = []
    for one in error.problem.get("errors") or []:
        field, code = str(one.get("field", "")), str(one.get("code", ""))
        words = _WORDS.get(code)
        if words is None and field.endswith("url"):
            words = _l("This is no address on the web: it begins with https://")
        if words is None and field.endswith("currency"):
            words = _l("This is no currency's code, such as USD.")
        said = str(words) if words else _("The register says: %(why)s", why=one.get("message", ""))
        found.append((field, said))
    return found
