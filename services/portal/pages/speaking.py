"""The reader's language and its texts, found at once: a page asks for them some hundred times.

Flask-Babel 4.0 goes through Flask's proxy three times to find what it noted of the request, does so
thrice for each text, and then names the language anew. A tenth to a fifth of what a page took of
the portal's processor went that way (docs/decisions/0151).
"""

from types import SimpleNamespace
from typing import Any

import flask_babel
from babel.support import NullTranslations
from flask import g

from services.portal.catalogues import SOURCE_LANGUAGE, translations


class Texts(flask_babel.Domain):
    """The texts of every language, as the catalogues stand when this is made."""

    def __init__(self) -> None:
        super().__init__()
        self._catalogues: dict[str, NullTranslations] = {
            SOURCE_LANGUAGE: NullTranslations(),
            **translations(),
        }

    def get_translations(self) -> NullTranslations:
        """Those of the reader's language; outside of a request the source's."""
        locale = flask_babel.get_locale()
        return self._catalogues[SOURCE_LANGUAGE if locale is None else locale.language]


def find_reader_at_once() -> None:
    """Have what Flask-Babel notes of a request found by one look."""
    flask_babel._get_current_context = _noted


def _noted() -> Any:
    """What Flask-Babel keeps of the context that a call is answered in; None outside of one."""
    try:
        own = g._get_current_object()
    except RuntimeError:
        return None
    kept = getattr(own, "_flask_babel", None)
    if kept is None:
        kept = own._flask_babel = SimpleNamespace()
    return kept
