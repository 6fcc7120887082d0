"""Days as they stand in fields: typed as people write them, kept as ISO 8601 has them."""

import re
from typing import Any

from wtforms.validators import ValidationError

from services.portal.pages.wording import here
from services.portal.sheets.columns import CellError, day_of
from services.portal.sheets.faults import Fault

_SHOWN = re.compile("([0-9]{4}-[0-9]{2}-[0-9]{2})?")


def read_day(text: str) -> str | None:
    """A day as ISO 8601 has it, None for nothing.

    ValueError for anything else, which says in the reader's language what to write; where it can be
    two days, with both.
    """
    left = text.strip()
    if not left:
        return None
    try:
        return day_of(left).isoformat()
    except CellError as error:
        told = Fault(error.code, values=error.values_told).sentence(here())
        raise ValueError(told) from None


def check_day(_form: Any, field: Any) -> None:
    """A form's check of a field: a day, however it is written, or nothing."""
    try:
        read_day(field.data or "")
    except ValueError as error:
        raise ValidationError(str(error)) from None


def shows_day(text: str | None) -> bool:
    """Whether a browser's own field for days shows what was typed, and loses none of it."""
    return _SHOWN.fullmatch(text or "") is not None
