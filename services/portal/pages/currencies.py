"""Fields for a currency: read by its name or its code, shown by both, kept by its code."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext
from wtforms import StringField

from services.portal.pages import wording
from services.portal.sheets.columns import candidates, currency_of
from services.portal.sheets.faults import DOUBTFUL
from shared.vocabulary.currencies import all_currencies
from shared.vocabulary.currency_names import USUAL, name_with_code

_NAMES = "currencies"
"""The id of the list that such fields of a page are helped by; see `currencies` in parts.html."""


class CurrencyField(StringField):
    """A currency as its reader names it; `data` has its code, or what was typed where that is none
    or may be several."""

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, render_kw={"list": _NAMES, "autocomplete": "off"}, **values)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take what was typed."""
        if valuelist:
            self.data = currency_of(valuelist[0])

    def doubt(self) -> str | None:
        """The question to be asked where what was typed may stand for several currencies."""
        text = (self.data or "").strip()
        if not text or text in all_currencies():
            return None
        told = candidates(text, wording.here())
        return str(gettext(DOUBTFUL, text=text, candidates=told)) if told else None

    def _value(self) -> str:
        return named_currency(self.data) if self.data else ""


def named_currency(code: str) -> str:
    """A currency by its name and code in the reader's language; what is none as it is written."""
    return name_with_code(code, wording.here()) if code in all_currencies() else code


def currency_names() -> list[str]:
    """The currencies that are written most, to be helped along while typing."""
    return [named_currency(code) for code in USUAL]
