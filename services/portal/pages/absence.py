"""Which part of the whole is missing while a service is away, in the reader's words."""

from collections.abc import Mapping
from typing import Final

from flask_babel import lazy_gettext as _l

from services.portal.operating import BROKER

_WORDS: Final[Mapping[str, object]] = {
    "requests": _l("The register of requests cannot be reached just now. Try again soon."),
    "offers": _l("The register of offers cannot be reached just now. Try again soon."),
    "matcher": _l("The matcher cannot be reached just now. Try again soon."),
    BROKER: _l("The broker cannot be reached just now. Try again soon."),
}
_ANY: Final = _l("The service cannot be reached just now. Try again soon.")


def absence(service: object) -> str:
    """That a service is away, by its name; of one that has no words here, that some is."""
    return str(_WORDS.get(str(service), _ANY))
