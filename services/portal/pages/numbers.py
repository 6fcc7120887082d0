"""Fields for a number: typed in the manner of the page's language, and in that of the reader from
then on. They are no other number for having been sent in another language than they were typed in.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from typing import Any, Final

from babel.numbers import format_decimal
from wtforms import StringField
from wtforms.utils import unset_value

from services.portal.pages.typed_in import Sent, language_of
from services.portal.pages.wording import here
from services.portal.sheets import values
from shared.vocabulary.counts import number_text
from shared.vocabulary.languages import locale

_DIGITS: Final = 100
"""More than anything has that is read as a number: Babel counts by the digits that may be."""


class NumberField(StringField):
    """A number; `data` has it as the reader's language writes it, to be read by `read_number`, and
    what is no number as it was typed.

    So a form that is shown again, or held, says the same in the language that it is in by now.
    """

    def process(
        self, formdata: Sent | None, data: Any = unset_value, extra_filters: Any = None
    ) -> None:
        """Take what was typed, or else what is to stand there; WTForms gives a field its form's
        other values nowhere else."""
        self._typed_in = language_of(formdata)
        super().process(formdata, data, extra_filters)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Take what was typed."""
        if valuelist:
            self.data = in_readers_way(valuelist[0], self._typed_in)


def in_readers_way(text: str, language: str) -> str:
    """A number that was typed in a language, as the reader's writes it, all of its decimals kept.

    As it was typed where that is the same language, or where it is no number, which is none in any.
    """
    if language == here():
        return text
    try:
        found = values.read_number(text, language)
    except values.UnclearError:
        return text
    return _exactly(found)


def read_number(text: str) -> int | float | None:
    """A number as the reader's language writes it, or plainly; ValueError for anything else."""
    left = text.strip()
    if not left:
        return None
    found = values.read_number(left, here())
    return int(found) if found == found.to_integral_value() else float(found)


def shown_number(value: float | None) -> str:
    """A number as it stands in a field, to be read again by `read_number`; empty for none."""
    if value is None:
        return ""
    return number_text(value, here())


def _exactly(number: Decimal) -> str:
    with localcontext(prec=_DIGITS):
        text = format_decimal(number, locale=locale(here()), decimal_quantization=False)
    return str(text)
